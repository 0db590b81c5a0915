package gone

import (
	"path/filepath"
	"slices"

	"snap/internal/file"
	"snap/record"
)

// arrange sorts what is missing into what moved and what is gone. What was in a folder to its end comes back with
// the folder.
func arrange(found []missingPath) *Answer {
	slices.SortFunc(found, func(a, b missingPath) int { return record.Compare(a.path, b.path) })
	answer := &Answer{Moved: movedAway(found)}
	var folder *missingPath // the last one that is gone
	at := -1                // where it is in the answer
	for i := range found {
		m := &found[i]
		if folder != nil && !record.Within(m.path, folder.path) {
			folder = nil
		}
		switch {
		case folder == nil:
			if m.movedTo != "" {
				continue
			}
			g := m.gone()
			answer.Gone = append(answer.Gone, g)
			if m.kind == file.Folder && m.pos >= 0 {
				folder, at = m, len(answer.Gone)-1
			}
		case m.last < folder.pos: // it was gone before
			if m.movedTo == "" && m.kind != file.Folder {
				answer.Gone[at].Earlier++
			}
		case m.movedTo != "":
			answer.Gone[at].leaveOut(m.path)
		case m.pos < folder.pos && m.pos >= 0: // it could not be read at last
			answer.Gone[at].leaveOut(m.path)
			answer.Gone = append(answer.Gone, m.gone())
		default:
			answer.Gone[at].takeIn(folder.path, m)
		}
	}
	return answer
}

func (m *missingPath) gone() Entry {
	g := Entry{Path: m.path, Kind: m.kind, Pos: m.pos, Source: m.source, Taken: m.taken}
	if asked := m.asked(); asked != m.path {
		g.Was = asked
	}
	if m.kind != file.Folder {
		g.Files, g.Bytes = 1, m.bytes
	}
	return g
}

func (g *Entry) leaveOut(path string) {
	if g.Except == nil {
		g.Except = map[string]bool{}
	}
	g.Except[path] = true
}

// takeIn counts what comes back with the folder that is gone at top. It brings back the folders that it is in, too,
// also if those themselves are elsewhere.
func (g *Entry) takeIn(top string, m *missingPath) {
	for dir, _ := record.Split(m.path); len(g.Except) > 0 && len(dir) > len(top); dir, _ = record.Split(dir) {
		delete(g.Except, dir)
	}
	if m.kind != file.Folder && m.pos >= 0 {
		g.Files, g.Bytes = g.Files+1, record.Plus(g.Bytes, m.bytes)
	}
}

// movedAway is what moved, without what moved along with its folder.
func movedAway(found []missingPath) (moved []Moved) {
	var all []Moved
	for i := range found {
		if m := &found[i]; m.movedTo != "" {
			all = append(all, *m.moved())
		}
	}
	slices.SortStableFunc(all, func(a, b Moved) int { return record.Compare(a.Path, b.Path) })
	var in []Moved // the folders among them that the present path is in
	for _, a := range all {
		for len(in) > 0 && !record.Within(a.Path, in[len(in)-1].Path) {
			in = in[:len(in)-1]
		}
		if slices.ContainsFunc(in, func(dir Moved) bool { return movedAlong(&a, &dir) }) {
			continue
		}
		moved = append(moved, a)
		if a.Kind == file.Folder {
			in = append(in, a)
		}
	}
	return moved
}

func (m *missingPath) moved() *Moved {
	a := Moved{m.asked(), m.movedTo, m.kind, m.last}
	if a.Path != m.path {
		a.Pos = m.wasPos
	}
	return &a
}

// movedAlong reports whether a, which was in the folder dir, is still at the same place in it.
func movedAlong(a, dir *Moved) bool {
	return a.Path == dir.Path || a.To == filepath.Join(dir.To, filepath.FromSlash(record.Below(a.Path, dir.Path)))
}
