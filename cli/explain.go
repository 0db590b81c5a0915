package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"snap/backup/source"
	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/locate"
	"snap/cli/report"
	"snap/cli/wire"
	"snap/destination"
	"snap/internal/file"
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
	e, err := c.explained(d, c.args[0])
	if err != nil {
		return err
	}
	return c.sayExplained(e)
}

// explained is what is known of a path as somebody typed it.
func (c *call) explained(d *query.Reader, typed string) (*report.Explained, error) {
	newest := d.Newest()
	if newest.Source == "" {
		return nil, hint.With(fmt.Errorf("the source of snapshot %s is not known", quote.Name(newest.Name)),
			"the next backup names it: snap backup DEST SRC")
	}
	if err := d.AsksAll(c.ctx, []string{typed}, false, "snap explain PATH", "snap ls -l REF:PATH"); err != nil {
		return nil, err
	}
	paths, err := d.Paths(typed)
	if err != nil {
		return nil, err
	}
	src := sourcesIn(newest)
	set, err := c.filters(d.Dir, src)
	if err != nil {
		return nil, err
	}
	e, err := d.Explain(c.ctx, set, paths)
	if err != nil {
		return nil, query.IndexHint(err, d.Dir)
	}
	return c.withSetting(&report.Explained{Explained: e}, d.Dir, src)
}

// withSetting looks whether a setting leaves out what no line does.
func (c *call) withSetting(e *report.Explained, dest string, src source.Chosen) (*report.Explained, error) {
	if e.Verdict.Included && (e.Exists || e.Place == record.Outside) {
		s, err := c.readSettings(dest)
		if err != nil {
			return nil, err
		}
		e.Setting = c.place(dest).LeftOut(src, &s, e.Path, c.print())
	}
	return e, nil
}

// sayExplained prints what is known of a path.
func (c *call) sayExplained(e *report.Explained) error {
	if c.opts.json {
		return c.json(wire.NewExplained(e.Explained, e.Setting))
	}
	return c.print().Explained(e)
}

// What explain says before the first backup: no snapshot tells the source, and there may be no destination.

// openIfMade opens the destination; d is nil where there is only a folder yet, and dest "" where there is none at all.
func (c *call) openIfMade() (d *query.Reader, dest string, err error) {
	if dest = c.opts.dest; dest == "" {
		dest = c.env.variable("SNAP_DEST")
	}
	if info, err := os.Stat(c.abs(dest)); dest != "" && err == nil && info.IsDir() {
		dest = c.abs(dest)
	} else if dest, err = c.find(); errors.Is(err, locate.ErrNoneKnown) {
		return nil, "", nil
	} else if err != nil {
		return nil, "", err
	}
	if !destination.MayBeMade(dest) {
		return nil, dest, nil
	}
	d, err = c.open()
	return d, dest, err
}

// explainFirst says what the first backup to dest would do with a path.
func (c *call) explainFirst(dest string) error {
	src, why, err := c.firstSource(dest)
	if err != nil {
		return err
	}
	if dest == "" {
		why += "; no destination is known: judged by the flags alone"
	}
	h := &record.Header{Source: src.Top}
	if len(src.Roots) > 0 {
		h.Sources = src.All()
	}
	paths, err := query.PathsIn(h, dest, c.env.Dir, c.args[0])
	if err != nil {
		return err
	}
	set, err := c.filters(dest, src)
	if err != nil {
		return err
	}
	first, err := query.ExplainFirst(h, set, paths)
	if err != nil {
		return err
	}
	e, err := c.withSetting(&report.Explained{Explained: first, Guessed: why}, dest, src)
	if err != nil {
		return err
	}
	return c.sayExplained(e)
}

// firstSource is the source that a first backup to dest would most likely be of, and why.
func (c *call) firstSource(dest string) (source.Chosen, string, error) {
	if c.flags.IsSet("source-dir") {
		dir := c.flags.String("source-dir")
		s, err := c.sourceNames().One(dir)
		if _, serr := os.Stat(s.Top); err == nil && serr != nil {
			err = &source.MissingError{Path: s.Top, Err: serr}
		}
		return s, "named by --source-dir", exit.Hint(err, dest)
	}
	for _, dir := range []struct{ path, why string }{
		{c.home(), "taken for the source: it is the home folder"}, {c.env.Dir, "taken for the source: it is this folder"},
	} {
		if dir.path != "" && filepath.Dir(dir.path) != dir.path && file.Within(dir.path, c.abs(c.args[0])) != "" {
			return source.Chosen{Top: dir.path}, dir.why + "; --source-dir names another", nil
		}
	}
	return source.Chosen{}, "", hint.With(fmt.Errorf("%s: there is no snapshot yet, so that its source is not known",
		quote.Name(c.args[0])), "name it: snap explain --source-dir SRC %s", quote.Arg(c.args[0]))
}
