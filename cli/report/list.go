package report

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"

	"snap/cli/text"
	"snap/destination"
	"snap/internal/file"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// List prints a table of snapshots, and their states where there is something to tell. there is how much a snapshot
// changed at a place that was asked about, nil for none.
func (p *Printer) List(chosen query.Snapshots, state func(*record.Header) record.State,
	there func(*record.Header) int) error {
	states, told := make([]string, len(chosen)), false
	for i := range chosen {
		if s := state(&chosen[i]); s != record.Complete {
			states[i], told = string(s), true
		}
	}
	t := &text.Table{Columns: []text.Column{
		{Head: "Snapshot"}, {Head: "Time", Optional: true}, {Head: "Age", Right: true}, {Head: "Files", Right: true},
		{Head: "Size", Right: true}, {Head: "Changes"}, {Head: "There", Right: true, Optional: there == nil},
		{Head: "Copied", Right: true}, {Head: "State", Optional: !told},
		{Head: "Tags", Cut: true, Optional: true}, {Head: "Note", Cut: true, Optional: true},
	}}
	for i := range chosen {
		h, changed := &chosen[i], ""
		if there != nil {
			changed = humanize.Comma(int64(there(h)))
		}
		t.Add(quote.Name(h.Name), p.When(h.Time), p.Age(h.Time), humanize.Comma(h.Files-h.Unread),
			p.Size(h.HeldBytes()), changes(h), changed, p.Size(h.CopiedByRun()), states[i], Tags(h.Tags), quote.Name(h.Note))
	}
	return t.Write(p.Out, p.Width)
}

// ListEnd prints what stands below the table: how many of all snapshots it shows, what their runs copied, how much is
// free, what the remotes have, and when the last run was, if it found nothing changed.
func (p *Printer) ListEnd(shown query.Snapshots, all int, room *file.SystemInfo, last query.LastRun,
	copies []destination.Hold) error {
	copied := int64(0)
	for i := range shown {
		copied = record.Plus(copied, shown[i].CopiedByRun())
	}
	count := text.Plural(len(shown), "snapshot", "snapshots")
	if len(shown) < all {
		count = fmt.Sprintf("%d of %s", len(shown), text.Plural(all, "snapshot", "snapshots"))
	}
	runs := "their runs"
	if len(shown) == 1 {
		runs = "its run"
	}
	if err := p.sayBelow("%s, %s copied by %s; %s of %s free", count, p.Size(copied), runs,
		p.Size(int64(room.FreeBytes)), p.Size(int64(room.TotalBytes))); err != nil {
		return err
	}
	for i := range copies {
		h := &copies[i]
		if err := p.say("on %s up to %s, copied %s", quote.Name(h.Called()), quote.Name(h.Name),
			p.Since(h.Copied)); err != nil {
			return err
		}
	}
	if last.Unchanged.IsZero() {
		return nil
	}
	return p.say("last run %s (%s): nothing changed since %s", p.When(last.Unchanged), p.Age(last.Unchanged),
		quote.Name(last.Header.Name))
}

// changes counts what a snapshot changed, with the marks of diff.
func changes(h *record.Header) string {
	var b strings.Builder
	for _, n := range [...]struct {
		change record.Change
		count  int64
	}{{record.Added, h.Added}, {record.Modified, h.Modified}, {record.Metadata, h.Metadata}, {record.Moved, h.Moved},
		{record.Removed, h.Removed}} {
		if n.count > 0 {
			fmt.Fprintf(&b, " %s%d", text.Letter(n.change), n.count)
		}
	}
	return strings.TrimPrefix(b.String(), " ")
}
