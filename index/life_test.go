package index

import (
	"fmt"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"snap/internal/file"
	"snap/record"
)

// life changes a tree at random.
type life struct {
	now   tree
	clock int64
	ids   uint64
}

func newLife() *life {
	return &life{now: tree{"": {id: 1, kind: file.Folder, mode: 0o755}}, ids: 1}
}

// step does one random thing.
func (l *life) step(t *rapid.T) {
	l.clock++
	path := func(label string) string { return rapid.SampledFrom(l.now.paths()).Draw(t, label) }
	dirs := slices.DeleteFunc(l.now.paths(), func(p string) bool { return l.now[p].kind != file.Folder })
	to := record.Join(rapid.SampledFrom(dirs).Draw(t, "dir"), rapid.SampledFrom(oddNames).Draw(t, "name"))
	switch rapid.SampledFrom([]string{"file", "file", "folder", "link", "move", "move", "swap", "remove", "edit",
		"chmod"}).Draw(t, "step") {
	case "file":
		l.put(to, file.Regular, rapid.SampledFrom([]string{"", "x", "y", "hello"}).Draw(t, "text"))
	case "folder":
		l.put(to, file.Folder, "")
	case "link":
		l.put(to, file.Symlink, "a")
	case "move":
		l.move(path("from"), to)
	case "swap":
		p, q := path("one"), path("other")
		if !record.Within(p, q) && !record.Within(q, p) {
			l.move(p, "swapping")
			l.move(q, p)
			l.move("swapping", q)
		}
	case "remove":
		l.remove(path("gone"))
	case "edit":
		p := path("edited")
		if n := l.now[p]; n.kind == file.Regular {
			n.text, n.mtime = n.text+"+", l.clock
			l.now[p] = n
		}
	case "chmod":
		p := path("moded")
		if n := l.now[p]; n.kind != file.Symlink { // they have none
			n.mode ^= 0o20
			l.now[p] = n
		}
	}
}

// put makes a new file at path in place of what is there.
func (l *life) put(path string, kind file.Kind, text string) {
	l.remove(path)
	l.ids++
	l.now[path] = node{l.ids, kind, text, 0o644, l.clock}
}

func (l *life) remove(path string) {
	if path == "" {
		return
	}
	for p := range l.now {
		if record.Within(p, path) {
			delete(l.now, p)
		}
	}
}

// move renames, over what is there, as rename does.
func (l *life) move(from, to string) {
	if record.Within(to, from) || record.Within(from, to) {
		return
	}
	l.remove(to)
	for _, p := range l.now.paths() {
		if record.Within(p, from) {
			l.now[to+p[len(from):]] = l.now[p]
			delete(l.now, p)
		}
	}
}

// past is a database with the trees that its snapshots hold.
type past struct {
	db    *DB
	seqs  []uint64
	trees []tree
}

// adopt gives a new file the id of the one whose place it took: a backup takes it for the old one, edited.
func (l *life) adopt(old tree) {
	ids := func(tr tree) map[uint64]bool {
		all := map[uint64]bool{}
		for _, n := range tr {
			all[n.id] = true
		}
		return all
	}
	were, are := ids(old), ids(l.now)
	for p, n := range l.now {
		if before, there := old[p]; there && before.kind == n.kind && !were[n.id] && !are[before.id] {
			n.id = before.id
			l.now[p] = n
		}
	}
}

// drawPast lives through some snapshots. Their numbers leave gaps, as removed snapshots do.
func drawPast(t *rapid.T) *past {
	p := &past{db: newDB(t)}
	l := newLife()
	old, seq := tree{}, uint64(0)
	for range rapid.IntRange(1, 6).Draw(t, "snapshots") {
		for range rapid.IntRange(0, 8).Draw(t, "steps") {
			l.step(t)
		}
		l.adopt(old)
		seq += uint64(rapid.IntRange(1, 3).Draw(t, "gap"))
		p.db.add(t, seq, l.now.changes(old))
		old = maps.Clone(l.now)
		p.seqs, p.trees = append(p.seqs, seq), append(p.trees, old)
	}
	return p
}

func (p *past) String() (s string) {
	for i, tr := range p.trees {
		s += fmt.Sprintf("snapshot %d\n", p.seqs[i])
		for _, path := range tr.paths() {
			s += fmt.Sprintf("  %q %+v\n", path, tr[path])
		}
	}
	return s
}
