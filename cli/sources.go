package cli

import (
	"snap/backup/source"
	"snap/filter"
	"snap/record"
)

// What a backup takes in, by package source.

func (c *call) sourceNames() source.Names { return source.Names{Abs: c.abs, Note: c.note} }

// sourcesIn are the sources of a snapshot.
func sourcesIn(h *record.Header) source.Chosen { return source.ChosenIn(h) }

// filterContext is what lines of the lists are read with for these sources.
func (c *call) filterContext(s source.Chosen) filter.Context { return c.place("").FilterContext(s) }

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
