package cli

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"

	"snap/cli/exit"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

func listCommand() *command {
	return &command{
		name: "list", aliases: []string{"snapshots"}, short: "the snapshots", group: groupLook,
		codes: []int{exit.NoDest, exit.Locked},
		long: `
Lists the snapshots, oldest first: name, time, age, number of files, size of all
of them together, what changed against the snapshot before (+ added, M modified,
U metadata, R moved, - removed), bytes copied, state and tags. Where the terminal
is narrow, the times are left out. If the last run found nothing changed, a line
says when that was.

What deleting a snapshot would free takes longer to find out: snap stats.

A snapshot is complete; or incomplete, when some source files could not be read;
or missing, when its folder is gone from the destination.`,
		examples: `
snap list                     # the snapshots of the destination used last
snap list -d /mnt/usb --json  # one JSON document`,
		run: runList,
	}
}

func runList(c *call) error {
	return c.reading(func(d *query.Reader) error {
		if c.opts.json {
			all := make([]wire.Snapshot, len(d.Snapshots))
			for i := range d.Snapshots {
				all[i] = wire.NewSnapshot(&d.Snapshots[i], d.State(&d.Snapshots[i]))
			}
			if last := lastRunOf(d.Root, d.Snapshots); !last.unchanged.IsZero() {
				t := wire.Time(last.unchanged)
				all[len(all)-1].LastUnchanged = &t
			}
			return c.json(all)
		}
		if len(d.Snapshots) == 0 {
			c.note("no snapshots in %s", quote.Name(d.Dir))
			return nil
		}
		t := &text.Table{Columns: []text.Column{
			{Head: "Snapshot"}, {Head: "Time", Optional: true}, {Head: "Age", Right: true}, {Head: "Files", Right: true},
			{Head: "Size", Right: true}, {Head: "Changes"}, {Head: "Copied", Right: true}, {Head: "State"},
			{Head: "Tags", Cut: true, Optional: true}, {Head: "Note", Cut: true, Optional: true},
		}}
		for i := range d.Snapshots {
			h := &d.Snapshots[i]
			t.Add(quote.Name(h.Name), c.When(h.Time), c.Age(h.Time), humanize.Comma(h.Files-h.Unread), c.Size(h.HeldBytes()),
				changes(h),
				c.Size(h.CopiedBytes), string(d.State(h)), quoteAll(h.Tags), quote.Name(h.Note))
		}
		if err := t.Write(c.out, c.Width); err != nil {
			return err
		}
		if last := lastRunOf(d.Root, d.Snapshots); !last.unchanged.IsZero() && !c.opts.quiet {
			return c.printf("\nlast run %s (%s): nothing changed since %s\n", c.When(last.unchanged), c.Age(last.unchanged),
				quote.Name(last.header.Name))
		}
		return nil
	})
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

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = quote.Name(n)
	}
	return strings.Join(quoted, ",")
}
