package restore

import (
	"fmt"
	"hash/maphash"
	"iter"
	"path/filepath"
	"runtime"
	"testing"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// twice yields files with a name in one folder and another in the next.
func twice(files int) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		folder := record.Record{Stat: file.Stat{Kind: file.Folder, Mode: 0o755, Ino: 1}, Change: record.Added,
			Stored: record.Made}
		if !yield(&record.Entry{Record: folder}, nil) {
			return
		}
		for _, in := range []string{"a", "b"} {
			if !yield(&record.Entry{Path: in, Record: folder}, nil) {
				return
			}
			for i := range files {
				e := record.Entry{Path: fmt.Sprintf("%s/a-name-of-some-length-%06d.jpg", in, i)}
				e.Record = record.Record{Stat: file.Stat{Kind: file.Regular, Nlink: 2, Ino: uint64(i + 10)}, Volume: 1,
					Change: record.Added, Stored: record.Copied}
				if in == "b" {
					e.Stored, e.Link = record.Joined, "a"+e.Path[1:]
				}
				if !yield(&e, nil) {
					return
				}
			}
		}
	}
}

// TestHardLinksTakeLittleMemory: a restore that has met the first name of each of many files, and the last of none,
// holds at most 250 bytes a file.
func TestHardLinksTakeLittleMemory(t *testing.T) {
	const files, limit = 20_000, 250
	path := filepath.Join(work(t), "index.db")
	must(t, index.Create(path, "test"))
	db, err := index.Open(path)
	must(t, err)
	must(t, db.Import(t.Context(), 1, twice(files),
		func() (*record.Header, error) { return &record.Header{Name: "s"}, nil }))
	w := &walker{run: &run{}, seed: maphash.MakeSeed(), links: map[uint64]*group{}, inodes: map[uint64]*group{}}
	used := func() int64 {
		for range 2 { // what is kept in pools goes with the second
			runtime.GC()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before, met := int64(0), 0
	for e, err := range db.LinkedEntries(t.Context(), 1, "") {
		must(t, err)
		if e.Kind == file.Folder {
			continue
		}
		if met == 0 { // from here on, so that the pages that are read count on both sides
			before = used()
		}
		in, name := record.Split(e.Path)
		j := w.turn(&job{Entry: *e.Entry, in: &folder{to: in}, name: name}, e.Inode)
		if met < files {
			j.group.begin(j.to(), &file.Stat{Kind: file.Regular, Ino: e.Ino, Nlink: 1}, nil)
		} else if !j.group.there() {
			t.Fatalf("%s is another file", e.Path)
		}
		j.group.turnOver(j.done)
		if met++; met == files {
			size := (used() - before) / files
			if t.Logf("%d bytes a file", size); size > limit {
				t.Errorf("%d bytes a file, more than %d", size, limit)
			}
		}
	}
	if met != 2*files || len(w.links)+len(w.inodes) > 0 {
		t.Errorf("%d names; %d and %d files are remembered in the end", met, len(w.links), len(w.inodes))
	}
}
