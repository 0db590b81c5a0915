package cli

import (
	"iter"
	"slices"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/file"
	"snap/internal/quote"
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
			if entries, err = sorted(entries, by); err != nil {
				return err
			}
		}
		switch {
		case c.opts.json:
			return c.lsJSON(entries)
		case raw:
			return each(entries, func(e *record.Entry) error { return c.printf("%s\x00", e.Path) })
		case c.flags.Bool("long"):
			return each(entries, func(e *record.Entry) error { return c.lsLong(h, e) })
		}
		return each(entries, func(e *record.Entry) error {
			problem := ""
			if !e.Held() || e.Has(record.Unreadable) {
				problem = problemText(&e.Record)
			}
			return c.printf("%s%s\n", text.Path(e.Path, e.Kind), enclose(" (", problem, ")"))
		})
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

// sorted collects the entries: what is to be ordered must be known.
func sorted(entries iter.Seq2[*record.Entry, error], by string) (iter.Seq2[*record.Entry, error], error) {
	var all []record.Entry
	err := each(entries, func(e *record.Entry) error {
		all = append(all, *e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b record.Entry) int {
		switch {
		case by == "size" && a.Size != b.Size:
			if a.Size > b.Size {
				return -1
			}
			return 1
		case by == "time" && a.Mtime != b.Mtime:
			if b.Mtime.Before(a.Mtime) {
				return -1
			}
			return 1
		}
		return 0
	})
	return func(yield func(*record.Entry, error) bool) {
		for i := range all {
			if !yield(&all[i], nil) {
				return
			}
		}
	}, nil
}

// lsLong prints an entry as `ls -l` does.
func (c *call) lsLong(h *record.Header, e *record.Entry) error {
	size, target := "-", ""
	switch e.Kind {
	case file.Regular:
		size = c.Size(e.Size)
	case file.Symlink:
		target = " -> " + quote.Name(e.Target)
	}
	target += enclose(" (", problemText(&e.Record), ")")
	return c.printf("%s %-8s %-8s %9s  %s  %s%s\n", text.Permissions(&e.Stat), text.Owner(h.Users, e.UID),
		text.Owner(h.Groups, e.GID), size,
		c.When(e.Mtime.Time()), text.Path(e.Path, e.Kind), target)
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
