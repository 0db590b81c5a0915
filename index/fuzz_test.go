package index

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"snap/record"
)

// FuzzKey: paths and keys are each other's, in the same order; bytes that are no key are refused.
func FuzzKey(f *testing.F) {
	for _, p := range append([]string{"", "a/b", "a-b", "a/b/c", "..", "a//b", "/a", "a/", "a\x00b"}, oddNames...) {
		f.Add(p, "a/"+p, uint64(len(p)), uint64(1)<<40)
	}
	f.Fuzz(func(t *testing.T, a, b string, x, y uint64) {
		ka, kb := appendKey(nil, a), appendKey(nil, b)
		if record.ValidPath(a) {
			if p, err := pathOf(ka); err != nil || p != a {
				t.Errorf("%q comes back as %q, %v", a, p, err)
			}
			if dir, name := record.Split(a); record.Join(dir, name) != a || !record.Within(a, dir) || !record.ValidPath(dir) {
				t.Errorf("%q is %q in %q", a, name, dir)
			}
		}
		if record.ValidPath(a) && record.ValidPath(b) {
			if got, want := cmp.Compare(record.Compare(a, b), 0), bytes.Compare(ka, kb); got != want {
				t.Errorf("Compare(%q, %q) is %d, their keys %d", a, b, got, want)
			}
			if got, want := keyWithin(ka, kb), record.Within(a, b); got != want {
				t.Errorf("%q within %q: by key %v, by path %v", a, b, got, want)
			}
		}
		if p, err := pathOf([]byte(a)); err == nil {
			if !record.ValidPath(p) || string(appendKey(nil, p)) != a {
				t.Errorf("the key %q is that of %q", a, p)
			}
		} else if !errors.Is(err, record.ErrDamaged) {
			t.Errorf("error %v", err)
		}
		if got, want := bytes.Compare(appendOrdered(nil, x), appendOrdered(nil, y)), cmp.Compare(x, y); got != want {
			t.Errorf("%d and %d in order: %d, want %d", x, y, got, want)
		}
	})
}

// FuzzHeader: a header is read and is the same when it was written again, or is damaged.
func FuzzHeader(f *testing.F) {
	for _, s := range []string{
		`{"seq":1,"name":"s1","state":"complete"}`, `{"seq":1}`, `{"seq":2}`, `{}`, `{`, `null`, `[]`, `{"seq":-1}`,
		`{"seq":1e3}`,
		`{"seq":1,"time":"2026-11-22T13:45:10.5+01:00","users":{"0":"root"},"groups":{"x":""},` +
			`"volumes":[""],"merged":[1,2],"bucket":1}`,
		`{"seq":1,"volumes":{"3":"x","70":""}}`,
		`{"seq":1,"tags":null,"files":9223372036854775807}`, `{"seq":1,"files":9223372036854775808}`, `{"seq":1,"seq":2}`,
		`{"SEQ":1,"Name":"\ud800"}`,
	} {
		f.Add([]byte(s), uint64(1))
	}
	f.Fuzz(func(t *testing.T, body []byte, seq uint64) {
		k := seqKey(seq)
		h, err := parseHeader(k, seal(bytes.Clone(body), k))
		if err != nil {
			if !errors.Is(err, record.ErrDamaged) {
				t.Errorf("error %v", err)
			}
			return
		}
		if h.Seq != seq || h.BucketSeq() == 0 && seq != 0 {
			t.Errorf("a header of %d: %+v", seq, h)
		}
		db := newDB(t)
		edit(t, db.path, func(tx *bolt.Tx) error { return putHeader(tx, &h) })
		all, err := db.Snapshots(bg)
		check(t, err)
		norm := func(h record.Header) record.Header { // the zone is not written but as an offset, an empty map not at all
			h.Time, h.Finished = h.Time.Round(0).In(time.UTC), h.Finished.Round(0).In(time.UTC)
			if len(h.Users) == 0 {
				h.Users = nil
			}
			if len(h.Groups) == 0 {
				h.Groups = nil
			}
			if len(h.Volumes) == 0 {
				h.Volumes = nil
			}
			if len(h.Merged) == 0 {
				h.Merged = nil
			}
			return h
		}
		if len(all) != 1 || !reflect.DeepEqual(norm(all[0]), norm(h)) {
			t.Errorf("written again it is\n%+v, not\n%+v", all, h)
		}
	})
}

// smallPages is smallHistory with pages of 1 KiB, so that it has several levels of them in a few bytes.
func smallPages(t tb) []byte {
	path := filepath.Join(memoryDir(t), "small")
	small, err := bolt.Open(path, 0o600, &bolt.Options{PageSize: 1 << 10})
	check(t, err)
	from, err := bolt.Open(soundHistory(t).path, 0o600, &bolt.Options{ReadOnly: true})
	check(t, err)
	check(t, bolt.Compact(small, from, 0))
	check(t, errors.Join(small.Close(), from.Close()))
	b, err := os.ReadFile(path)
	check(t, err)
	return b
}

// mendMeta makes the checksums of the meta pages right, so that the fuzzer gets past them.
func mendMeta(b []byte) {
	for _, at := range []int{0, 1 << 10} {
		if len(b) < at+pageHeader+64 {
			return
		}
		m := b[at+pageHeader:]
		binary.NativeEndian.PutUint32(m, 0xED0CDAED)
		binary.NativeEndian.PutUint32(m[4:], 2)
		binary.NativeEndian.PutUint32(m[8:], 1<<10)
		sum := fnv.New64a()
		sum.Write(m[:56])
		binary.NativeEndian.PutUint64(m[56:], sum.Sum64())
	}
}

// FuzzPages: whatever the pages of a file are, every call ends, with an answer or an error.
func FuzzPages(f *testing.F) {
	b := smallPages(f)
	f.Add(b, false)
	f.Add(b, true)
	for id := range len(b) >> 10 { // each page leads to itself and to the one before, as far as it leads anywhere
		for _, to := range []byte{byte(id), byte(id - 1)} {
			bad := bytes.Clone(b)
			bad[id<<10+8], bad[id<<10+pageHeader+8] = 1, to // a branch
			f.Add(bad, true)
		}
	}
	path := filepath.Join(memoryDir(f), "index.db")
	f.Fuzz(func(t *testing.T, b []byte, mend bool) {
		b = bytes.Clone(b)
		if len(b) < smallest {
			b = append(b, make([]byte, smallest-len(b))...)
		}
		if mend {
			mendMeta(b)
		}
		check(t, os.WriteFile(path, b, 0o600))
		db, err := Open(path)
		check(t, err)
		errs := db.questions()
		_, errs["Check"] = db.Check(bg, func(err error) {
			if !errors.Is(err, record.ErrDamaged) && !errors.Is(err, record.ErrNewer) {
				t.Errorf("Check found %v", err)
			}
		})
		errs["SetHeader"] = db.SetHeader(bg, &record.Header{Seq: 4, Name: "new"})
		for call, err := range errs {
			if err != nil && !errors.Is(err, record.ErrDamaged) && !errors.Is(err, record.ErrNewer) &&
				!errors.Is(err, ErrNotFound) {
				t.Errorf("%s: %v", call, err)
			}
		}
	})
}
