package cli

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"snap/cli/exit"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
)

// print says what comes back, and from which snapshot.
func (u *undeletion) print() error {
	if u.opts.json {
		if err := u.printMoved(); err != nil {
			return err
		}
		for i := range u.items {
			it := &u.items[i]
			if err := u.json(wire.NewGone(it.Gone, &u.d.Snapshots[it.Pos], it.at())); err != nil {
				return err
			}
		}
		return nil
	}
	u.note("undelete: %s", u.where())
	if u.opts.quiet && !u.options.DryRun {
		return nil
	}
	width := 0
	for i := range u.items {
		width = max(width, displaywidth.String(quote.Name(u.d.Snapshots[u.items[i].Pos].Name)))
	}
	for i := range u.items {
		if err := u.printOne(&u.items[i], width); err != nil {
			return err
		}
	}
	return u.printMoved()
}

// where says in a line where it all goes.
func (u *undeletion) where() string {
	first := &u.items[0]
	what, at := text.Path(first.Path, first.Kind), first.at()
	if len(u.items) > 1 {
		what, at = u.howMany(), first.part.options.Target
		if slices.ContainsFunc(u.parts, func(p *restorePart) bool { return p.options.Target != at }) {
			at = "where they were"
		}
	}
	if u.flags.String("target") != "" {
		return what + " to " + quote.Name(at)
	}
	return what + " back to " + quote.Name(at)
}

// howMany counts what comes back.
func (u *undeletion) howMany() string {
	folders := 0
	for i := range u.items {
		if u.items[i].Kind == file.Folder {
			folders++
		}
	}
	var parts []string
	if n := len(u.items) - folders; n > 0 {
		parts = append(parts, text.Plural(n, "file", "files"))
	}
	if folders > 0 {
		parts = append(parts, text.Plural(folders, "folder", "folders"))
	}
	return strings.Join(parts, " and ")
}

func (u *undeletion) printOne(it *undeleted, width int) error {
	to, asides := "", []string(nil)
	if u.flags.String("target") != "" && len(u.items) > 1 {
		to = it.at()
	}
	if it.Kind == file.Folder {
		asides = append(asides, text.Plural(it.Files, "file", "files"))
	}
	if it.Was != "" {
		asides = append(asides, "was "+quote.Name(it.Was))
	}
	if it.Earlier > 0 {
		asides = append(asides, fmt.Sprintf("%d more had gone before", it.Earlier))
	}
	return u.comesBack(&u.d.Snapshots[it.Pos], width, it.Kind, it.Bytes, it.Path, to, asides...)
}

// namedMax is how many of the paths that do not come back are named.
const namedMax = 20

// printMoved says what is elsewhere in the source.
func (u *undeletion) printMoved() error {
	for i := range u.what.Moved {
		m := &u.what.Moved[i]
		switch {
		case u.opts.json:
			if err := u.json(wire.NewMovedAway(m)); err != nil {
				return err
			}
		case i < namedMax:
			u.note("undelete: %s is not gone, it was moved: %s", text.Path(m.Path, m.Kind), quote.Name(m.To))
		case i == namedMax:
			u.note("undelete: and %s more", text.Plural(len(u.what.Moved)-namedMax, "was moved", "were moved"))
		}
	}
	return nil
}

// tell says what cannot come back, and which patterns fit nothing that is gone; failed tells that there is any.
func (u *undeletion) tell() (failed bool) {
	named := 0
	say := func(format string, args ...any) {
		failed = true
		if named++; named <= namedMax {
			u.warn("undelete: "+format, args...)
		}
	}
	for i := range u.away {
		g := &u.away[i]
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
	for _, s := range u.what.Unseen {
		say("%s: cannot tell whether it is gone: %s", text.Path(s.Path, file.None), quote.Clean(s.Err.Error()))
	}
	for i := range u.what.Useless {
		if w := &u.what.Useless[i]; w.Moved == nil && (len(u.parts) > 0 || len(u.what.Useless) > 1) {
			say("%s", whyUseless(w))
		}
	}
	if named > namedMax {
		u.warn("undelete: and %s more", text.Plural(named-namedMax, "path", "paths"))
	}
	return failed
}

// whyUseless says why a pattern brings nothing back.
func whyUseless(w *query.Useless) string {
	switch {
	case w.There != "":
		return fmt.Sprintf("%s: nothing that it fits is gone: %s is there", quote.Name(w.Pattern), quote.Name(w.There))
	case w.Older:
		return fmt.Sprintf("%s: what it fits was gone before that", quote.Name(w.Pattern))
	}
	return fmt.Sprintf("%s: in no snapshot", quote.Name(w.Pattern))
}

// nothing is the error that nothing comes back.
func (u *undeletion) nothing(told bool) error {
	switch useless := u.what.Useless; {
	case len(u.away) > 0:
		return exit.With(exit.Refused, errors.New("undelete: nothing was brought back"))
	case told: // it cannot be told what is gone
		return errors.New("undelete: nothing was brought back")
	case len(u.what.Moved) > 0:
		m := &u.what.Moved[0]
		return hint.With(errors.New("undelete: nothing is gone, it was moved"),
			"to have it where it was, too: snap restore %s --in-place\nwhat else was there once: snap history %s",
			quote.Word(u.d.Snapshots[m.Pos].Name+":"+m.Path), quote.Word(m.Path))
	case len(useless) == 0:
		return errors.New("undelete: nothing is gone")
	case useless[0].There != "" && useless[0].Kind == file.Folder:
		return hint.With(fmt.Errorf("undelete: %s", whyUseless(&useless[0])), "as it was in a snapshot: "+
			"snap restore %s --target DIR", quote.Word("REF:"+useless[0].Path))
	case useless[0].There != "":
		return hint.With(fmt.Errorf("undelete: %s", whyUseless(&useless[0])), "its older versions: snap find %s; "+
			"all of them: snap restore --versions %s --target DIR", quote.Word(useless[0].Pattern), quote.Word(useless[0].Path))
	case useless[0].Older:
		return hint.With(fmt.Errorf("undelete: %s", whyUseless(&useless[0])), "to see when: snap find --deleted %s",
			quote.Word(useless[0].Pattern))
	default:
		w := useless[0].Pattern
		return hint.With(fmt.Errorf("undelete: %s", whyUseless(&useless[0])), "to search for a part of a name: snap find %s",
			quote.Word("*"+path.Base(w)+"*"))
	}
}
