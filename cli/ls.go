package cli

import (
	"cmp"
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
		weigh := func(string) (w query.Weight, ok bool) { return w, false }
		if c.flags.Bool("total-size") {
			if weigh, err = d.WeighFolders(c.ctx, h); err != nil {
				return err
			}
		}
		entries := d.List(c.ctx, h, path, c.flags.Bool("recursive"))
		if by != "name" {
			if entries, err = sorted(entries, by, weigh); err != nil {
				return err
			}
		}
		switch {
		case c.opts.json:
			return c.lsJSON(entries, weigh)
		case raw:
			return each(entries, func(e *record.Entry) error { return c.printf("%s\x00", e.Path) })
		case c.flags.Bool("long") || c.flags.Bool("total-size"):
			return each(entries, func(e *record.Entry) error { return c.lsLong(h, e, weigh) })
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

// weigher is the weight of a folder, if it is asked for.
type weigher func(path string) (w query.Weight, ok bool)

// sorted collects the entries: what is to be ordered must be known.
func sorted(entries iter.Seq2[*record.Entry, error], by string,
	weigh weigher) (iter.Seq2[*record.Entry, error], error) {
	size := func(e *record.Entry) int64 {
		if w, ok := weigh(e.Path); ok {
			return w.Bytes
		}
		return e.Size
	}
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
		case by == "size":
			return cmp.Compare(size(&b), size(&a))
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
func (c *call) lsLong(h *record.Header, e *record.Entry, weigh weigher) error {
	size, target := "-", ""
	if w, ok := weigh(e.Path); ok {
		size = c.Size(w.Bytes)
	}
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
func (c *call) lsJSON(entries iter.Seq2[*record.Entry, error], weigh weigher) error {
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
