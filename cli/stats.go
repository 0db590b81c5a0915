package cli

import (
	"slices"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/wire"
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
		Codes: []int{exit.Partial, exit.NoDest, exit.Locked},
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
			return c.folderSpaces(d)
		}
		if len(c.args) > 0 {
			return c.statsOf(d)
		}
		held, err := d.Stats(c.ctx)
		if err != nil {
			return err
		}
		c.print().Unlinked(held)
		s, err := d.Details(c.ctx, held, depth)
		if err != nil {
			return err
		}
		if c.opts.json {
			return c.json(wire.NewStats(d.Name, s))
		}
		return c.print().Stats(d.Name, s)
	})
}

// statsOf tells of the snapshots that are named.
func (c *call) statsOf(d *query.Reader) error {
	chosen, err := d.Resolver().ResolveRanges(c.args)
	if err != nil {
		return err
	}
	s, err := d.Stats(c.ctx)
	if err != nil {
		return err
	}
	c.print().Unlinked(s)
	freed := s.Freed(func(h *record.Header) bool {
		return slices.ContainsFunc(chosen, func(pos int) bool { return d.Snapshots[pos].Seq == h.Seq })
	})
	for _, pos := range chosen {
		if name := d.Snapshots[pos].Name; slices.Contains(s.Missing, name) {
			c.note("%s: its folder is gone, it holds nothing", quote.Name(name))
		}
	}
	if c.opts.json {
		return c.json(wire.NewFreed(s, &freed))
	}
	return c.print().Freed(s, &freed)
}

// folderSpaces tells where the space below a path goes.
func (c *call) folderSpaces(d *query.Reader) error {
	depth, path := 1, ""
	if c.flags.IsSet("depth") {
		if depth = c.flags.Int("depth"); depth < 1 {
			return hint.Usagef("--depth %d: with --folders it cannot be less than 1", depth)
		}
	}
	switch len(c.args) {
	case 0:
	case 1:
		path = c.args[0]
		if err := d.AsksAll(c.ctx, c.args, false, "snap stats --folders PATH"); err != nil {
			return err
		}
	default:
		return hint.Usagef("stats --folders takes one path")
	}
	s, err := d.FolderSpaces(c.ctx, path, depth)
	if err != nil {
		return err
	}
	if c.opts.json {
		return c.json(wire.NewFolderSpaces(d.Name, s, depth))
	}
	if s.Newest == "" {
		c.note("no snapshots in %s", quote.Name(d.Name))
		return nil
	}
	return c.print().FolderSpaces(s)
}
