package cli

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/status"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/query"
	"snap/record"
)

func listCommand() *command {
	return &command{
		Name: "list", Aliases: []string{"snapshots"}, Short: "the snapshots", Group: groupLook,
		Codes: []int{exit.NoDest, exit.Locked},
		Long: `
Lists the snapshots, oldest first: name, time, age, number of files, size of all
of them together, what changed against the snapshot before (+ added, M modified,
U metadata, R moved, - removed), bytes that its run copied, state and tags. Where
the terminal is narrow, the times are left out. Below stand how many they are, what
they copied together, and how much is free; and when the last run was, if it found
nothing changed.

What deleting a snapshot would free takes longer to find out: snap stats.

A snapshot is complete; or incomplete, when some source files could not be read;
or missing, when its folder is gone from the destination. Where all are complete no
state is shown.`,
		Examples: `
snap list                     # the snapshots of the destination used last
snap list --last 10
snap list --since 30d --tag weekly
snap list -d /mnt/usb --json  # one JSON document`,
		Flags: flags{
			{Name: "last", Kind: cmdline.Int, Usage: "only the newest `N`"},
			{Name: "since", Kind: cmdline.String, Usage: "only those made at `WHEN` or later: a date or an age"},
			{Name: "until", Kind: cmdline.String, Usage: "only those made at `WHEN` or before"},
			{Name: "tag", Kind: cmdline.Strings, Usage: "only those tagged `TAG`; may be repeated: those with any of the tags"},
		},
		Run: runList,
	}
}

func runList(c *call) error {
	c.which = true
	choose, err := c.choice()
	if err != nil {
		return err
	}
	return c.reading(func(d *query.Reader) error {
		c.tellWhich(d, "")
		chosen := choose.From(d.Snapshots)
		if c.opts.json {
			return c.json(c.listJSON(d, chosen))
		}
		switch {
		case len(d.Snapshots) == 0:
			c.note("no snapshots in %s", quote.Name(d.Dir))
			return nil
		case len(chosen) == 0:
			c.note("no such snapshot among %s", humanize.Comma(int64(len(d.Snapshots))))
			if len(choose.Tags) > 0 {
				c.note("%s", d.Resolver().TagHint())
			}
			return nil
		}
		if err := c.printList(d, chosen); err != nil || c.opts.quiet {
			return err
		}
		return c.printListEnd(d, chosen)
	})
}

// choice is which snapshots the flags ask for.
func (c *call) choice() (q query.Choice, err error) {
	if q.Last = c.flags.Int("last"); c.flags.IsSet("last") && q.Last < 1 {
		return q, hint.Usagef("--last %d: must be a number from 1 on", q.Last)
	}
	if s := c.flags.String("since"); s != "" {
		if q.Since, _, err = when.Parse(s, c.now()); err != nil {
			return q, hint.Usagef("--since: %s", err)
		}
	}
	if s := c.flags.String("until"); s != "" {
		if _, q.Until, err = when.Parse(s, c.now()); err != nil {
			return q, hint.Usagef("--until: %s", err)
		}
	}
	q.Tags = c.flags.Strings("tag")
	return q, nil
}

func (c *call) listJSON(d *query.Reader, chosen query.Snapshots) []wire.Snapshot {
	all := make([]wire.Snapshot, len(chosen))
	for i := range chosen {
		all[i] = wire.NewSnapshot(&chosen[i], d.State(&chosen[i]))
	}
	last := lastRunOf(d.Root, d.Snapshots)
	if n := len(all); !last.unchanged.IsZero() && n > 0 && all[n-1].Seq == last.header.Seq {
		t := wire.Time(last.unchanged)
		all[n-1].LastUnchanged = &t
	}
	return all
}

// printList prints the table. A state is told where there is something to tell.
func (c *call) printList(d *query.Reader, chosen query.Snapshots) error {
	states, told := make([]string, len(chosen)), false
	for i := range chosen {
		if s := d.State(&chosen[i]); s != record.Complete {
			states[i], told = string(s), true
		}
	}
	t := &text.Table{Columns: []text.Column{
		{Head: "Snapshot"}, {Head: "Time", Optional: true}, {Head: "Age", Right: true}, {Head: "Files", Right: true},
		{Head: "Size", Right: true}, {Head: "Changes"}, {Head: "Copied", Right: true}, {Head: "State", Optional: !told},
		{Head: "Tags", Cut: true, Optional: true}, {Head: "Note", Cut: true, Optional: true},
	}}
	for i := range chosen {
		h := &chosen[i]
		t.Add(quote.Name(h.Name), c.When(h.Time), c.Age(h.Time), humanize.Comma(h.Files-h.Unread),
			c.Size(h.HeldBytes()), changes(h), c.Size(h.CopiedByRun()), states[i], quoteAll(h.Tags), quote.Name(h.Note))
	}
	return t.Write(c.out, c.Width)
}

// printListEnd prints what stands below the table.
func (c *call) printListEnd(d *query.Reader, chosen query.Snapshots) error {
	info, err := d.Root.System()
	if err != nil {
		return err
	}
	end := status.Footer(c.Style, chosen, len(d.Snapshots), int64(info.FreeBytes), int64(info.TotalBytes))
	if err := c.printf("\n%s\n", c.Wrap(end, "  ")); err != nil {
		return err
	}
	if last := lastRunOf(d.Root, d.Snapshots); !last.unchanged.IsZero() {
		line := fmt.Sprintf("last run %s (%s): nothing changed since %s", c.When(last.unchanged),
			c.Age(last.unchanged), quote.Name(last.header.Name))
		return c.printf("%s\n", c.Wrap(line, "  "))
	}
	return nil
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
