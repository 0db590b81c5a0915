package cli

import (
	"fmt"

	"snap/backup/source"
	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/report"
	"snap/cli/wire"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

func explainCommand() *command {
	return &command{
		Name: "explain", Args: "PATH", Min: 1, Max: 1, Group: groupLook,
		Short: "whether a path of the source is backed up, and why",
		Long: `Say whether PATH of the source is backed up, which line of which file says
so, what the last backup did with it and why, and which snapshots share its inode,
under which names. PATH is relative to the working directory if that is in the
source, else to the source, or absolute.

Before the first backup PATH is judged by the settings files of the destination and
the flags as a backup of SRC would, of --source-dir SRC; without that, of the home
folder or else the working directory, where PATH is in it.`,
		Examples: `snap explain ~/.cache
snap explain Documents/report.odt
snap explain ~/.cache --exclude '.cache/'  # is it a good line?`,
		Codes: []int{exit.NoDest},
		Flags: flags{
			{Name: "exclude", Kind: cmdline.Strings, Usage: "judge as if `PATTERN` stood in Blacklist.txt; may be repeated"},
			{Name: "include", Kind: cmdline.Strings, Usage: "judge as if `PATTERN` stood in Whitelist.txt; may be repeated"},
			{Name: "exclude-from", Kind: cmdline.Strings,
				Usage: "judge as if the lines of `FILE` stood in Blacklist.txt; may be repeated"},
			{Name: "include-from", Kind: cmdline.Strings,
				Usage: "judge as if the lines of `FILE` stood in Whitelist.txt; may be repeated"},
			{Name: "source-dir", Kind: cmdline.String, Usage: "before the first backup: what a backup of `SRC` would do"},
		},
		Complete: completeNewestPath,
		Run:      explain,
	}
}

func explain(c *call) error {
	d, dest, err := c.openIfMade()
	if err != nil {
		return err
	}
	if d == nil {
		return c.explainFirst(dest)
	}
	defer d.Close()
	defer c.proved(d.Dir, d.DB)
	if len(d.Snapshots) == 0 {
		return c.explainFirst(dest)
	}
	if c.flags.IsSet("source-dir") {
		return hint.Usagef("--source-dir is for a destination without a snapshot; this one knows its source")
	}
	newest := d.Newest()
	if newest.Source == "" {
		return hint.With(fmt.Errorf("the source of snapshot %s is not known", quote.Name(newest.Name)),
			"the next backup names it: snap backup DEST SRC")
	}
	paths, err := d.Paths(c.args[0])
	if err != nil {
		return err
	}
	src := sourcesIn(newest)
	set, err := c.filters(d.Dir, src)
	if err != nil {
		return err
	}
	e, err := d.Explain(c.ctx, set, paths)
	if err != nil {
		return query.IndexHint(err, d.Dir)
	}
	return c.sayExplained(&report.Explained{Explained: e}, d.Dir, src)
}

// sayExplained prints what is known of a path, after a look whether a setting leaves out what no line does.
func (c *call) sayExplained(e *report.Explained, dest string, src source.Chosen) (err error) {
	if e.Verdict.Included && (e.Exists || e.Place == record.Outside) {
		if e.Setting, err = c.leftOut(dest, src, e.Path); err != nil {
			return err
		}
	}
	if c.opts.json {
		return c.json(wire.NewExplained(e.Explained, e.Setting))
	}
	return c.print().Explained(e)
}
