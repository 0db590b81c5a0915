package report

import (
	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/file"
	"snap/internal/quote"
	"snap/record"
)

// Entry prints an entry of a snapshot: its path, and what is wrong with it.
func (p *Printer) Entry(e *record.Entry) error {
	problem := ""
	if !e.Held() || e.Has(record.Unreadable) {
		problem = Problem(&e.Record)
	}
	return p.printf("%s%s\n", text.Path(e.Path, e.Kind), enclose(" (", problem, ")"))
}

// LongEntry prints an entry of the snapshot h as `ls -l` does.
func (p *Printer) LongEntry(h *record.Header, e *record.Entry) error {
	size, target := "-", ""
	switch e.Kind {
	case file.Regular:
		size = p.Size(e.Size)
	case file.Symlink:
		target = " -> " + quote.Name(e.Target)
	}
	target += enclose(" (", Problem(&e.Record), ")")
	return p.printf("%s %-8s %-8s %9s  %s  %s%s\n", text.Permissions(&e.Stat), text.Owner(h.Users, e.UID),
		text.Owner(h.Groups, e.GID), size, p.When(e.Mtime.Time()), text.Path(e.Path, e.Kind), target)
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
