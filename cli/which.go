package cli

import (
	"fmt"

	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// tellWhich says of which destination and source the answer is, and what more there is to say of it, unless the
// command line names the destination, or it is the folder that the command was typed in.
func (c *call) tellWhich(d *query.Reader, more string) { c.tellSource(d.Dir, d.Newest(), more) }

// tellWhichOf is tellWhich for a command that does not ask the index. Where that cannot be read, the source is not
// told.
func (c *call) tellWhichOf(dest string) {
	if c.silent() {
		return
	}
	var newest *record.Header
	if d, err := query.Open(c.ctx, dest, query.Options{Trust: c.trusted(dest)}); err == nil {
		newest = d.Newest()
		d.Close()
	}
	c.tellSource(dest, newest, "")
}

func (c *call) silent() bool { return c.obvious || c.opts.quiet || c.opts.json }

func (c *call) tellSource(dest string, newest *record.Header, more string) {
	if c.silent() {
		return
	}
	line := "destination " + quote.Name(dest)
	if newest != nil {
		if names := newest.AllSources(); len(names) > 0 {
			line += ", of " + quote.List(names)
		}
	}
	if more != "" {
		line += ": " + more
	}
	if c.others > 0 {
		line += fmt.Sprintf(" (the last of %d backed up to; -d names another)", c.others+1)
	}
	c.note("%s", line)
}
