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

	"snap/internal/file"

	bolt "go.etcd.io/bbolt"
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
	dir, err := os.MkdirTemp("/dev/shm", "snap-index-")
	if err != nil {
		dir, err = os.MkdirTemp("", "snap-index-")
	}
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
		case n.kind == file.Folder && before.mode == n.mode:
			e.Change = Silent
		case n.kind == file.Folder, before.id == n.id && before.text == n.text:
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
	check(t, db.Import(bg, seq, all(set), func() (*Header, error) { return h, nil }))
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
