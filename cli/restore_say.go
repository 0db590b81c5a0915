package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"snap/cli/text"
	"snap/internal/file"
	"snap/internal/quote"
	"snap/record"
)

// tellParts says from which snapshot what will come, and where it goes.
func (c *call) tellParts(parts []*restorePart) {
	if c.opts.json {
		return
	}
	for _, p := range parts {
		o := &p.options
		where := o.Target
		if len(o.Items) == 1 {
			where = filepath.Join(where, filepath.FromSlash(o.Items[0].To))
		}
		names := make([]string, 0, len(o.Items))
		for _, it := range o.Items {
			if it.Path == "" {
				names = append(names, "all")
			} else {
				names = append(names, it.Path)
			}
		}
		c.note("restore: %s from %s to %s", someOf(names), c.snapshotText(p.header), quote.Name(where))
	}
}

// someOf names a few of the names.
func someOf(names []string) string {
	const few = 3
	if n := len(names) - few; n > 0 {
		return quote.All(names[:few]) + fmt.Sprintf(" and %d more", n)
	}
	return quote.All(names)
}

// snapshotText names a snapshot and says when it was made.
func (c *call) snapshotText(h *record.Header) string {
	return fmt.Sprintf("snapshot %s (%s, %s ago)", quote.Name(h.Name), c.When(h.Time), c.Age(h.Time))
}

// comesBack is a line about something that comes back: the snapshot that it comes from, how long ago that was, the
// size, the path, and what else there is to say.
func (c *call) comesBack(h *record.Header, width int, kind file.Kind, bytes int64, path, to string,
	asides ...string) error {
	size := "-"
	if kind == file.Regular || kind == file.Folder {
		size = c.Size(bytes)
	}
	what := text.Path(path, kind)
	if to != "" {
		what += " -> " + quote.Name(to)
	}
	if len(asides) > 0 {
		what += " (" + strings.Join(asides, ", ") + ")"
	}
	line := fmt.Sprintf(" %s %5s %9s", text.Pad(quote.Name(h.Name), width), c.Age(h.Time), size)
	gap := "  "
	if !c.Fits("+" + line + gap + what) {
		gap = "\n      "
	}
	return c.printf("%s%s%s%s\n", c.Mark(record.Added), line, gap, what)
}
