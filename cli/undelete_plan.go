package cli

import (
	"cmp"
	"errors"
	"path"
	"path/filepath"
	"slices"

	"snap/cli/exit"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
	"snap/restore"
)

// undeletion is what comes back, and what does not.
type undeletion struct {
	*call
	d       *query.Reader
	what    *query.WhatIsGone
	options restore.Options

	items []undeleted
	parts []*restorePart
	away  []query.Gone // that cannot come back: its place is taken, or no snapshot holds it
}

// undeleted is something that comes back.
type undeleted struct {
	*query.Gone
	part *restorePart
	to   string // below the part's target
}

// at is where it goes.
func (it *undeleted) at() string {
	return filepath.Join(it.part.options.Target, filepath.FromSlash(it.to))
}

// plan makes the parts: the newest snapshot first, so that a folder which they share is as that has it.
func (u *undeletion) plan() error {
	target := u.flags.String("target")
	var places []restorePlace
	outer := undeleted{Gone: &query.Gone{Kind: file.Regular}}
	for i := range u.what.Gone {
		g := &u.what.Gone[i]
		if g.Pos < 0 || g.Taken != "" && target == "" {
			u.away = append(u.away, *g)
			continue
		}
		it := undeleted{g, u.partOf(g), g.Path}
		inside := outer.Kind == file.Folder && record.Within(g.Path, outer.Path) // of an older snapshot than its folder
		switch {
		case target == "" || u.flags.Bool("relative"):
		case inside:
			it.to = record.Join(outer.to, g.Path[len(record.Join(outer.Path, "x"))-1:])
		case g.Path != "":
			it.to = path.Base(g.Path)
			places = append(places, restorePlace{restore.Item{Path: g.Path, To: it.to}, it.part.header, g.Path})
		}
		if !inside {
			outer = it
		}
		u.items = append(u.items, it)
		it.part.take(&it)
	}
	slices.SortStableFunc(u.parts, func(a, b *restorePart) int { return cmp.Compare(b.header.Seq, a.header.Seq) })
	if target == "" || u.flags.Bool("relative") {
		return nil
	}
	if len(u.items) == 1 && outer.Kind != file.Folder {
		err := u.nameTarget(&outer.part.options)
		u.items[0].to = outer.part.options.Items[0].To
		return err
	}
	return hint.With(apart(places), "with -R each keeps its path")
}

// partOf is the part for the snapshot and the source of g.
func (u *undeletion) partOf(g *query.Gone) *restorePart {
	h, target := &u.d.Snapshots[g.Pos], g.Source
	if t := u.flags.String("target"); t != "" {
		target = u.abs(t)
	}
	for _, p := range u.parts {
		if p.header == h && p.options.Target == target {
			return p
		}
	}
	p := &restorePart{header: h, options: u.options, leftOut: map[string]bool{}}
	roots := h.Roots()
	p.options.Target = target
	p.options.Exclude = func(path string, _ bool) bool { return p.leftOut[path] }
	p.options.Carrier = func(path string) bool { return roots.Place(path) == record.Carrier }
	u.parts = append(u.parts, p)
	return p
}

// take adds to the part what comes back.
func (p *restorePart) take(it *undeleted) {
	p.options.Items = append(p.options.Items, restore.Item{Path: it.Path, To: it.to})
	p.files, p.bytes = p.files+it.Files, record.Plus(p.bytes, it.Bytes)
	for path := range it.Except {
		p.leftOut[path] = true
	}
}

// guard refuses to bring back into a source that is not there, or holds nothing: its disk may not be mounted.
func (u *undeletion) guard() error {
	if len(u.what.Emptied) == 0 || u.flags.String("target") != "" || u.flags.Bool("allow-empty-source") {
		return nil
	}
	err := errors.New("undelete: nothing is left in " + quote.All(u.what.Emptied) + ": is a disk not mounted?")
	return exit.With(exit.Refused, hint.With(err, "nothing was written; if it was all deleted: --allow-empty-source; "+
		"elsewhere: --target DIR"))
}
