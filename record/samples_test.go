package record

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"reflect"
	"slices"

	"snap/internal/file"
)

// failer is what *testing.T, *testing.F and *rapid.T have in common.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func must(t failer, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sample is the record of a new file, folder or link.
func sample(ino uint64, kind file.Kind, text string, mtime int64) Record {
	r := Record{Volume: 1, Change: Added, Stored: Made, Reason: NewPath, Stat: file.Stat{
		Kind: kind, Mode: 0o755, Nlink: 1, Ino: ino, Mtime: file.Time{Sec: mtime, Nsec: 5},
		Ctime: file.Time{Sec: mtime + 1}, Btime: file.Time{Sec: int64(ino), Nsec: 9},
	}}
	switch kind {
	case file.Regular:
		r.Size, r.Hash, r.Flags, r.Stored = int64(len(text)), sha256.Sum256([]byte(text)), Hashed, Copied
	case file.Symlink:
		r.Target = text
	}
	return r
}

// samples are n files in folders with long shared names, in key order.
func samples(n int) (set []Entry) {
	for i := range n {
		set = append(set, Entry{Path: fmt.Sprintf("a folder with a long name/%03d/file-%03d", i/100, i%100),
			Record: sample(uint64(i+1), file.Regular, fmt.Sprint(i), int64(i))})
	}
	return set
}

func equalEntries(a, b []Entry) bool {
	return slices.EqualFunc(a, b, func(x, y Entry) bool { return x.Path == y.Path && equal(&x.Record, &y.Record) })
}

// equal compares every field; an empty list of xattrs is none.
func equal(a, b *Record) bool {
	x, y := *a, *b
	same := slices.EqualFunc(a.Xattrs, b.Xattrs,
		func(p, q file.Xattr) bool { return p.Name == q.Name && bytes.Equal(p.Value, q.Value) })
	x.Xattrs, y.Xattrs = nil, nil
	return same && reflect.DeepEqual(x, y)
}
