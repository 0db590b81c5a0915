package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"snap/backup/source"
	"snap/cli/exit"
	"snap/cli/settings"
	"snap/filter"
	"snap/index"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// What a backup takes in, by package source.

func (c *call) sourceNames() source.Names { return source.Names{Abs: c.abs, Note: c.note} }

// sourcesIn are the sources of a snapshot.
func sourcesIn(h *record.Header) source.Chosen { return source.ChosenIn(h) }

// filterContext is what lines of the lists are read with for these sources.
func (c *call) filterContext(s source.Chosen) filter.Context {
	return filter.Context{Source: filepath.ToSlash(s.Top), Roots: s.Roots, Home: filepath.ToSlash(c.home()),
		Env: c.env.LookupEnv}
}

// remembered are the sources of the newest snapshot in dest.
func (c *call) remembered(dest string) (s source.Chosen, err error) {
	db, err := index.Open(index.Path(dest))
	if err != nil {
		return s, exit.ReadHint(query.IndexHint(err, dest), dest)
	}
	db.Trust(c.trusted(dest)...)
	defer c.proved(dest, db)
	snaps, err := query.ReadSnapshots(c.ctx, db)
	if err != nil {
		return s, exit.ReadHint(query.IndexHint(err, dest), dest)
	}
	way := fmt.Sprintf("name them once: snap backup %s SRC…", quote.Word(dest))
	if len(snaps) == 0 {
		return s, hint.With(fmt.Errorf("destination %s holds no snapshot yet, so that its sources are not known",
			quote.Name(dest)), "%s", way)
	}
	h := &snaps[snaps.Newest()]
	if h.Source == "" {
		return s, hint.With(fmt.Errorf("the source of snapshot %s is not known", quote.Name(h.Name)), "%s", way)
	}
	on := ""
	if host, err := os.Hostname(); err == nil && h.Host != "" && h.Host != host {
		on = fmt.Sprintf(" (as snapshot %s was made of them on %s)", quote.Name(h.Name), quote.Name(h.Host))
	}
	c.note("backing up %s to %s%s", quote.All(h.AllSources()), quote.Name(dest), on)
	return c.sourceNames().Of(h.AllSources()) // one may be a link by now
}

// backupDest is the destination that a command line of backup names: DEST SRC…, or with -d only sources. Without any,
// the destination is found as other commands find it.
func (c *call) backupDest() (string, error) {
	switch {
	case len(c.args) == 0:
		return c.findOwn()
	case c.opts.dest != "":
		return c.abs(c.opts.dest), nil
	}
	return c.abs(c.args[0]), nil
}

// typedSources are the sources that the command line of a backup names.
func (c *call) typedSources() []string {
	if c.opts.dest == "" && len(c.args) > 0 {
		return c.args[1:]
	}
	return c.args
}

// asTyped is err as one of the command line, where that names other sources than the destination has: there is a slip
// in it, or it is for another destination. What is wrong with the settings stays what it is.
func (c *call) asTyped(err error, dest string) error {
	typed := c.typedSources()
	if err == nil || len(typed) == 0 || settings.IsWrong(err) || c.flags.Bool("source-moved") {
		return err
	}
	d, openErr := query.Open(c.ctx, dest, query.Options{Now: c.now(), Trust: c.trusted(dest)})
	if openErr != nil {
		return err
	}
	defer d.Close()
	var paths []string
	for _, arg := range typed {
		paths = append(paths, c.abs(arg))
	}
	if h := d.Newest(); h != nil && source.Others(h, paths) {
		return &source.OtherError{Err: err}
	}
	return err
}

// backupSources are the sources of a backup to dest. Where the command line names none, its newest snapshot does.
func (c *call) backupSources(dest string) (s source.Chosen, err error) {
	if typed := c.typedSources(); len(typed) > 0 {
		s, err = c.sourceNames().Of(typed)
	} else {
		s, err = c.remembered(dest)
	}
	c.namedInHints(dest)
	if errors.As(err, new(*source.MissingError)) {
		err = exit.Hint(err, dest)
	}
	return s, err
}
