package index

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"snap/record"
)

// A snapshot costs what it changed, not what it holds: 100 snapshots with ten changes each add a thousand
// records to a tree of a hundred files and to one of twenty thousand.
func TestASnapshotCostsItsChanges(t *testing.T) {
	const snapshots, edits = 100, 10
	for _, files := range []int{100, 20000} {
		t.Run(fmt.Sprint(files, " files"), func(t *testing.T) {
			db := newDB(t)
			set := manyEntries(files)
			db.add(t, 1, set)
			before, size := db.counts(t), db.size(t)
			for s := range snapshots {
				var changed []record.Entry
				for i := range edits {
					e := &set[(s*edits+i)*7%files/edits*edits+i]
					e.Change, e.Mtime.Sec = record.Modified, int64(s)
					e.Ctime.Sec++
					changed = append(changed, *e)
				}
				db.add(t, uint64(s+2), changed)
			}
			after := db.counts(t)
			for bucket, want := range map[string]int{"records": snapshots * edits, "snapshots": snapshots, "paths": 0,
				"identity": 0, "content": 0, "meta": 0} {
				if got := after[bucket] - before[bucket]; got != want {
					t.Errorf("%s grew by %d keys, want %d", bucket, got, want)
				}
			}
			// A bucket takes a page of 4 KiB, if only for ten records. Where the tree is large the freed
			// pages of its leaves are used again.
			if grown := db.size(t) - size; grown > snapshots*24<<10 {
				t.Errorf("the file of %d KiB grew by %d KiB", size>>10, grown>>10)
			}
		})
	}
}

func (db *DB) size(t tb) int64 {
	info, err := os.Stat(db.path)
	check(t, err)
	return info.Size()
}

// counts are the numbers of keys in each top bucket, those of its buckets included.
func (db *DB) counts(t tb) map[string]int {
	n := map[string]int{}
	for k, v := range db.dump(t) {
		if name, _, inside := strings.Cut(k, "/"); inside && v != "bucket" {
			n[name]++
		}
	}
	return n
}

// What DESIGN asks of the file: 450 bytes a file for the first snapshot, whose paths are of 52 bytes, and 700 for each
// record that later ones change, all over the tree, for everything that the file grows by.
func TestTheFileIsAsSmallAsPromised(t *testing.T) {
	const n, edits, rounds = 50_000, 250, 20 // fewer files share pages less well
	db := newDB(t)
	head := func() (*record.Header, error) { return &record.Header{Name: "s"}, nil }
	check(t, db.Import(bg, 1, manyFiles(n, nil), head))
	first := db.size(t)
	if each := first / int64(n); each > 410 {
		t.Errorf("%d bytes a file", each)
	}
	for round := range rounds {
		check(t, db.Import(bg, uint64(round)+2, manyFiles(n, func(i int, e *record.Entry) bool {
			e.Hash[round%8]++ // the key of content changes
			e.Size++
			e.Ctime.Sec++
			return i < n && i%(n/edits) == round*7
		}), head))
	}
	if each := (db.size(t) - first) / int64(rounds*edits); each > 500 {
		t.Errorf("%d bytes a changed record", each)
	}
}
