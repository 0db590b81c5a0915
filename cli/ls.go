package cli

import (
	"iter"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/wire"
	"snap/query"
	"snap/record"
)

func lsCommand() *command {
	return &command{
		Name: "ls", Args: "[REF[:PATH]|PATH]", Short: "what a snapshot holds", Group: groupLook, Max: -1,
		Codes: []int{exit.Partial, exit.NoDest, exit.Locked},
		Long: `
Lists the folder PATH of a snapshot, or the file PATH; without PATH the source's
top folder; PATH alone means latest:PATH, and what leads into DEST/SNAPSHOT, that
snapshot. Paths count from the source down, so that they can be typed after "REF:".`,
		Examples: `
snap ls latest       # the top folder of the newest snapshot
snap ls -l @7d:docs  # docs as it was a week ago, with modes and sizes
snap ls -R --sort size latest:photos
snap ls --total-size --sort size latest:  # which folders are the largest?`,
		Flags: flags{
			{Name: "long", Aliases: []string{"l"}, Usage: "mode, owner, group, size and time too"},
			{Name: "recursive", Aliases: []string{"R"}, Usage: "everything below, not only the folder itself"},
			{Name: "sort", Kind: cmdline.String, Default: "name", OneOf: []string{"name", "size", "time"},
				Usage: "sort `BY` name, size (largest first) or time (newest first)"},
			{Name: "total-size", Usage: "-l, with folders as large as all that is in them"},
			rawFlag(),
		},
		Complete: completePathOrRef,
		Run:      runLs,
	}
}

func runLs(c *call) error {
	by := c.flags.String("sort")
	raw, err := c.raw()
	if err != nil {
		return err
	}
	return c.reading(func(d *query.Reader) error {
		if len(c.args) == 0 {
			c.args = []string{"latest"}
		}
		named, err := c.entry(d, "ls", "all that is below it: -R")
		if err != nil {
			return err
		}
		h, path := named.Header, named.Path
		weigh := query.Weigher(query.NoWeights)
		if c.flags.Bool("total-size") {
			if weigh, err = d.WeighFolders(c.ctx, h); err != nil {
				return err
			}
		}
		entries := d.List(c.ctx, h, path, c.flags.Bool("recursive"))
		if by != "name" {
			if entries, err = query.Sorted(entries, by == "size", weigh); err != nil {
				return err
			}
		}
		switch {
		case c.opts.json:
			return c.lsJSON(entries, weigh)
		case raw:
			return each(entries, func(e *record.Entry) error { return c.printf("%s\x00", e.Path) })
		case c.flags.Bool("long") || c.flags.Bool("total-size"):
			return each(entries, func(e *record.Entry) error { return c.print().LongEntry(h, e, weigh) })
		}
		return each(entries, c.print().Entry)
	})
}

// each hands every entry to f.
func each(entries iter.Seq2[*record.Entry, error], f func(*record.Entry) error) error {
	for e, err := range entries {
		if err == nil {
			err = f(e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lsJSON prints an array, an entry a line.
func (c *call) lsJSON(entries iter.Seq2[*record.Entry, error], weigh query.Weigher) error {
	sep := "[\n"
	err := each(entries, func(e *record.Entry) error {
		j := wire.NewEntry(e)
		if w, ok := weigh(e.Path); ok {
			j.TotalBytes, j.TotalEntries = &w.Bytes, &w.Entries
		}
		b, err := wire.Encode(j)
		if err != nil {
			return err
		}
		err = c.printf("%s%s", sep, b)
		sep = ",\n"
		return err
	})
	if err != nil {
		return err
	}
	if sep == "[\n" {
		return c.printf("[]\n")
	}
	return c.printf("\n]\n")
}
