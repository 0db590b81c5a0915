package report

import (
	"fmt"

	"github.com/clipperhouse/displaywidth"

	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/file"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// Entry prints an entry of a snapshot: its path, and what is wrong with it.
func (p *Printer) Entry(e *record.Entry) error {
	problem := ""
	if !e.Held() || e.Has(record.Unreadable) {
		problem = Problem(&e.Record)
	}
	return p.printf("%s\n", p.Beside(0, text.Path(e.Path, e.Kind), enclose(" (", problem, ")")))
}

// LongEntry prints an entry of the snapshot h as `ls -l` does. weigh is the weight of a folder, where that is asked.
func (p *Printer) LongEntry(h *record.Header, e *record.Entry, weigh query.Weigher) error {
	size, target := "-", ""
	if w, ok := weigh(e.Path); ok {
		size = p.Size(w.Bytes)
	}
	switch e.Kind {
	case file.Regular:
		size = p.Size(e.Size)
	case file.Symlink:
		target = " -> " + quote.Name(e.Target)
	}
	target += enclose(" (", Problem(&e.Record), ")")
	line := fmt.Sprintf("%s %-8s %-8s %9s  %s  ", text.Permissions(&e.Stat), text.Owner(h.Users, e.UID),
		text.Owner(h.Groups, e.GID), size, p.When(e.Mtime.Time()))
	return p.printf("%s%s\n", line, p.Beside(displaywidth.String(line), text.Path(e.Path, e.Kind), target))
}

// Problem says in words what is wrong with a record, "" for nothing.
func Problem(r *record.Record) string {
	switch wire.Problem(r) {
	case "unreadable":
		return "could not be read"
	case "unheld":
		return "the destination cannot hold it"
	case "inconsistent":
		return "changed while it was read"
	}
	return ""
}
