package index

import (
	"testing"

	"snap/record"
)

// A header that was read before is not decoded again, and what was changed since is seen: by whoever changed it, and
// by a caller that had changed its own copy.
func TestHeadersAreReadOnce(t *testing.T) {
	db := newDB(t)
	const count = 50
	for seq := uint64(1); seq <= count; seq++ {
		db.add(t, seq, []record.Entry{})
	}
	read := func() []record.Header {
		all, err := db.Snapshots(bg)
		check(t, err)
		return all
	}
	first := read()
	if allocations := testing.AllocsPerRun(10, func() { read() }); allocations > 5*count {
		t.Errorf("%v allocations for %d headers that were read before", allocations, count)
	}
	first[3].Name, first[3].Note, first[3].Tags = "mine", "mine", nil // of one caller alone
	other, err := Open(db.path)
	check(t, err)
	changed := read()[6]
	changed.Note, changed.Tags = "later", []string{"pin"}
	check(t, other.SetHeader(bg, &changed))
	check(t, other.Undo(bg, count))
	again := read()
	if len(again) != count-1 {
		t.Fatalf("%d headers", len(again))
	}
	if h := again[3]; h.Name != "s4" || h.Note != "" || len(h.Tags) != 1 {
		t.Errorf("%+v", h)
	}
	if h := again[6]; h.Note != "later" || h.Tags[0] != "pin" {
		t.Errorf("%+v", h)
	}
}
