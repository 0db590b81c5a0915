package index

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
	"snap/record"
)

// smallHistory is five snapshots, numbered 1, 2, 4, 5 and 7:
//
//	1: a, a-b and d/x are made
//	2: a is edited, a/… cannot be: a-b moves into d
//	4: a is removed, d moves to e with all in it
//	5: a is another file
//	7: nothing
func smallHistory(t tb) *DB {
	root, d := node{1, file.Folder, "", 0o755, 0}, node{2, file.Folder, "", 0o755, 0}
	a, ab, x := node{3, file.Regular, "one", 0o644, 1}, node{4, file.Regular, "two", 0o644, 1},
		node{5, file.Symlink, "../a", 0o777, 1}
	edited, other := node{3, file.Regular, "three", 0o644, 2}, node{6, file.Regular, "one", 0o600, 5}
	db := newDB(t)
	old := tree{}
	for _, s := range []struct {
		seq uint64
		now tree
	}{
		{1, tree{"": root, "a": a, "a-b": ab, "d": d, "d/x": x}},
		{2, tree{"": root, "a": edited, "d": d, "d/a-b": ab, "d/x": x}},
		{4, tree{"": root, "e": d, "e/a-b": ab, "e/x": x}},
		{5, tree{"": root, "a": other, "e": d, "e/a-b": ab, "e/x": x}},
		{7, tree{"": root, "a": other, "e": d, "e/a-b": ab, "e/x": x}},
	} {
		db.add(t, s.seq, s.now.changes(old))
		old = s.now
	}
	return db
}

func TestLookup(t *testing.T) {
	db := smallHistory(t)
	for _, c := range []struct {
		seq   uint64
		path  string
		since uint64
		size  int64
		err   error
	}{
		{1, "a", 1, 3, nil},
		{2, "a", 2, 5, nil},
		{3, "a", 2, 5, nil}, // a number without a snapshot: what the one before holds
		{4, "a", 0, 0, ErrNotFound},
		{5, "a", 5, 3, nil},
		{7, "a", 5, 3, nil},
		{0, "a", 0, 0, ErrNotFound},
		{7, "", 1, 0, nil},
		{1, "d/a-b", 0, 0, ErrNotFound},
		{2, "d/a-b", 2, 3, nil},
		{7, "e/a-b", 4, 3, nil},
		{7, "e/a", 0, 0, ErrNotFound},
		{7, "e/", 0, 0, ErrNotFound},
		{7, "never", 0, 0, ErrNotFound},
	} {
		r, since, err := db.Lookup(bg, c.seq, c.path)
		if !errors.Is(err, c.err) || c.err == nil && (since != c.since || r.Size != c.size) {
			t.Errorf("%q at %d: %d bytes since %d, %v; want %d bytes since %d, %v", c.path, c.seq, r.Size, since, err, c.size,
				c.since, c.err)
		}
	}
}

func TestEntries(t *testing.T) {
	db := smallHistory(t)
	for _, c := range []struct {
		seq        uint64
		dir, after string
		want       string
	}{
		{1, "", "", ",a,a-b,d,d/x"},
		{2, "", "", ",a,d,d/a-b,d/x"},
		{4, "", "", ",e,e/a-b,e/x"},
		{7, "", "", ",a,e,e/a-b,e/x"},
		{2, "d", "", "d,d/a-b,d/x"},
		{4, "d", "", "none"},
		{1, "a", "", "a"},
		{7, "e/x", "", "e/x"},
		{7, "none", "", "none"},
		{0, "", "", "none"},
		{7, "", "a", "e,e/a-b,e/x"},
		{1, "", "a", "a-b,d,d/x"},
		{7, "", "e", "e/a-b,e/x"},
		{7, "", "b", "e,e/a-b,e/x"},
		{7, "", "e/a-b", "e/x"},
		{7, "", "e/x", "none"},
		{7, "", "z", "none"},
		{7, "e", "e/a-b", "e/x"},
		{7, "e", "a", "e,e/a-b,e/x"}, // after something before the folder
		{7, "e", "z", "none"},
		{7, "a", "e", "none"},
	} {
		var got []string
		for e, err := range db.EntriesAfter(bg, c.seq, c.dir, c.after) {
			check(t, err)
			got = append(got, e.Path)
		}
		if s := strings.Join(got, ","); s != c.want && (c.want != "none" || len(got) > 0) {
			t.Errorf("%q after %q at %d: got %q, want %q", c.dir, c.after, c.seq, s, c.want)
		}
	}
}

// told says what a history says in short: snapshot, change, and where it came from and went.
func told(v Version) string {
	s := fmt.Sprint(v.Seq, " ", v.Change)
	if v.From != "" {
		s += " from " + v.From
	}
	if v.To != "" {
		s += " to " + v.To
	}
	return s
}

func TestVersionsAndHistories(t *testing.T) {
	db := smallHistory(t)
	want := map[string]string{
		"":      "1 added",
		"a":     "1 added, 2 modified, 4 removed, 5 added",
		"a-b":   "1 added, 2 removed to d/a-b",
		"d":     "1 added, 4 removed to e",
		"d/a-b": "2 moved from a-b, 4 removed to e/a-b",
		"d/x":   "1 added, 4 removed to e/x",
		"e":     "4 moved from d",
		"e/a-b": "4 moved from d/a-b",
		"e/x":   "4 moved from d/x",
		"never": "",
	}
	say := func(h History) string {
		var all []string
		for _, v := range h.Versions {
			all = append(all, told(v))
		}
		return strings.Join(all, ", ")
	}
	for path, want := range want {
		h, err := db.Versions(bg, path)
		check(t, err)
		if got := say(h); got != want || h.Path != path {
			t.Errorf("%q: got %q, want %q", path, got, want)
		}
	}
	for _, c := range []struct{ dir, match, want string }{
		{"", "", ",a,a-b,d,d/a-b,d/x,e,e/a-b,e/x"},
		{"d", "", "d,d/a-b,d/x"},
		{"", "a-b", "a-b,d/a-b,e/a-b"},
		{"e", "a-b", "e/a-b"},
		{"a", "", "a"},
		{"x", "", ""},
	} {
		hs, err := collect(db.Histories(bg, c.dir, func(p []byte) bool { return strings.Contains(string(p), c.match) }))
		check(t, err)
		var paths []string
		for _, h := range hs {
			paths = append(paths, h.Path)
			if say(h) != want[h.Path] {
				t.Errorf("%q: got %q, want %q", h.Path, say(h), want[h.Path])
			}
		}
		if got := strings.Join(paths, ","); got != c.want {
			t.Errorf("histories of %q that match %q: got %q, want %q", c.dir, c.match, got, c.want)
		}
	}
}

func TestFollow(t *testing.T) {
	db := smallHistory(t)
	for path, want := range map[string]string{
		"a":     "a 1 added, a 2 modified, a 4 removed, a 5 added",
		"a-b":   "a-b 1 added, d/a-b 2 moved from a-b, e/a-b 4 moved from d/a-b",
		"d/a-b": "a-b 1 added, d/a-b 2 moved from a-b, e/a-b 4 moved from d/a-b",
		"e/a-b": "a-b 1 added, d/a-b 2 moved from a-b, e/a-b 4 moved from d/a-b",
		"e":     "d 1 added, e 4 moved from d",
		"never": "",
	} {
		steps, err := db.Follow(bg, path)
		check(t, err)
		var all []string
		for _, s := range steps {
			s.To = ""
			all = append(all, s.Path+" "+told(s.Version))
		}
		if got := strings.Join(all, ", "); got != want {
			t.Errorf("%q: got %q, want %q", path, got, want)
		}
	}
}

func TestTheNewestSnapshotIsFoundByIdentityAndContent(t *testing.T) {
	db := smallHistory(t)
	find := func(id uint64, btime int64, max int) []string {
		r := node{id: id, kind: file.Regular}.record()
		r.Btime.Sec = btime
		found, err := db.ByIdentity(bg, 7, &r, max)
		check(t, err)
		return paths(found)
	}
	for _, c := range []struct {
		name string
		got  []string
		want string
	}{
		{"a file at its newest name", find(4, 4, 9), "e/a-b"},
		{"a folder", find(2, 2, 9), "e"},
		{"a removed file", find(3, 3, 9), ""},
		{"the inode of another birth", find(4, 5, 9), ""},
		{"no inode", find(0, 0, 9), ""},
	} {
		if got := strings.Join(c.got, ","); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	for text, want := range map[string]string{"one": "a", "two": "e/a-b", "three": "", "../a": "", "": ""} {
		found, err := db.ByContent(bg, 7, int64(len(text)), sha256.Sum256([]byte(text)), 9)
		check(t, err)
		if got := strings.Join(paths(found), ","); got != want {
			t.Errorf("content %q: got %q, want %q", text, got, want)
		}
		has, err := db.HasSize(bg, int64(len(text)))
		if err != nil || has != (len(text) == 3) {
			t.Errorf("size %d: %v, %v", len(text), has, err)
		}
	}
	links := newDB(t)
	var set []record.Entry
	for i := range 5 {
		set = append(set, record.Entry{Path: fmt.Sprint("l", i), Record: node{9, file.Regular, "same", 0o644, 1}.record()})
	}
	links.add(t, 1, set)
	r := set[0].Record
	byID, err := links.ByIdentity(bg, 1, &r, 3)
	check(t, err)
	byContent, err := links.ByContent(bg, 1, r.Size, r.Hash, 4)
	check(t, err)
	if !slices.Equal(paths(byID), []string{"l0", "l1", "l2"}) || len(byContent) != 4 {
		t.Errorf("of five names: %q by identity, %q by content", paths(byID), paths(byContent))
	}
	links.add(t, 2, []record.Entry{{Path: "l1", Record: record.Record{Change: record.Removed}},
		{Path: "l3", Record: record.Record{Change: record.Removed}}})
	byContent, err = links.ByContent(bg, 2, r.Size, r.Hash, 9)
	check(t, err)
	if got := paths(byContent); !slices.Equal(slices.Sorted(slices.Values(got)), []string{"l0", "l2", "l4"}) {
		t.Errorf("of the three names left: %q by content", got)
	}
}

// Where the source has no inode numbers files are found by their content all the same.
func TestContentWithoutInodes(t *testing.T) {
	db := newDB(t)
	var set []record.Entry
	for _, name := range []string{"a", "b"} {
		set = append(set, record.Entry{Path: name, Record: node{0, file.Regular, "same", 0o644, 1}.record()})
	}
	db.add(t, 1, set)
	r := set[0].Record
	find := func(seq uint64) []string {
		found, err := db.ByContent(bg, seq, r.Size, r.Hash, 9)
		check(t, err)
		return paths(found)
	}
	if got := find(1); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("found %q", got)
	}
	fact := set[1]
	fact.Ino = 77
	check(t, db.Learn(bg, 1, all([]record.Entry{fact})))
	if got := find(1); !slices.Equal(slices.Sorted(slices.Values(got)), []string{"a", "b"}) {
		t.Errorf("one has an inode number now: found %q", got)
	}
	db.add(t, 2, []record.Entry{{Path: "a", Record: record.Record{Change: record.Removed}}})
	if got := find(2); !slices.Equal(got, []string{"b"}) {
		t.Errorf("one is gone: found %q", got)
	}
}

// An entry of content whose file identity does not know leads nowhere.
func TestContentWithoutIdentityIsDamage(t *testing.T) {
	db := newDB(t)
	e := record.Entry{Path: "a", Record: node{5, file.Regular, "text", 0o644, 1}.record()}
	db.add(t, 1, []record.Entry{e})
	check(t, db.updates(bg, func(update updater) error {
		return update(func(tx *bolt.Tx) error {
			return tx.Bucket(bucketIdentity).Delete(identityKey(nil, &e.Record, appendKey(nil, "a")))
		})
	}))
	if _, err := db.ByContent(bg, 1, e.Size, e.Hash, 1); !errors.Is(err, record.ErrDamaged) {
		t.Errorf("error %v", err)
	}
}

func paths(es []record.Entry) (all []string) {
	for _, e := range es {
		all = append(all, e.Path)
	}
	return all
}

// What an import that was never published has put into identity and content, and taken out of them, is not the newest
// snapshot's, and no damage.
func TestTheNewestSnapshotIsFoundBesideOneThatIsNotPublished(t *testing.T) {
	db := newDB(t)
	one := []record.Entry{{Path: "", Record: node{id: 1, kind: file.Folder}.record()},
		{Path: "a", Record: node{id: 2, kind: file.Regular, text: "text a"}.record()},
		{Path: "b", Record: node{id: 3, kind: file.Regular, text: "text b"}.record()}}
	db.add(t, 1, one)
	moved, added := one[1], node{id: 4, kind: file.Regular, text: "text c"}.record()
	moved.Path, moved.Change, moved.Stored, moved.From = "n", record.Moved, record.Linked, "a"
	gone := record.Entry{Path: "a", Record: record.Record{Change: record.Removed, Reason: record.Gone}}
	check(t, db.Import(bg, 2, all([]record.Entry{gone, {Path: "c", Record: added}, moved}),
		func() (*record.Header, error) { return &record.Header{Name: "s2", Seq: 2}, nil }))
	for _, r := range []*record.Record{&one[1].Record, &one[2].Record, &added} {
		byID, err := db.ByIdentity(bg, 1, r, 9)
		check(t, err)
		byContent, err := db.ByContent(bg, 1, r.Size, r.Hash, 9)
		check(t, err)
		want := ""
		if r == &one[2].Record {
			want = "b"
		}
		if got := strings.Join(paths(byID), ","); got != want {
			t.Errorf("by identity %q, want %q", got, want)
		}
		if got := strings.Join(paths(byContent), ","); got != want {
			t.Errorf("by content %q, want %q", got, want)
		}
	}
}
