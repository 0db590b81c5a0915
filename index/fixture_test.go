package index

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"

	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"snap/internal/file"
)

// tb is what *testing.T and *rapid.T have in common.
type tb interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
}

var bg = context.Background()

func check(t tb, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// memoryDir is a new folder, in memory where the system has one: every commit of a database is synced.
func memoryDir(t tb) string {
	t.Helper()
	base := "/dev/shm"
	if _, err := os.Stat(base); err != nil {
		base = ""
	}
	dir, err := os.MkdirTemp(base, "snap-index-")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func newDB(t tb) *DB {
	t.Helper()
	path := filepath.Join(memoryDir(t), "index.db")
	check(t, Create(path, "the-id"))
	db, err := Open(path)
	check(t, err)
	return db
}

// node is what the model knows of a path. Equal ids are the same file, whatever its name.
type node struct {
	id    uint64
	kind  file.Kind
	text  string // of a file, or the target of a link
	mode  uint16
	mtime int64
}

func (n node) record() Record {
	r := Record{Volume: 1, Change: Added, Stored: Made, Reason: NewPath, Stat: file.Stat{
		Kind: n.kind, Mode: n.mode, Nlink: 1, Ino: n.id, Mtime: file.Time{Sec: n.mtime, Nsec: 5},
		Ctime: file.Time{Sec: n.mtime + 1}, Btime: file.Time{Sec: int64(n.id), Nsec: 9},
	}}
	switch n.kind {
	case file.Regular:
		r.Size, r.Hash, r.Flags, r.Stored = int64(len(n.text)), sha256.Sum256([]byte(n.text)), Hashed, Copied
	case file.Symlink:
		r.Target = n.text
	}
	return r
}

// tree is a source: what is at each path.
type tree map[string]node

func (tr tree) paths() []string { return slices.SortedFunc(maps.Keys(tr), Compare) }

// changes are what a backup would record about the step from old to tr.
func (tr tree) changes(old tree) []Entry {
	was := map[uint64]string{}
	for p, n := range old {
		was[n.id] = p
	}
	all := maps.Clone(old)
	maps.Copy(all, tr)
	var set []Entry
	for _, p := range all.paths() {
		n, here := tr[p]
		before, there := old[p]
		e := Entry{p, n.record()}
		from, known := was[n.id]
		switch {
		case !here:
			e.Record = Record{Change: Removed, Reason: Gone}
		case there && n == before:
			continue
		case known && from != p && tr[from].id != n.id:
			e.Change, e.From, e.Reason = Moved, from, SameIdentity
		case !there:
		case before.kind != n.kind:
			e.Change = TypeChanged
		case before.id == n.id && before.text == n.text:
			e.Change = Metadata
		default:
			e.Change = Modified
		}
		set = append(set, e)
	}
	return set
}

// all yields entries as a change set does.
func all(set []Entry) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		for _, e := range set {
			if !yield(&e, nil) {
				return
			}
		}
	}
}

// add imports a change set and marks it complete.
func (db *DB) add(t tb, seq uint64, set []Entry) {
	t.Helper()
	h := &Header{Name: fmt.Sprint("s", seq), Seq: seq, Tags: []string{"t"}}
	check(t, db.Import(bg, seq, all(set), func() *Header { return h }))
	h.State = Complete
	check(t, db.SetHeader(bg, h))
}

// dump is the whole database: every key with its value, below the names of its buckets.
func (db *DB) dump(t tb) map[string]string {
	t.Helper()
	b, err := bolt.Open(db.path, 0o600, &bolt.Options{ReadOnly: true})
	check(t, err)
	defer b.Close()
	found := map[string]string{}
	var walk func(name string, b *bolt.Bucket) error
	walk = func(name string, b *bolt.Bucket) error {
		found[name] = "bucket"
		return b.ForEach(func(k, v []byte) error {
			at := fmt.Sprintf("%s/%q", name, k)
			if v == nil && b.Bucket(k) != nil {
				return walk(at, b.Bucket(k))
			}
			found[at] = string(v)
			return nil
		})
	}
	check(t, b.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error { return walk(string(name), b) })
	}))
	return found
}

// difference names the first entry in which two dumps differ, "" if none.
func difference(a, b map[string]string) string {
	for _, k := range slices.Sorted(maps.Keys(a)) {
		if v, ok := b[k]; !ok || v != a[k] {
			return fmt.Sprintf("%s: %q, %q", k, a[k], v)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(b)) {
		if _, ok := a[k]; !ok {
			return fmt.Sprintf("%s: only in the second, %q", k, b[k])
		}
	}
	return ""
}

// collect reads an iterator to its end or first error.
func collect[T any](seq iter.Seq2[T, error]) (all []T, err error) {
	for v, err := range seq {
		if err != nil {
			return all, err
		}
		all = append(all, v)
	}
	return all, nil
}

// listing is what a snapshot holds at and below dir, copied.
func (db *DB) listing(seq uint64, dir string) (all []Entry, err error) {
	for e, err := range db.Entries(bg, seq, dir) {
		if err != nil {
			return all, err
		}
		all = append(all, *e)
	}
	return all, nil
}

// life changes a tree at random.
type life struct {
	now   tree
	clock int64
	ids   uint64
}

func newLife() *life {
	return &life{now: tree{"": {id: 1, kind: file.Folder, mode: 0o755}}, ids: 1}
}

var oddNames = []string{"a", "b", "a-b", "a.b", "a\x01", "\xff", "ü", "d\n", " "}

// step does one random thing.
func (l *life) step(t *rapid.T) {
	l.clock++
	path := func(label string) string { return rapid.SampledFrom(l.now.paths()).Draw(t, label) }
	dirs := slices.DeleteFunc(l.now.paths(), func(p string) bool { return l.now[p].kind != file.Folder })
	to := Join(rapid.SampledFrom(dirs).Draw(t, "dir"), rapid.SampledFrom(oddNames).Draw(t, "name"))
	switch rapid.SampledFrom([]string{"file", "file", "folder", "link", "move", "move", "swap", "remove", "edit", "chmod"}).Draw(t, "step") {
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
		if !Within(p, q) && !Within(q, p) {
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
		n := l.now[p]
		n.mode ^= 0o20
		l.now[p] = n
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
		if Within(p, path) {
			delete(l.now, p)
		}
	}
}

// move renames, over what is there, as rename does.
func (l *life) move(from, to string) {
	if Within(to, from) || Within(from, to) {
		return
	}
	l.remove(to)
	for _, p := range l.now.paths() {
		if Within(p, from) {
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
