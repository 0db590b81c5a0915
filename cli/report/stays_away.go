package report

import (
	"snap/cli/text"
	"snap/internal/file"
	"snap/internal/quote"
	"snap/query/gone"
	"snap/restore/parts"
)

// namedMax is how many of the paths that do not come back are named.
const namedMax = 20

// MovedAway says what is elsewhere in the source.
func (p *Printer) MovedAway(moved []gone.Moved) {
	for i := range moved {
		m := &moved[i]
		if i == namedMax {
			p.Note("undelete: and %s more", text.Plural(len(moved)-namedMax, "was moved", "were moved"))
			return
		}
		p.Note("undelete: %s is not gone, it was moved: %s", text.Path(m.Path, m.Kind), quote.Name(m.To))
	}
}

// StaysAway says what cannot come back, and which patterns fit nothing that is gone; some tells that there is any.
func (p *Printer) StaysAway(what *gone.Answer, u *parts.Undeletion) (some bool) {
	named := 0
	say := func(format string, args ...any) {
		if named++; named <= namedMax {
			p.Warn("undelete: "+format, args...)
		}
	}
	for i := range u.Away {
		g := &u.Away[i]
		switch {
		case g.Pos < 0:
			say("%s: no snapshot holds it any more, or could ever read it", text.Path(g.Path, g.Kind))
		case g.Taken == g.At():
			say("%s is gone, and something else is in its place: --target DIR brings it elsewhere",
				text.Path(g.Path, g.Kind))
		default:
			say("%s is gone, and %s is no folder: --target DIR brings it elsewhere", text.Path(g.Path, g.Kind),
				quote.Name(g.Taken))
		}
	}
	for _, s := range what.Unseen {
		say("%s: cannot tell whether it is gone: %s", text.Path(s.Path, file.None), quote.Clean(s.Err.Error()))
	}
	for i := range what.Useless {
		if w := &what.Useless[i]; w.Moved == nil && (len(u.Parts) > 0 || len(what.Useless) > 1) {
			say("%s", w.Why())
		}
	}
	if named > namedMax {
		p.Warn("undelete: and %s more", text.Plural(named-namedMax, "path", "paths"))
	}
	return named > 0
}
