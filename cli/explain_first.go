package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"snap/backup/source"
	"snap/cli/exit"
	"snap/cli/report"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// What explain says before the first backup: no snapshot tells the source, and there may be no destination.

// errNoneKnown: no destination is named, and none is known.
var errNoneKnown = errors.New("no destination named, and none is known")

// openIfMade opens the destination; d is nil where there is only a folder yet, and dest "" where there is none at all.
func (c *call) openIfMade() (d *query.Reader, dest string, err error) {
	if dest = c.opts.dest; dest == "" {
		dest = c.env.variable("SNAP_DEST")
	}
	if info, err := os.Stat(c.abs(dest)); dest != "" && err == nil && info.IsDir() {
		dest = c.abs(dest)
	} else if dest, err = c.find(); errors.Is(err, errNoneKnown) {
		return nil, "", nil
	} else if err != nil {
		return nil, "", err
	}
	if !isMade(dest) {
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
	e, err := query.ExplainFirst(h, set, paths)
	if err != nil {
		return err
	}
	return c.sayExplained(&report.Explained{Explained: e, Guessed: why}, dest, src)
}

// firstSource is the source that a first backup to dest would most likely be of, and why.
func (c *call) firstSource(dest string) (source.Chosen, string, error) {
	if c.flags.IsSet("source-dir") {
		dir := c.flags.String("source-dir")
		if dir == "" {
			return source.Chosen{}, "", hint.Usagef("--source-dir is empty")
		}
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
		quote.Name(c.args[0])), "name it: snap explain --source-dir SRC %s", quote.Word(c.args[0]))
}
