package report

import (
	"strings"

	"github.com/clipperhouse/displaywidth"

	"snap/cli/text"
	"snap/destination"
	"snap/internal/quote"
	"snap/record"
)

// Labels prints a line a snapshot, the names as wide as the widest.
func (p *Printer) Labels(all []*record.Header, label func(h *record.Header) string) error {
	width := 0
	for _, h := range all {
		width = max(width, displaywidth.String(quote.Name(h.Name)))
	}
	for _, h := range all {
		line := strings.TrimSpace(text.Pad(quote.Name(h.Name), width) + "  " + label(h))
		if err := p.printf("%s\n", p.Wrap(line, "  ")); err != nil {
			return err
		}
	}
	return nil
}

// AllLabels are the tags and the note of a snapshot.
func AllLabels(h *record.Header) string {
	return strings.TrimSpace(Tags(h.Tags) + "  " + quote.Name(h.Note))
}

// AddedLabels says in words which labels a snapshot got, "" for none.
func AddedLabels(a *destination.AddedLabels) string {
	var what []string
	switch len(a.Tags) {
	case 0:
	case 1:
		what = append(what, "the tag "+quote.Name(a.Tags[0]))
	default:
		what = append(what, "the tags "+quote.List(a.Tags))
	}
	if a.Note {
		what = append(what, "the note")
	}
	return strings.Join(what, " and ")
}
