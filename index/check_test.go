package index

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"snap/internal/file"
	"snap/record"
)

// findings are what Check says, without the error that every text begins with.
func (db *DB) findings(t tb) (all []string) {
	t.Helper()
	n, err := db.Check(bg, func(err error) {
		if !errors.Is(err, record.ErrDamaged) && !errors.Is(err, record.ErrNewer) {
			t.Fatalf("finding %v", err)
		}
		all = append(all, strings.TrimPrefix(err.Error(), record.ErrDamaged.Error()+": "))
	})
	check(t, err)
	if n.Lost > 0 && len(all) == 0 {
		t.Fatalf("%d pages are lost", n.Lost)
	}
	return all
}

// counted puts the counts of the trees into the headers, as a backup does.
func (p *past) counted(t tb) *past {
	t.Helper()
	for i, seq := range p.seqs {
		h := p.db.header(t, seq)
		p.trees[i].count(&h)
		check(t, p.db.SetHeader(bg, &h))
	}
	return p
}

func (tr tree) count(h *record.Header) {
	h.Files, h.Dirs, h.Bytes = 0, 0, 0
	for _, n := range tr {
		switch n.kind {
		case file.Folder:
			h.Dirs++
		case file.Regular:
			h.Bytes += int64(len(n.text))
			fallthrough
		default:
			h.Files++
		}
	}
}

// Whatever snapshots were made, learned of, deleted, undone, and wherever a deletion has stopped: an index
// that snap made is found sound.
func TestCheckFindsNothingWhereNothingIsWrong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPast(t).counted(t)
		quiet := func(when string) {
			if all := p.db.findings(t); len(all) > 0 {
				t.Fatalf("%s: %q", when, all)
			}
		}
		quiet("made")
		last := p.seqs[len(p.seqs)-1]
		var learned []record.Entry
		for _, e := range p.trees[len(p.trees)-1].changes(tree{}) {
			e.Ino += 1000
			learned = append(learned, e)
		}
		check(t, p.db.Learn(bg, last, all(learned)))
		quiet("learned")
		if n := len(p.seqs); n > 1 && rapid.Bool().Draw(t, "stopped") {
			prev, next := uint64(0), p.db.header(t, last)
			if n > 2 {
				prev = p.seqs[0]
			}
			set := p.db.merged(t, prev, &next)
			k := rapid.IntRange(0, len(set)).Draw(t, "entries")
			if err := p.db.Fold(bg, prev, &next, cut(set, 1, k)); !errors.Is(err, errStopped) {
				t.Fatal(err)
			}
			quiet("a deletion that has stopped")
			check(t, p.db.Fold(bg, prev, &next, all(set)))
		} else {
			p.db.forget(t, p.seqs, drawVictims(t, p))
		}
		quiet("deleted")
	})
}

// An import that never ended is no damage, before and after it is cleaned away.
func TestCheckOfAnImportThatNeverEnded(t *testing.T) {
	db := soundHistory(t)
	set := manyEntries(50_000) // more than one transaction
	if err := db.Import(bg, 9, cut(set, 1, len(set)),
		func() (*record.Header, error) { return &record.Header{Name: "s"}, nil }); !errors.Is(err, errStopped) {
		t.Fatalf("error %v", err)
	}
	if got := db.findings(t); len(got) > 0 {
		t.Errorf("%q", got)
	}
	check(t, db.Clean(bg))
	if got := db.findings(t); len(got) > 0 {
		t.Errorf("cleaned: %q", got)
	}
}

// soundHistory is smallHistory with headers that count what is there.
func soundHistory(t tb) *DB {
	t.Helper()
	db := smallHistory(t)
	heads, err := db.Snapshots(bg)
	check(t, err)
	for _, h := range heads {
		now := tree{}
		listing, err := db.listing(h.Seq, "")
		check(t, err)
		for _, e := range listing {
			now[e.Path] = node{kind: e.Kind, text: strings.Repeat("x", int(e.Size))}
		}
		now.count(&h)
		check(t, db.SetHeader(bg, &h))
	}
	if got := db.findings(t); len(got) > 0 {
		t.Fatalf("sound: %q", got)
	}
	return db
}

// Everything in the index that can be wrong while its pages are right is found and named.
func TestCheckFindsWhatContradictsItself(t *testing.T) {
	key := func(path string) []byte { return appendKey(nil, path) }
	sealed := func(k, body []byte) []byte { return seal(bytes.Clone(body), k) }
	recordAt := func(seq uint64, path string, change func(r *record.Record)) func(tx *bolt.Tx) error {
		return func(tx *bolt.Tx) error {
			b, k := tx.Bucket(bucketRecords).Bucket(seqKey(seq)), key(path)
			var r record.Record
			body, _ := unseal(b.Get(k), k)
			if err := record.Parse(string(body), &r); err != nil {
				return err
			}
			change(&r)
			return b.Put(k, sealed(k, record.Append(nil, &r)))
		}
	}
	header := func(seq uint64, change func(h *record.Header)) func(tx *bolt.Tx) error {
		return func(tx *bolt.Tx) error {
			h, err := headerOf(tx, seq)
			if err != nil {
				return err
			}
			old := h.Seq
			change(&h)
			if h.Seq != old {
				return errors.Join(tx.Bucket(bucketSnapshots).Delete(seqKey(old)), putHeader(tx, &h))
			}
			return putHeader(tx, &h)
		}
	}
	for _, c := range []struct {
		name string
		do   func(tx *bolt.Tx) error
		want string
	}{
		{"a value's bit", func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketRecords).Bucket(seqKey(1))
			v := bytes.Clone(b.Get(key("d/x")))
			v[5] ^= 4
			return b.Put(key("d/x"), v)
		}, `the entry of "d/x", in the records of snapshot "s1"`},
		{"a record less", func(tx *bolt.Tx) error { return tx.Bucket(bucketRecords).Bucket(seqKey(2)).Delete(key("a")) },
			`no record of "a" in snapshot "s2"`},
		{"a path less", func(tx *bolt.Tx) error { return tx.Bucket(bucketPaths).Delete(key("a-b")) },
			`the record of "a-b" in snapshot "s1" is not listed under its path`},
		{"a record more", func(tx *bolt.Tx) error {
			k := key("zz")
			return tx.Bucket(bucketRecords).Bucket(seqKey(4)).Put(k,
				sealed(k, record.Append(nil, &record.Record{Change: record.Removed})))
		}, `the record of "zz" in snapshot "s4" is not listed`},
		{"a list that names a bucket too much", func(tx *bolt.Tx) error {
			k := key("a-b")
			return tx.Bucket(bucketPaths).Put(k, sealed(k, appendSeqs(nil, []uint64{1, 2, 3})))
		}, `"a-b" and maybe others have records in bucket 3, which is not there`},
		{"a list that is none", func(tx *bolt.Tx) error {
			k := key("a-b")
			return tx.Bucket(bucketPaths).Put(k, sealed(k, []byte{1, 0}))
		}, "malformed list"},
		{"a path that cannot be", func(tx *bolt.Tx) error {
			k := []byte("d\x00..")
			return tx.Bucket(bucketPaths).Put(k, sealed(k, appendSeqs(nil, []uint64{1})))
		}, `a path that cannot be: "d/.."`},
		{"a record of no kind", func(tx *bolt.Tx) error {
			k := key("a")
			return tx.Bucket(bucketRecords).Bucket(seqKey(2)).Put(k, sealed(k, []byte{1, 0, 0}))
		}, `"a" in snapshot "s2": the index is damaged: a malformed record`},
		{"a move from nowhere", recordAt(2, "d/a-b", func(r *record.Record) { r.Change, r.From = record.Moved, "" }),
			"moved, but from nowhere"},
		{"another size", recordAt(5, "a", func(r *record.Record) { r.Size++ }), `but its header says`},
		{"another inode", recordAt(5, "a", func(r *record.Record) { r.Ino++ }),
			"identity holds other entries than the newest snapshot"},
		{"another hash", recordAt(5, "a", func(r *record.Record) { r.Hash[0]++ }),
			"content holds other entries than the newest snapshot"},
		{"a folder less", recordAt(1, "d", func(r *record.Record) { *r = record.Record{Change: record.Removed} }),
			"without its folder"},
		{"a folder that is a file", recordAt(1, "d", func(r *record.Record) { r.Kind = file.FIFO }), "without its folder"},
		{"an identity less", func(tx *bolt.Tx) error {
			k, _ := tx.Bucket(bucketIdentity).Cursor().First()
			return tx.Bucket(bucketIdentity).Delete(bytes.Clone(k))
		}, "identity holds other entries"},
		{"another content", func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketContent)
			k, _ := b.Cursor().First()
			k = bytes.Clone(k)
			return errors.Join(b.Delete(k), b.Put(append(k, 'x'), nil))
		}, "content holds other entries"},
		{"a content with a value", func(tx *bolt.Tx) error {
			k, _ := tx.Bucket(bucketContent).Cursor().First()
			return tx.Bucket(bucketContent).Put(bytes.Clone(k), []byte("x"))
		}, "has a value"},
		{"a bucket of records less", func(tx *bolt.Tx) error { return tx.Bucket(bucketRecords).DeleteBucket(seqKey(4)) },
			`no records of snapshot "s4"`},
		{"a bucket of records more", func(tx *bolt.Tx) error {
			_, err := tx.Bucket(bucketRecords).CreateBucket(seqKey(3))
			return err
		}, "records of no snapshot, in bucket 3"},
		{"a bucket of another name", func(tx *bolt.Tx) error {
			_, err := tx.Bucket(bucketRecords).CreateBucket([]byte("x"))
			return err
		}, `a bucket of records with the name "x"`},
		{"a header less", func(tx *bolt.Tx) error { return tx.Bucket(bucketSnapshots).Delete(seqKey(4)) },
			"records of no snapshot, in bucket 4"},
		{"a header's checksum", func(tx *bolt.Tx) error {
			return tx.Bucket(bucketSnapshots).Put(seqKey(2), []byte(`{"seq":2,"name":"x"}1234`))
		}, "in snapshots"},
		{"a header of another number", func(tx *bolt.Tx) error {
			return tx.Bucket(bucketSnapshots).Put(seqKey(2), sealed(seqKey(2), []byte(`{"seq":3,"name":"x"}`)))
		}, "the header of another snapshot"},
		{"a header that is no JSON", func(tx *bolt.Tx) error {
			return tx.Bucket(bucketSnapshots).Put(seqKey(2), sealed(seqKey(2), []byte(`{`)))
		}, "the header of a snapshot: "},
		{"a bucket of the snapshot before", header(4, func(h *record.Header) { h.Bucket = 2 }),
			`snapshot "s4" has its records in bucket 2`},
		{"a bucket of the next snapshot", header(4, func(h *record.Header) { h.Bucket = 5 }),
			`snapshot "s4" has its records in bucket 5`},
		{"a name that cannot be", header(4, func(h *record.Header) { h.Name = "../x" }), `snapshot 4 has the name "../x"`},
		{"a work folder that cannot be", header(4, func(h *record.Header) { h.Work = ".." }), `and the work folder ".."`},
		{"no name", header(4, func(h *record.Header) { h.Name = "" }), `snapshot 4 has the name ""`},
		{"a name twice", header(4, func(h *record.Header) { h.Name = "s2" }), `snapshot 4 has the name "s2"`},
		{"a state that cannot be", header(4, func(h *record.Header) { h.State = "maybe" }), `has the state "maybe"`},
		{"another destination", header(4, func(h *record.Header) { h.Destination = "other" }),
			`is of the destination "other", the index of "the-id"`},
		{"another count of folders", header(1, func(h *record.Header) { h.Dirs++ }),
			`snapshot "s1" has 3 files, 2 folders and 6 bytes, but its header says 3, 3 and 6`},
		{"another count of records", header(1, func(h *record.Header) { h.Records = 4 }),
			`snapshot "s1" has 5 records, but its header says 4`},
		{"no id", func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete(keyID) }, "no id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := soundHistory(t)
			edit(t, db.path, c.do)
			got := db.findings(t)
			if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, c.want) }) {
				t.Errorf("found %q, want %q", got, c.want)
			}
			if db.Fingerprint() != "" || len(got) > 4 {
				t.Errorf("fingerprint %q, %d findings: %q", db.Fingerprint(), len(got), got)
			}
		})
	}
}

// What keeps Check from looking on is its error.
func TestCheckSaysWhatStoppedIt(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(tx *bolt.Tx) error
		want error
	}{
		{"a newer schema", func(tx *bolt.Tx) error {
			return tx.Bucket(bucketMeta).Put(keyVersion,
				[]byte{schemaVersion + 1})
		}, record.ErrNewer},
		{"no schema", func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Delete(keyVersion) }, record.ErrDamaged},
		{"no bucket", func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketContent) }, record.ErrDamaged},
	} {
		db := soundHistory(t)
		edit(t, db.path, c.do)
		if _, err := db.Check(bg, func(error) {}); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", c.name, err, c.want)
		}
	}
	db := soundHistory(t)
	ctx, cancel := context.WithCancel(bg)
	cancel()
	if _, err := db.Check(ctx, func(error) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// The counts are those of what is there.
func TestCheckCounts(t *testing.T) {
	db := soundHistory(t)
	n, err := db.Check(bg, func(err error) { t.Error(err) })
	check(t, err)
	dump := db.counts(t)
	want := CheckCounts{Snapshots: int64(dump["snapshots"]), Records: int64(dump["records"]), Paths: int64(dump["paths"]),
		Identities: int64(dump["identity"]), Contents: int64(dump["content"])}
	var pages int64
	raw, err := bolt.Open(db.path, 0o600, nil)
	check(t, err)
	check(t, raw.View(func(tx *bolt.Tx) error {
		pages = tx.Size() / int64(raw.Info().PageSize)
		want.Free = int64(raw.Stats().FreePageN + raw.Stats().PendingPageN)
		return nil
	}))
	check(t, raw.Close())
	want.Pages = pages - want.Free - 3 // the meta pages, and the list of free pages
	if n != want {
		t.Errorf("%+v, want %+v", n, want)
	}
}

// What Check holds while it looks does not grow with the files.
func TestCheckTakesNoMemoryForFiles(t *testing.T) {
	held := map[int]int64{}
	for _, files := range []int{2000, 40000} {
		db := filled(t, files)
		before := inUse()
		_, err := db.Check(bg, func(err error) {
			if strings.Contains(err.Error(), "its header says") { // all paths are read by then
				held[files] = inUse() - before
			}
		})
		check(t, err)
	}
	if len(held) != 2 || held[40000] > held[2000]+256<<10 {
		t.Errorf("bytes of memory held, by files: %v", held)
	}
}

// filled is an index of one snapshot with that many files.
func filled(t tb, files int) *DB {
	db, set := newDB(t), manyEntries(files)
	for _, dir := range append([]string{""}, folders(set)...) {
		set = append(set, record.Entry{Path: dir, Record: node{1, file.Folder, "", 0o755, 0}.record()})
	}
	db.add(t, 1, set)
	return db
}

// inUse is the memory in use, in bytes.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// folders are those that the entries are in, without the root.
func folders(set []record.Entry) []string {
	all := map[string]bool{}
	for _, e := range set {
		for dir, _ := record.Split(e.Path); dir != ""; dir, _ = record.Split(dir) {
			all[dir] = true
		}
	}
	return slices.Collect(maps.Keys(all))
}
