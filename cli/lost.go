package cli

import (
	"strings"

	"snap/backup"
	"snap/cli/text"
	"snap/internal/quote"
)

// tellLost says in one line what the folder of the new snapshot lacks, and with -v of which entries.
func (c *call) tellLost(l *backup.Lost) {
	if !l.Any() {
		return
	}
	hint := "; -v names each"
	if c.opts.verbose > 0 {
		hint = ""
		for _, p := range l.Paths {
			c.note("%s: could not be set: %s", quote.Name(p.Path), strings.Join(lostParts(p.What), ", "))
		}
	}
	var parts []string
	for _, n := range []struct {
		count int64
		what  string
	}{{l.Owner, "the owner"}, {l.Mode, "the mode"}, {l.Xattrs, "extended attributes"}, {l.Times, "the times"}} {
		if n.count > 0 {
			parts = append(parts, n.what+" of "+text.Plural(n.count, "entry", "entries"))
		}
	}
	c.note("this user or file system could not set %s: the index keeps them, for snap restore%s", strings.Join(parts, ", "), hint)
}
