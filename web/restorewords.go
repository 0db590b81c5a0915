package web

import (
	"strings"

	"github.com/dustin/go-humanize"

	"snap/cli/text"
	"snap/job"
)

// doing is what the button does, "" if there is nothing to do.
func doing(res *job.RestoreResult) string {
	files := func(n int64) string { return text.Plural(n, "file", "files") }
	var parts []string
	if n := res.New.Count + res.Replaced.Count; n > 0 {
		parts = append(parts, "Restore "+files(n))
	}
	if n := res.Replaced.Count; n > 0 {
		parts = append(parts, "replace "+humanize.Comma(n))
	}
	if n := res.Retouched.Count; n > 0 {
		parts = append(parts, "set the metadata of "+files(n))
	}
	return capital(strings.Join(parts, ", "))
}

// restoreCommand is the command line that does the same.
func (s *site) restoreCommand(o *look) string {
	var b strings.Builder
	b.WriteString("snap restore")
	for i, p := range o.options.Paths {
		if i == pathsNamed {
			b.WriteString(" …")
			break
		}
		b.WriteByte(' ')
		if p == "" {
			b.WriteString(shellWord(o.from.Name))
		} else {
			b.WriteString(shellWord(o.from.Name + ":" + p))
		}
	}
	if o.options.Target == "" {
		b.WriteString(" --in-place")
	} else {
		// with a slash at its end: else one file would get its name
		b.WriteString(" --target " + shellWord(strings.TrimSuffix(o.options.Target, "/")+"/"))
	}
	return b.String() + modeOf(o.options.Overwrite).Flag + s.here()
}
