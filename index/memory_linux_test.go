package index

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"

	"snap/internal/file"
	"snap/record"
)

// mappedMemory is how much of this process's memory is of mapped files, in bytes: the test program too.
func mappedMemory(t *testing.T) (sum int64) {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	check(t, err)
	for line := range strings.Lines(string(b)) {
		words := strings.Fields(line)
		if words[0] != "RssFile:" && words[0] != "RssShmem:" { // the latter where the index lies in memory
			continue
		}
		kib, err := strconv.ParseInt(words[1], 10, 64)
		check(t, err)
		sum += kib << 10
	}
	return sum
}

// However much of an index is looked at or changed, in one transaction or in many while it is held open, little of
// it stays mapped.
func TestWhatWasLookedAtDoesNotStayInMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("an index of 76 MB is made")
	}
	const n, limit = 200_000, 40 << 20
	db := newDB(t)
	head := func() (*record.Header, error) { return &record.Header{Name: "s"}, nil }
	check(t, db.Import(bg, 1, manyFiles(n, nil), head))
	if size := db.size(t); size < limit*3/2 {
		t.Fatalf("an index of %d bytes proves nothing", size)
	}
	var all []record.Entry // of every tenth file, in the order of nothing
	for e, err := range manyFiles(n, nil) {
		check(t, err)
		if len(all) < n/10 && e.Kind == file.Regular && e.Ino%10 == 0 {
			all = append(all, *e)
		}
	}
	for _, work := range []struct {
		name string
		do   func(look func())
	}{
		{"looking up while held", func(look func()) {
			check(t, db.Hold(bg))
			defer db.Release()
			for i := range all {
				r := &all[i*7919%len(all)]
				_, _, err := db.Lookup(bg, 1, r.Path)
				check(t, err)
				_, err = db.ByIdentity(bg, 1, &r.Record, 1)
				check(t, err)
				_, err = db.ByContent(bg, 1, r.Size, r.Hash, 1)
				check(t, err)
				look()
			}
		}},
		{"finding a few of many", func(look func()) {
			for _, err := range db.Histories(bg, "",
				func(path []byte) bool { look(); return bytes.HasSuffix(path, []byte("1.txt")) }) {
				check(t, err)
			}
		}},
		{"listing", func(look func()) {
			for _, err := range db.Entries(bg, 1, "") {
				check(t, err)
				look()
			}
		}},
		{"importing changes of every tenth", func(look func()) {
			check(t, db.Import(bg, 2, manyFiles(n, func(i int, e *record.Entry) bool {
				look()
				e.Hash[0]++
				return i%10 == 0
			}), head))
		}},
		{"comparing", func(look func()) {
			for _, err := range db.Diff(bg, 1, 2) {
				check(t, err)
				look()
			}
		}},
	} {
		t.Run(work.name, func(t *testing.T) {
			base, most, calls := mappedMemory(t), int64(0), 0
			work.do(func() {
				if calls++; calls%256 == 1 {
					most = max(most, mappedMemory(t))
				}
			})
			if most-base > limit {
				t.Errorf("%d MiB of the file are in memory", (most-base)>>20)
			}
		})
	}
}
