package backuptest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"snap/destination/reindex"
	"snap/index"
	"snap/internal/file"
	"snap/record"
)

func (p *Place) Reindex(change ...func(*reindex.Options)) *reindex.Result {
	p.T.Helper()
	o := reindex.Options{Time: nameTime}
	for _, f := range change {
		f(&o)
	}
	res, err := reindex.Run(context.Background(), p.Dest, o)
	if err != nil {
		p.T.Fatal(err)
	}
	return res
}

// Knows is what the index says of every snapshot: its header, and each path in it.
func (p *Place) Knows() (heads []record.Header, all []map[string]record.Record) {
	p.T.Helper()
	ctx := context.Background()
	db, err := index.Open(index.Path(p.Dest))
	p.Do(err)
	heads, err = db.Snapshots(ctx)
	p.Do(err)
	for _, h := range heads {
		m := map[string]record.Record{}
		for e, err := range db.Entries(ctx, h.Seq, "") {
			p.Do(err)
			m[e.Path] = e.Record
		}
		all = append(all, m)
	}
	return heads, all
}

// WantSeen compares what the index says with what it said, as far as trees can tell. The top folder of a
// snapshot is for its owner alone: that of the source is not in it.
func WantSeen(t testing.TB, what string, before, after []map[string]record.Record) {
	t.Helper()
	if len(before) != len(after) {
		t.Fatalf("%s: %d snapshots, want %d", what, len(after), len(before))
	}
	// By path, a record of a file that had a name outside of the source, whose number of names the tree could not tell. It
	// stays where the name comes in later and the change set that says so is there.
	untold := map[string]string{}
	for i := range before {
		delete(before[i], "")
		delete(after[i], "")
		if a, b := slices.Sorted(maps.Keys(before[i])), slices.Sorted(maps.Keys(after[i])); !slices.Equal(a, b) {
			t.Fatalf("%s: snapshot %d holds %q, want %q", what, i, b, a)
		}
		type inode struct {
			volume uint32
			ino    uint64
		}
		names := map[inode]uint32{}
		for _, r := range before[i] {
			names[inode{r.Volume, r.Ino}]++
		}
		for path, r := range before[i] {
			got := after[i][path]
			if n := names[inode{r.Volume, r.Ino}]; r.Kind != file.Folder { // a name outside of the source is in no tree
				if got.Nlink < r.Nlink && n < r.Nlink {
					untold[path] = fmt.Sprint(r)
				}
				if got.Nlink, r.Nlink = min(got.Nlink, n), min(r.Nlink, n); untold[path] == fmt.Sprint(before[i][path]) {
					got.Nlink = r.Nlink
				}
			}
			if seen(got) != seen(r) {
				t.Fatalf("%s: snapshot %d: %q is %s, want %s", what, i, path, seen(got), seen(r))
			}
		}
	}
}

// seen is what a tree can tell of a record.
func seen(r record.Record) string {
	if r.Kind == file.Folder {
		return fmt.Sprint(r.Kind, r.Mode, r.UID, r.GID, r.Mtime)
	}
	return fmt.Sprint(r.Kind, r.Mode, r.UID, r.GID, r.Nlink, r.Size, r.Mtime, r.Target, r.Rdev, r.Xattrs)
}
