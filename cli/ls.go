package cli

import (
	"fmt"
	"iter"
	"slices"

	"github.com/clipperhouse/displaywidth"
	"github.com/urfave/cli/v2"

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
		name: "ls", args: "[REF[:PATH]]", short: "what a snapshot holds", group: groupLook, max: 1,
		codes: []int{exit.NoDest, exit.Locked},
		long: `
Lists the folder PATH of a snapshot, or the file PATH; without PATH the source's
top folder, without REF the newest snapshot. Paths count from the source down, so
that they can be typed after "REF:".`,
		examples: `
snap ls latest       # the top folder of the newest snapshot
snap ls -l @7d:docs  # docs as it was a week ago, with modes and sizes
snap ls -R --sort size latest:photos`,
		flags: []cli.Flag{
			&cli.BoolFlag{Name: "long", Aliases: []string{"l"}, Usage: "mode, owner, group, size and time too"},
			&cli.BoolFlag{Name: "recursive", Aliases: []string{"R"}, Usage: "all that is below, not the folder alone"},
			&cli.StringFlag{Name: "sort", Value: "name", Usage: "sort `BY` name, size (largest first) or time (newest first)"},
			rawFlag(),
		},
		complete: completePathRef,
		run:      runLs,
	}
}

func runLs(c *call) error {
	by := c.flags.String("sort")
	if err := oneOf("sort", by, "name", "size", "time"); err != nil {
		return err
	}
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
			return c.printf("%s\n", c.Beside(0, text.Path(e.Path, e.Kind), enclose(" (", problem, ")")))
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
	line := fmt.Sprintf("%s %-8s %-8s %9s  %s  ", text.Permissions(&e.Stat), text.Owner(h.Users, e.UID),
		text.Owner(h.Groups, e.GID), size, c.When(e.Mtime.Time()))
	return c.printf("%s%s\n", line, c.Beside(displaywidth.String(line), text.Path(e.Path, e.Kind), target))
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
