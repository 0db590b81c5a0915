package index

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"snap/index/pages"
	"snap/internal/file"
	"snap/record"
)

// Records larger than a page, buckets that lie in a page of their parent, and a long list of free pages.
func TestLargeAndSmallPagesAreProved(t *testing.T) {
	db := newDB(t)
	set := manyEntries(3000)
	for i := range set {
		if i%500 == 0 {
			set[i].Xattrs = []file.Xattr{{Name: "user.x", Value: bytes.Repeat([]byte{byte(i)}, 50000+i)}}
		}
	}
	for _, dir := range append([]string{""}, folders(set)...) {
		set = append(set, record.Entry{Path: dir, Record: node{1, file.Folder, "", 0o755, 0}.record()})
	}
	db.add(t, 1, set)
	for seq := uint64(2); seq < 50; seq++ {
		e := set[seq]
		e.Change, e.Mode = record.Metadata, uint16(seq)
		db.add(t, seq, []record.Entry{e})
	}
	check(t, db.Undo(bg, 49))
	heads, err := db.Snapshots(bg)
	check(t, err)
	for _, h := range heads {
		h.Files, h.Dirs, h.Bytes = 3000, int64(len(set)-3000), 10890
		check(t, db.SetHeader(bg, &h))
	}
	if got := db.findings(t); len(got) > 0 {
		t.Errorf("sound: %.300q", got)
	}
	raw, err := os.ReadFile(db.path)
	check(t, err)
	at := bytes.Index(raw, bytes.Repeat([]byte{byte(1000 & 0xff)}, 9000)) // far from the head of its page
	raw[at+8000] ^= 1
	check(t, os.WriteFile(db.path, raw, 0o600))
	if got := db.findings(t); len(got) == 0 {
		t.Error("a bit in a large record: nothing found")
	}
}

// A fingerprint that is known spares a large index the proof, another one does not, and a small index is
// always proved.
func TestAKnownIndexIsNotProvedAgain(t *testing.T) {
	db := deepHistory(t)
	raw := readRaw(t, db.path)
	binary.NativeEndian.PutUint64(raw.page(raw.freelist)[16:], uint64(raw.leaves[0])) // what only a proof sees
	raw.setCount(raw.freelist, 1)
	raw.save(t, db.path)
	now := func() string {
		f, err := os.Open(db.path)
		check(t, err)
		defer f.Close()
		s, _, err := fingerprint(f)
		check(t, err)
		return s
	}
	read := func(trust string) (string, bool) {
		db, err := Open(db.path)
		check(t, err)
		db.Trust(trust)
		_, err = db.ID(bg)
		check(t, err)
		return db.Fingerprint(), db.badFree != nil
	}
	if got, proved := read(now()); got != "" || !proved {
		t.Errorf("a small index: fingerprint %q, proved %t", got, proved)
	}
	check(t, os.Truncate(db.path, alwaysProve+4096)) // bbolt does not mind room behind the last page
	if got, proved := read(""); got != "" || !proved {
		t.Errorf("a large index: fingerprint %q, proved %t", got, proved)
	}
	if got, proved := read("1" + now()); got != "" || !proved {
		t.Errorf("another fingerprint: fingerprint %q, proved %t", got, proved)
	}
	known := now()
	if got, proved := read(known); got != known || proved {
		t.Errorf("its fingerprint: %q, proved %t", got, proved)
	}
	raw.setChild(raw.branches[0], 0, raw.branches[0])
	check(t, os.WriteFile(db.path, raw.b, 0o600))
	check(t, os.Truncate(db.path, alwaysProve+4096))
	other, err := Open(db.path)
	check(t, err)
	other.Trust(known)
	if _, err := other.ID(bg); !errors.Is(err, record.ErrDamaged) || other.Fingerprint() != "" {
		t.Errorf("changed since: fingerprint %q, %v", other.Fingerprint(), err)
	}
}

// What a DB has written itself it knows, also after it has grown, and so does the next one that is told.
func TestAFingerprintIsThatOfWhatWasWritten(t *testing.T) {
	db := deepHistory(t)
	check(t, os.Truncate(db.path, alwaysProve+4096))
	_, err := db.ID(bg)
	check(t, err)
	before := db.Fingerprint()
	h := db.header(t, 1)
	h.Note = "a note"
	check(t, db.SetHeader(bg, &h))
	after := db.Fingerprint()
	if before == "" || after == "" || before == after {
		t.Fatalf("before %q, after %q", before, after)
	}
	next, err := Open(db.path)
	check(t, err)
	next.Trust(after)
	_, err = next.ID(bg)
	check(t, err)
	if next.Fingerprint() != after {
		t.Errorf("the next one: %q, want %q", next.Fingerprint(), after)
	}
	if err := db.SetHeader(bg, &record.Header{Seq: 77}); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	if _, err = db.ID(bg); err != nil || db.Fingerprint() != after {
		t.Errorf("after a call that failed: %q, %v", db.Fingerprint(), err)
	}
	ctx, cancel := context.WithCancel(bg)
	cancel()
	if _, err := mustPages(t, db.path).Prove(ctx, "records"); !errors.Is(err, context.Canceled) {
		t.Errorf("a proof that is cancelled: %v", err)
	}
}

func mustPages(t tb, path string) *pages.File {
	b, err := os.ReadFile(path)
	check(t, err)
	f, err := pages.Open(bytes.NewReader(b), int64(len(b)))
	check(t, err)
	return f
}
