package index

import (
	"crypto/sha256"
	"fmt"
	"iter"
	"maps"
	"slices"

	"snap/internal/file"
	"snap/record"
)

// tb is what *testing.T and *rapid.T have in common.
type tb interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
}

func check(t tb, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// node is what the model knows of a path. Equal ids are the same file, whatever its name.
type node struct {
	id    uint64
	kind  file.Kind
	text  string // of a file, or the target of a link
	mode  uint16
	mtime int64
}

func (n node) record() record.Record {
	r := record.Record{Volume: 1, Change: record.Added, Stored: record.Made, Reason: record.NewPath, Stat: file.Stat{
		Kind: n.kind, Mode: n.mode, Nlink: 1, Ino: n.id, Mtime: file.Time{Sec: n.mtime, Nsec: 5},
		Ctime: file.Time{Sec: n.mtime + 1}, Btime: file.Time{Sec: int64(n.id), Nsec: 9},
	}}
	switch n.kind {
	case file.Regular:
		r.Size, r.Hash, r.Flags, r.Stored = int64(len(n.text)), sha256.Sum256([]byte(n.text)), record.Hashed, record.Copied
	case file.Symlink:
		r.Target = n.text
	}
	return r
}

// tree is a source: what is at each path.
type tree map[string]node

func (tr tree) paths() []string { return slices.SortedFunc(maps.Keys(tr), record.Compare) }

// changes are what a backup would record about the step from old to tr.
func (tr tree) changes(old tree) []record.Entry {
	was := map[uint64]string{}
	for p, n := range old {
		was[n.id] = p
	}
	all := maps.Clone(old)
	maps.Copy(all, tr)
	var set []record.Entry
	for _, p := range all.paths() {
		n, here := tr[p]
		before, there := old[p]
		e := record.Entry{Path: p, Record: n.record()}
		from, known := was[n.id]
		switch {
		case !here:
			e.Record = record.Record{Change: record.Removed, Reason: record.Gone}
		case there && n == before:
			continue
		case known && from != p && tr[from].id != n.id:
			e.Change, e.From, e.Reason = record.Moved, from, record.SameIdentity
		case !there:
		case before.kind != n.kind:
			e.Change = record.TypeChanged
		case n.kind == file.Folder && before.mode == n.mode:
			e.Change = record.Silent
		case n.kind == file.Folder, before.id == n.id && before.text == n.text:
			e.Change = record.Metadata
		default:
			e.Change = record.Modified
		}
		set = append(set, e)
	}
	return set
}

// all yields entries as a change set does.
func all(set []record.Entry) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		for _, e := range set {
			if !yield(&e, nil) {
				return
			}
		}
	}
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

// manyEntries are n files in folders with long shared names, in key order.
func manyEntries(n int) []record.Entry {
	set := make([]record.Entry, 0, n)
	for i := range n {
		r := node{id: uint64(i + 1), kind: file.Regular, text: fmt.Sprint(i), mode: 0o644, mtime: int64(i)}.record()
		set = append(set, record.Entry{Path: fmt.Sprintf("a folder with a long name/%03d/file-%03d", i/100, i%100),
			Record: r})
	}
	return set
}

func sameEntries(a, b []record.Entry) bool {
	return slices.EqualFunc(a, b,
		func(x, y record.Entry) bool { return x.Path == y.Path && sameRecord(&x.Record, &y.Record) })
}

func sameRecord(a, b *record.Record) bool {
	return string(record.Append(nil, a)) == string(record.Append(nil, b))
}

var oddNames = []string{"a", "b", "a-b", "a.b", "a\x01", "\xff", "ü", "d\n", " "}
