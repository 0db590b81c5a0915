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
		Name: "ls", Args: "[REF[:PATH]]", Short: "what a snapshot holds", Group: groupLook, Max: 1,
		Codes: []int{exit.NoDest, exit.Locked},
		Long: `
Lists the folder PATH of a snapshot, or the file PATH; without PATH the source's
top folder, without REF the newest snapshot. Paths count from the source down, so
that they can be typed after "REF:".`,
		Examples: `
snap ls latest       # the top folder of the newest snapshot
snap ls -l @7d:docs  # docs as it was a week ago, with modes and sizes
snap ls -R --sort size latest:photos`,
		Flags: flags{
			{Name: "long", Aliases: []string{"l"}, Usage: "mode, owner, group, size and time too"},
			{Name: "recursive", Aliases: []string{"R"}, Usage: "everything below, not only the folder itself"},
			{Name: "sort", Kind: cmdline.String, Default: "name", OneOf: []string{"name", "size", "time"},
				Usage: "sort `BY` name, size (largest first) or time (newest first)"},
			rawFlag(),
		},
		Complete: completePathRef,
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
		what := "latest"
		if len(c.args) > 0 {
			what = c.args[0]
		}
		h, path, err := d.Entry(c.ctx, what)
		if err != nil {
			return err
		}
		entries := d.List(c.ctx, h, path, c.flags.Bool("recursive"))
		if by != "name" {
			if entries, err = query.Sorted(entries, by == "size"); err != nil {
				return err
			}
		}
		switch {
		case c.opts.json:
			return c.lsJSON(entries)
		case raw:
			return each(entries, func(e *record.Entry) error { return c.printf("%s\x00", e.Path) })
		case c.flags.Bool("long"):
			return each(entries, func(e *record.Entry) error { return c.print().LongEntry(h, e) })
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
func (c *call) lsJSON(entries iter.Seq2[*record.Entry, error]) error {
	sep := "[\n"
	err := each(entries, func(e *record.Entry) error {
		b, err := wire.Encode(wire.NewEntry(e))
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
