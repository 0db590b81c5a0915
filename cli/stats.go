package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"snap/cli/text"
	"snap/cli/wire"
	"snap/destination"
	"snap/index"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
)

func statsCommand() *command {
	return &command{
		name: "stats", args: "[REF…]", short: "sizes, growth, and what deleting frees", group: groupLook, max: -1, codes: []int{exitNoDest, exitLocked},
		long: `
Tells what the destination holds, from the index alone. A file that several names
and snapshots share counts once. Of each snapshot: Size, what its tree holds; New,
what no snapshot before it holds; Alone, what no other snapshot holds, so that
deleting it frees as much; Disk, what it and all before it hold together. Then the
heaviest folders of the newest snapshot, and those in which most was copied since
the oldest. A folder's own files count for it, what is in it for the folders in
it, as far as --depth goes.

With REF the snapshots named alone: what deleting each of them frees, and all of
them together. A..B are the snapshots from A to B.

Sizes are what regular files take on the disk, to the byte: without their holes,
and without what is left of the last block.`,
		examples: `
snap stats                   # the destination used last
snap stats latest            # what deleting the newest snapshot frees
snap stats oldest..@1y       # what all that are older than a year hold alone
snap stats --depth 1 --json  # one JSON document`,
		flags: []cli.Flag{
			&cli.IntFlag{Name: "depth", Value: 2, Usage: "tell of folders down to `N` levels below the source"},
		},
		complete: completeRef,
		run:      runStats,
	}
}

func runStats(c *call) error {
	depth := c.flags.Int("depth")
	if depth < 0 {
		return hint.Usagef("--depth %d: it cannot be less than 0", depth)
	}
	return c.reading(func(d *query.Reader) error {
		if len(c.args) > 0 {
			return c.statsOf(d)
		}
		s, err := c.stats(d, depth)
		if err != nil {
			return err
		}
		if c.opts.json {
			return c.json(s.json())
		}
		return c.printStats(s)
	})
}

// stats are what is known of a destination as a whole.
type stats struct {
	dest    string
	there   []*index.Header // the snapshots whose folders are there
	shares  []index.Share   // of each of them
	missing []string        // names of snapshots whose folders are gone
	total   index.Amount
	apart   index.Amount // if no snapshot shared anything with another
	index   int64        // bytes of the index
	sets    int64        // bytes of the change sets
	folders folderStats

	unlinked int // so many of there, from the oldest on, share nothing on this disk although the index says so
}

// held are the snapshots of d whose folders are there, with what each holds.
func (c *call) held(d *query.Reader) (*stats, index.Usage, error) {
	s := &stats{dest: d.Dir}
	for i := range d.Snapshots {
		if h := &d.Snapshots[i]; d.Present(h) {
			s.there = append(s.there, h)
		} else {
			s.missing = append(s.missing, h.Name)
		}
	}
	usage, err := d.DB.Usage(c.ctx)
	if err != nil {
		return nil, nil, err
	}
	seqs := s.seqs()
	if s.unlinked, err = destination.Apart(c.ctx, d.Root, d.DB, s.there); err != nil {
		return nil, nil, err
	}
	if s.unlinked > 0 {
		usage = usage.Apart(seqs, s.unlinked)
		c.warn("the hard links between the snapshots up to %s are gone: each of these takes the room of all that it holds, and so it is counted",
			quote.Name(s.there[s.unlinked].Name))
		c.note("%s", linksGoneHint)
	}
	s.shares, s.total = usage.Shares(seqs), usage.Total(seqs)
	for _, share := range s.shares {
		s.apart.Add(share.Held)
	}
	return s, usage, nil
}

// seqs are the numbers of the snapshots that are there.
func (s *stats) seqs() []uint64 {
	seqs := make([]uint64, len(s.there))
	for i, h := range s.there {
		seqs[i] = h.Seq
	}
	return seqs
}

func (c *call) stats(d *query.Reader, depth int) (*stats, error) {
	s, _, err := c.held(d)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(index.Path(d.Dir))
	if err != nil {
		return nil, err
	}
	s.index = info.Size()
	if s.sets, err = sizeOfFiles(filepath.Join(d.Dir, ".snap", "changes")); err != nil {
		return nil, err
	}
	if len(s.there) > 0 {
		s.folders, err = countFolders(c.ctx, d.DB, s.seqs(), depth)
	}
	return s, err
}

// sizeOfFiles is the sum of the sizes of what is in a folder; one that is not there holds nothing.
func sizeOfFiles(dir string) (sum int64, err error) {
	all, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	for _, e := range all {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() { // else it is gone by now
			sum += info.Size()
		}
	}
	return sum, err
}

func (c *call) printStats(s *stats) error {
	count := func(a index.Amount) string { return text.Plural(a.Inodes, "file", "files") }
	span := ""
	if n := len(s.there); n > 0 {
		span = ", " + quote.Name(s.there[0].Name)
		if n > 1 {
			span += ".." + quote.Name(s.there[n-1].Name)
		}
	}
	if n := len(s.missing); n > 0 {
		span += fmt.Sprintf(", %d missing", n)
	}
	saved, percent := s.apart.Bytes-s.total.Bytes, int64(0)
	if s.apart.Bytes > 0 {
		percent = int64(float64(saved) / float64(s.apart.Bytes) * 100)
	}
	for _, line := range [...][2]string{
		{"Destination", quote.Name(s.dest)},
		{"Snapshots", humanize.Comma(int64(len(s.there))) + span},
		{"In trees", c.Size(s.apart.Bytes) + " in " + count(s.apart) + ", each snapshot counted for itself"},
		{"On disk", c.Size(s.total.Bytes) + " in " + count(s.total)},
		{"Saved", fmt.Sprintf("%s (%d%%) by hard links", c.Size(saved), percent)},
		{"Index", c.Size(s.index)},
		{"Change sets", c.Size(s.sets)},
	} {
		if err := c.printf("%-13s%s\n", line[0], line[1]); err != nil {
			return err
		}
	}
	if len(s.there) == 0 {
		return nil
	}
	return errors.Join(c.printGrowth(s), c.printFolders(s))
}

// printGrowth prints what each snapshot holds and adds.
func (c *call) printGrowth(s *stats) error {
	if err := c.printf("\n"); err != nil {
		return err
	}
	t := &text.Table{Columns: []text.Column{
		{Head: "Snapshot"}, {Head: "Time", Optional: true}, {Head: "Size", Right: true}, {Head: "New", Right: true},
		{Head: "Alone", Right: true}, {Head: "Disk", Right: true},
	}}
	disk := int64(0)
	for i, h := range s.there {
		share := &s.shares[i]
		disk = index.Plus(disk, share.New.Bytes)
		t.Add(quote.Name(h.Name), c.When(h.Time), c.Size(share.Held.Bytes), c.Size(share.New.Bytes), c.Size(share.Alone.Bytes), c.Size(disk))
	}
	return t.Write(c.out, c.Width)
}

// statsOf tells of the snapshots that are named.
func (c *call) statsOf(d *query.Reader) error {
	chosen, err := d.Resolver().ResolveRanges(c.args)
	if err != nil {
		return err
	}
	s, usage, err := c.held(d)
	if err != nil {
		return err
	}
	j := wire.Freed{Snapshots: []wire.StatsSnapshot{}}
	victims := make([]uint64, 0, len(chosen))
	disk := int64(0)
	for i, h := range s.there {
		disk = index.Plus(disk, s.shares[i].New.Bytes)
		if slices.ContainsFunc(chosen, func(pos int) bool { return d.Snapshots[pos].Seq == h.Seq }) {
			victims = append(victims, h.Seq)
			j.Snapshots = append(j.Snapshots, wire.NewStatsSnapshot(h, &s.shares[i], disk))
		}
	}
	for _, pos := range chosen {
		if name := d.Snapshots[pos].Name; slices.Contains(s.missing, name) {
			c.note("%s: its folder is gone, it holds nothing", quote.Name(name))
		}
	}
	freed, alone := index.Amount{}, int64(0)
	for _, a := range usage.Freed(s.seqs(), victims) {
		freed.Add(a)
	}
	if j.FreedFiles, j.FreedBytes = freed.Inodes, freed.Bytes; c.opts.json {
		return c.json(j)
	}
	t := &text.Table{Columns: []text.Column{
		{Head: "Snapshot"}, {Head: "Time", Optional: true}, {Head: "Size", Right: true}, {Head: "Files", Right: true},
		{Head: "Alone", Right: true}, {Head: "Files", Right: true},
	}}
	for i := range j.Snapshots {
		r := &j.Snapshots[i]
		alone = index.Plus(alone, r.AloneBytes)
		t.Add(quote.Name(r.Name), c.When(time.Time(r.Time)), c.Size(r.Bytes), humanize.Comma(r.Files), c.Size(r.AloneBytes), humanize.Comma(r.AloneFiles))
	}
	if len(victims) == 0 { // what was named is missing, and that is said
		return nil
	}
	if err := t.Write(c.out, c.Width); err != nil || len(victims) < 2 {
		return err
	}
	return c.printf("\ndeleting these %d frees %s in %s, %s of it shared among them\n",
		len(victims), c.Size(freed.Bytes), text.Plural(freed.Inodes, "file", "files"), c.Size(freed.Bytes-alone))
}
