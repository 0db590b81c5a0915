package cli

import (
	"strings"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/report"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/query"
)

func findCommand() *command {
	return &command{
		Name: "find", Args: "PATTERN…|--deleted", Short: "every version of a file in every snapshot", Group: groupLook,
		Max:   -1,
		Codes: []int{exit.Partial, exit.NoDest, exit.Locked},
		Long: `
Finds files and folders in all snapshots, a line for each version: those
snapshots in a row in which it stayed the same. The line says how the version came about,
its first and last snapshot, in how many it is, size, time and path, and what
became of it. On a terminal several versions stand below their path.

A PATTERN is
  a path         that entry and all that is below it; from the source down, or
                 absolute below the source or below a snapshot's folder, or,
                 when the current folder is in one of these, from there
  a name         every entry of that name, wherever it is (and the path, as
                 above)
  a glob         *, ?, [a-z], and ** for any number of folders, as in
                 Blacklist.txt; without a slash it is compared with names,
                 with one with whole paths
  --regex        a Go regular expression, searched for in the path from the
                 source down

A path or glob with a slash that fits nothing there is taken for the end of a path:
report/2024.odt finds docs/report/2024.odt too. One that is absolute or begins with
a dot is not.

--deleted lists what the newest snapshot no longer holds under any name, so nothing
that was only renamed, and nothing that no snapshot could read. --since and --until
are then about when it was deleted: the time of the first snapshot without it.
Without a PATTERN it lists all that is gone.`,
		Examples: `
snap find report.txt        # every version of every report.txt
snap find letters/2024.odt  # in whatever folder letters is
snap find --deleted 'docs/**/*.odt'
snap find --deleted --since 7d  # all that was deleted in the last week
snap find -i '*.jpg' --size +10M --since 2026-01-01 --until 30d
snap find ~/docs/report.txt --in @7d`,
		Flags: flags{
			{Name: "ignore-case", Aliases: []string{"i"}, Usage: "upper and lower case are the same"},
			{Name: "regex", Usage: "the patterns are regular expressions"},
			{Name: "deleted", Usage: "only what the newest snapshot no longer holds under any name"},
			{Name: "type", Kind: cmdline.String, OneOf: []string{"f", "d", "l"},
				Usage: "only `KIND` f (files), d (folders) or l (symbolic links)"},
			{Name: "size", Kind: cmdline.String, Usage: "only files of this `SIZE`: +10M for more, -1K for less"},
			{Name: "since", Kind: cmdline.String, Complete: completeWhen,
				Usage: "only versions last modified, or with --deleted what was deleted, at `WHEN` or later: a date, an age, " +
					"yesterday, last-week"},
			{Name: "until", Kind: cmdline.String, Complete: completeWhen,
				Usage: "only versions last modified, or with --deleted what was deleted, at `WHEN` or before"},
			{Name: "in", Kind: cmdline.String, Complete: completeRef,
				Usage: "only versions that are in the snapshot `REF`"},
			rawFlag(),
		},
		Run: runFind,
	}
}

func runFind(c *call) error {
	raw, err := c.raw()
	if err != nil {
		return err
	}
	f, err := c.findFilter()
	if err != nil {
		return err
	}
	return c.reading(func(d *query.Reader) error {
		if len(c.args) == 0 && !f.Deleted {
			return hint.With(hint.Usagef("find: a PATTERN is missing"), "all that is gone: snap find --deleted\n"+
				"all that there is: snap ls -R latest")
		}
		if err := d.FindAsksAll(c.ctx, f); err != nil {
			return err
		}
		paths, versions := 0, 0
		p, width := c.print(), report.SpanWidth(d.Snapshots)
		for found, err := range d.Find(c.ctx, f) {
			if err != nil {
				return err
			}
			paths, versions = paths+1, versions+len(found)
			if raw {
				if err := c.printf("%s\x00", found[0].Path); err != nil {
					return err
				}
				continue
			}
			if paths == 1 && c.headed() {
				if err := p.VersionsHead(width); err != nil {
					return err
				}
			}
			if c.opts.json {
				err = c.versionsJSON(found, d.Snapshots)
			} else {
				err = p.Versions(found, d.Snapshots, width)
			}
			if err != nil {
				return err
			}
		}
		if c.opts.json {
			return c.json(wire.FindSummary{MessageType: "summary", Paths: paths, Versions: versions})
		}
		if paths == 0 && !raw {
			c.note("nothing found")
			if len(d.Snapshots) > 0 && len(c.args) == 1 && !f.Regex && !strings.ContainsAny(c.args[0], `*?[\/`) {
				c.note("to search for a part of a name: snap find %s", quote.Word("*"+c.args[0]+"*"))
			}
		}
		return nil
	})
}

// versionsJSON prints a line for each version.
func (c *call) versionsJSON(all []query.Version, snaps query.Snapshots) error {
	for i := range all {
		if err := c.json(wire.NewVersion(&all[i], snaps)); err != nil {
			return err
		}
	}
	return nil
}

// headed reports whether columns have headings: on a terminal.
func (c *call) headed() bool { return c.Width > 0 && !c.opts.quiet && !c.opts.json }

// findFilter is what the flags ask for.
func (c *call) findFilter() (*query.Filter, error) {
	f := &query.Filter{
		Patterns: c.args, Regex: c.flags.Bool("regex"), IgnoreCase: c.flags.Bool("ignore-case"), In: c.flags.String("in"),
		Deleted: c.flags.Bool("deleted"),
	}
	var err error
	if t := c.flags.String("type"); t != "" {
		f.Kind = map[string]file.Kind{"f": file.Regular, "d": file.Folder, "l": file.Symlink}[t]
	}
	if s := c.flags.String("size"); s != "" {
		if f.Size, err = text.ParseSizeTest(s); err != nil {
			return nil, hint.Usagef("--size: %s", err)
		}
	}
	f.Since, f.Until, err = when.Between(c.flags.String("since"), c.flags.String("until"), c.now())
	return f, hint.Usage(err)
}
