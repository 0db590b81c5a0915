package parts

import (
	"cmp"
	"path"
	"path/filepath"
	"slices"

	"snap/internal/file"
	"snap/internal/hint"
	"snap/query"
	"snap/query/gone"
	"snap/record"
	"snap/restore"
)

// Undeletion is what comes back, and what does not.
type Undeletion struct {
	Items []Undeleted
	Parts []*Part
	Away  []gone.Entry // that cannot come back: its place is taken, or no snapshot holds it
}

// Undeleted is something that comes back.
type Undeleted struct {
	*gone.Entry
	Part *Part
	to   string // below the part's target
}

// At is where it goes.
func (it *Undeleted) At() string {
	return filepath.Join(it.Part.Options.Target, filepath.FromSlash(it.to))
}

// Target says where what was deleted goes; the zero value: to where it was.
type Target struct {
	Dir      string // absolute; "": where it was
	Typed    string // Dir as it was typed
	Relative bool   // each keeps its whole path below Dir
}

// PlanUndelete makes the parts: the newest snapshot first, so that a folder which they share is as that has it. o is
// what all have in common.
func PlanUndelete(all []gone.Entry, snaps query.Snapshots, t Target, o restore.Options) (*Undeletion, error) {
	u := &Undeletion{}
	var places []Place
	outer := Undeleted{Entry: &gone.Entry{Kind: file.Regular}}
	for i := range all {
		g := &all[i]
		if g.Pos < 0 || g.Taken != "" && t.Dir == "" {
			u.Away = append(u.Away, *g)
			continue
		}
		it := Undeleted{g, u.partOf(g, &snaps[g.Pos], t, o), g.Path}
		inside := outer.Kind == file.Folder && record.Within(g.Path, outer.Path) // of an older snapshot than its folder
		switch {
		case t.Dir == "" || t.Relative:
		case inside:
			it.to = record.Join(outer.to, record.Below(g.Path, outer.Path))
		case g.Path != "":
			it.to = path.Base(g.Path)
			places = append(places, Place{restore.Item{Path: g.Path, To: it.to}, it.Part.Header, g.Path})
		}
		if !inside {
			outer = it
		}
		u.Items = append(u.Items, it)
		it.Part.take(&it)
	}
	slices.SortStableFunc(u.Parts, func(a, b *Part) int { return cmp.Compare(b.Header.Seq, a.Header.Seq) })
	if t.Dir == "" || t.Relative {
		return u, nil
	}
	if len(u.Items) == 1 && outer.Kind != file.Folder {
		err := NameTarget(&outer.Part.Options, t.Typed)
		u.Items[0].to = outer.Part.Options.Items[0].To
		return u, err
	}
	return u, hint.With(Apart(places), "with -R each keeps its path")
}

// partOf is the part for the snapshot h and the source of g.
func (u *Undeletion) partOf(g *gone.Entry, h *record.Header, t Target, o restore.Options) *Part {
	target := cmp.Or(t.Dir, g.Source)
	for _, p := range u.Parts {
		if p.Header == h && p.Options.Target == target {
			return p
		}
	}
	p := New(h, o)
	p.leftOut = map[string]bool{}
	p.Options.Target, p.inPlace = target, t.Dir == ""
	p.Options.Exclude = func(path string, _ bool) bool { return p.leftOut[path] }
	u.Parts = append(u.Parts, p)
	return p
}

// take adds to the part what comes back.
func (p *Part) take(it *Undeleted) {
	p.Options.Items = append(p.Options.Items, restore.Item{Path: it.Path, To: it.to})
	p.Files, p.Bytes = p.Files+it.Files, record.Plus(p.Bytes, it.Bytes)
	for path := range it.Except {
		p.leftOut[path] = true
	}
}
