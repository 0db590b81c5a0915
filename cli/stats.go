package cli

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dustin/go-humanize"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

func statsCommand() *command {
	return &command{
		Name: "stats", Args: "[REF…] | --folders [PATH]",
		Short: "sizes, growth, where space goes, what deleting would free",
		Group: groupLook, Max: -1,
		Codes: []int{exit.NoDest, exit.Locked},
		Long: `
Tells what the destination holds, from the index alone. A file that several names
and snapshots share counts once. Of each snapshot: Size, what its tree holds; New,
what no snapshot before it holds; Alone, what no other snapshot holds, which is what
deleting it frees; Disk, what it and all before it hold together. Then the heaviest
folders of the newest snapshot, and those in which most was copied since the oldest.
A file counts for the folder that it is in, or for the folder above that --depth
goes down to.

With REF the snapshots named alone: what deleting each of them frees, and all of
them together. A..B are the snapshots from A to B.

With --folders it tells where the space goes, in all or below PATH: what the newest
snapshot holds, and what only older ones hold, in each folder with all below it,
the largest first. A file that was removed counts for the folder where it was last.
--depth N goes N levels down, 1 if it is not given.

Sizes are what regular files take on the disk, to the byte: without their holes,
and without what is left of the last block.`,
		Examples: `
snap stats                   # the destination used last
snap stats latest            # what deleting the newest snapshot frees
snap stats oldest..@1y       # what all that are older than a year hold alone
snap stats --folders             # what weighs, and what only history keeps
snap stats --folders ~/docs      # one level further down
snap stats --depth 1 --json      # one JSON document`,
		Flags: flags{
			{Name: "folders",
				Usage: "tell where the space below PATH goes: in the newest snapshot, and in older ones only"},
			{Name: "depth", Kind: cmdline.Int, Default: "2", Usage: "show folders down to `N` levels below the source"},
		},
		Complete: completeRef,
		Run:      runStats,
	}
}

func runStats(c *call) error {
	depth := c.flags.Int("depth")
	if depth < 0 {
		return hint.Usagef("--depth %d: it cannot be less than 0", depth)
	}
	return c.reading(func(d *query.Reader) error {
		if c.flags.Bool("folders") {
			return c.statsWhere(d)
		}
		if len(c.args) > 0 {
			return c.statsOf(d)
		}
		held, err := c.stats(d)
		if err != nil {
			return err
		}
		s, err := d.Details(c.ctx, held, depth)
		if err != nil {
			return err
		}
		if c.opts.json {
			return c.json(wire.NewStats(d.Dir, s))
		}
		return c.printStats(d.Dir, s)
	})
}

// stats counts what the snapshots hold, and says so where they share nothing any more.
func (c *call) stats(d *query.Reader) (*query.Stats, error) {
	s, err := d.Stats(c.ctx)
	if err == nil && s.Unlinked > 0 {
		c.warn("the hard links between the snapshots up to %s are gone: each of these takes the room of all that it holds, "+
			"and so it is counted",
			quote.Name(s.Snapshots[s.Unlinked].Name))
		c.note("%s", linksGoneHint)
	}
	return s, err
}

func (c *call) printStats(dest string, s *query.Details) error {
	count := func(a index.Amount) string { return text.Plural(a.Inodes, "file", "files") }
	span := ""
	if n := len(s.Snapshots); n > 0 {
		span = ", " + quote.Name(s.Snapshots[0].Name)
		if n > 1 {
			span += ".." + quote.Name(s.Snapshots[n-1].Name)
		}
	}
	if n := len(s.Missing); n > 0 {
		span += fmt.Sprintf(", %d missing", n)
	}
	saved, percent := s.Apart.Bytes-s.Total.Bytes, int64(0)
	if s.Apart.Bytes > 0 {
		percent = int64(float64(saved) / float64(s.Apart.Bytes) * 100)
	}
	for _, line := range [...][2]string{
		{"Destination", quote.Name(dest)},
		{"Snapshots", humanize.Comma(int64(len(s.Snapshots))) + span},
		{"In trees", c.Size(s.Apart.Bytes) + " in " + count(s.Apart) + ", each snapshot counted for itself"},
		{"On disk", c.Size(s.Total.Bytes) + " in " + count(s.Total)},
		{"Saved", fmt.Sprintf("%s (%d%%) by hard links", c.Size(saved), percent)},
		{"Index", c.Size(s.IndexBytes)},
		{"Change sets", c.Size(s.ChangeBytes)},
	} {
		if err := c.printf("%-13s%s\n", line[0], line[1]); err != nil {
			return err
		}
	}
	if len(s.Snapshots) == 0 {
		return nil
	}
	return errors.Join(c.printGrowth(s.Stats), c.printFolders(s))
}

// printGrowth prints what each snapshot holds and adds.
func (c *call) printGrowth(s *query.Stats) error {
	if err := c.printf("\n"); err != nil {
		return err
	}
	t := &text.Table{Columns: []text.Column{
		{Head: "Snapshot"}, {Head: "Time", Optional: true}, {Head: "Size", Right: true}, {Head: "New", Right: true},
		{Head: "Alone", Right: true}, {Head: "Disk", Right: true},
	}}
	disk := int64(0)
	for i, h := range s.Snapshots {
		share := &s.Shares[i]
		disk = record.Plus(disk, share.New.Bytes)
		t.Add(quote.Name(h.Name), c.When(h.Time), c.Size(share.Held.Bytes), c.Size(share.New.Bytes),
			c.Size(share.Alone.Bytes), c.Size(disk))
	}
	return t.Write(c.out, c.Width)
}

// statsOf tells of the snapshots that are named.
func (c *call) statsOf(d *query.Reader) error {
	chosen, err := d.Resolver().ResolveRanges(c.args)
	if err != nil {
		return err
	}
	s, err := c.stats(d)
	if err != nil {
		return err
	}
	freed := s.Freed(func(h *record.Header) bool {
		return slices.ContainsFunc(chosen, func(pos int) bool { return d.Snapshots[pos].Seq == h.Seq })
	})
	j := wire.Freed{Snapshots: []wire.StatsSnapshot{}, FreedFiles: freed.Amount.Inodes, FreedBytes: freed.Amount.Bytes}
	disk := int64(0)
	for i, h := range s.Snapshots {
		disk = record.Plus(disk, s.Shares[i].New.Bytes)
		if slices.Contains(freed.Snapshots, i) {
			j.Snapshots = append(j.Snapshots, wire.NewStatsSnapshot(h, &s.Shares[i], disk))
		}
	}
	for _, pos := range chosen {
		if name := d.Snapshots[pos].Name; slices.Contains(s.Missing, name) {
			c.note("%s: its folder is gone, it holds nothing", quote.Name(name))
		}
	}
	if c.opts.json {
		return c.json(j)
	}
	t := &text.Table{Columns: []text.Column{
		{Head: "Snapshot"}, {Head: "Time", Optional: true}, {Head: "Size", Right: true}, {Head: "Files", Right: true},
		{Head: "Alone", Right: true}, {Head: "Files", Right: true},
	}}
	alone := int64(0)
	for i := range j.Snapshots {
		r := &j.Snapshots[i]
		alone = record.Plus(alone, r.AloneBytes)
		t.Add(quote.Name(r.Name), c.When(time.Time(r.Time)), c.Size(r.Bytes), humanize.Comma(r.Files), c.Size(r.AloneBytes),
			humanize.Comma(r.AloneFiles))
	}
	if len(freed.Snapshots) == 0 { // what was named is missing, and that is said
		return nil
	}
	if err := t.Write(c.out, c.Width); err != nil || len(freed.Snapshots) < 2 {
		return err
	}
	return c.printf("\ndeleting these %d frees %s in %s, %s of it shared among them\n",
		len(freed.Snapshots), c.Size(freed.Amount.Bytes), text.Plural(freed.Amount.Inodes, "file", "files"),
		c.Size(freed.Amount.Bytes-alone))
}

// printFolders prints the folders that weigh and those that change most.
func (c *call) printFolders(s *query.Details) error {
	newest := s.Snapshots[len(s.Snapshots)-1]
	heavy := &text.Table{Columns: []text.Column{{Head: "Size", Right: true}, {Head: "Files", Right: true},
		{Head: "Folder", Cut: true, CutFront: true}}}
	for _, f := range s.Heavy {
		heavy.Add(c.Size(f.Bytes), humanize.Comma(f.Files), text.Path(f.Path, file.Folder))
	}
	changing := &text.Table{Columns: []text.Column{{Head: "Copied", Right: true}, {Head: "Changes", Right: true},
		{Head: "Folder", Cut: true, CutFront: true}}}
	for _, f := range s.Changing {
		changing.Add(c.Size(f.Copied), humanize.Comma(f.Changes), text.Path(f.Path, file.Folder))
	}
	for _, t := range [...]struct {
		title string
		*text.Table
	}{
		{"Heaviest folders of " + quote.Name(newest.Name), heavy},
		{"Folders that changed most since " + quote.Name(s.Snapshots[0].Name), changing},
	} {
		if len(t.Rows) == 0 {
			continue
		}
		if err := c.printf("\n%s\n\n", t.title); err != nil {
			return err
		}
		if err := t.Write(c.out, c.Width); err != nil {
			return err
		}
	}
	return nil
}
