package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"snap/cli/text"
	"snap/cli/wire"
	"snap/index"
	"snap/internal/file"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// Difference prints a difference. along is how many entries moved with a folder; details says what differs, and of
// neighbours why.
func (p *Printer) Difference(q *query.Diff, d *index.Difference, along int, details bool) error {
	before, after := d.Before, d.After
	r := after
	if r == nil {
		r = before
	}
	var notes []string
	if after != nil && !after.Held() && !details { // else it is among what differs, or the reason
		notes = append(notes, Problem(after))
	}
	if along > 0 {
		notes = append(notes, text.Plural(along, "entry", "entries"))
	}
	if d.Change == record.Moved {
		if change := index.Classify(before, after); change != 0 {
			notes = append(notes, change.String()+" too")
		}
	}
	if details {
		if r.Kind == file.Regular &&
			(before == nil || after == nil || before.Kind == after.Kind && before.Size == after.Size) {
			notes = append(notes, p.sizeText(r))
		}
		for _, a := range query.Differs(before, after) {
			notes = append(notes, p.aspectText(a, before, after, q.A, q.B))
		}
	}
	said := []string{strings.Join(notes, ", ")}
	if details && q.Next {
		said = append(said, Reason(&record.Record{Reason: d.Reason, Stored: d.Stored}))
	}
	said = slices.DeleteFunc(said, func(s string) bool { return s == "" })
	note, path, mark := enclose(" (", strings.Join(said, "; "), ")"), text.Path(d.Path, r.Kind), p.Mark(d.Change)
	if d.Change == record.Moved {
		return p.printf("%s\n", p.ArrowNote(mark, text.Path(d.From, before.Kind), path, note))
	}
	return p.printf("%s %s\n", mark, p.Beside(len("+ "), path, note))
}

// aspectText is what text says of one way in which before, of snapshot a, and after, of snapshot b, differ.
func (p *Printer) aspectText(aspect query.Aspect, before, after *record.Record, a, b *record.Header) string {
	change := func(name, from, to string) string { return name + " " + from + " to " + to }
	switch aspect {
	case query.TypeDiffers:
		return change("type", before.Kind.String(), after.Kind.String())
	case query.UnreadableDiffers:
		if after.Has(record.Unreadable) {
			return "could not be read"
		}
		return "could be read again"
	case query.UnheldDiffers:
		if after.Unheld() {
			return "the destination cannot hold it"
		}
		return "the destination can hold it now"
	case query.SizeDiffers:
		return p.Size(before.Size) + " to " + p.Size(after.Size)
	case query.TargetDiffers:
		return change("target", quote.Name(before.Target), quote.Name(after.Target))
	case query.DeviceDiffers:
		return "device number"
	case query.ModeDiffers:
		return change("mode", fmt.Sprintf("%04o", before.Mode), fmt.Sprintf("%04o", after.Mode))
	case query.OwnerDiffers:
		return change("owner", text.Owner(a.Users, before.UID), text.Owner(b.Users, after.UID))
	case query.GroupDiffers:
		return change("group", text.Owner(a.Groups, before.GID), text.Owner(b.Groups, after.GID))
	case query.AttributesDiffers:
		return "extended attributes"
	}
	return string(aspect) // content, times
}

// DiffTotals prints how much differs.
func (p *Printer) DiffTotals(s *wire.DiffSummary) error {
	var parts []string
	for _, n := range [...]struct {
		count int64
		what  string
	}{
		{s.Added, "added"}, {s.Modified, "modified"}, {s.Metadata, "metadata"}, {s.Moved, "moved"},
		{s.Removed, "removed"}, {s.Type, "of another type"},
	} {
		if n.count > 0 {
			parts = append(parts, humanize.Comma(n.count)+" "+n.what)
		}
	}
	if len(parts) == 0 {
		return p.printf("no differences\n")
	}
	counts, sizes, gap := strings.Join(parts, ", ")+";", p.Size(s.BytesBefore)+" -> "+p.Size(s.BytesAfter), " "
	if !p.Fits(counts + gap + sizes) {
		gap = "\n"
	}
	return p.printf("%s\n", counts+gap+sizes)
}
