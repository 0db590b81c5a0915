package table

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"runtime"
	"testing"

	"snap/internal/long"
	"snap/remote/vault/pack"
)

// counting counts reads.
type counting struct {
	src   *bytes.Reader
	reads int
}

func (c *counting) ReadAt(b []byte, at int64) (int, error) {
	c.reads++
	return c.src.ReadAt(b, at)
}

// TestLookUpsReadLittle: a key among many is found with a few reads.
func TestLookUpsReadLittle(t *testing.T) {
	n := long.Of(100_000, 1_000_000)
	b, _ := many(t, n)
	src := &counting{src: bytes.NewReader(b)}
	table, err := Open(src, int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	src.reads = 0
	random := rand.New(rand.NewPCG(1, 2))
	const looks = 1000
	for range looks {
		if _, found, err := table.Find(even(random.IntN(n), n)); !found || err != nil {
			t.Fatal(found, err)
		}
	}
	if src.reads > 4*looks { // one is for the pack
		t.Errorf("%d reads for %d look-ups", src.reads, looks)
	}
}

// even is the ith of n keys that are in order, and as even as hashes are.
func even(i, n int) [32]byte {
	k := key(uint64(i))
	apart := ^uint64(0) / uint64(n)
	binary.BigEndian.PutUint64(k[:], uint64(i)*apart+binary.BigEndian.Uint64(k[8:])%apart)
	return k
}

// many writes a table of n rows; grown is what the heap has more at its last row.
func many(t testing.TB, n int) (b []byte, grown int64) {
	sizes := map[[32]byte]int64{}
	for i := range uint64(1000) {
		sizes[key(i)] = 16 << 20
	}
	var out bytes.Buffer
	out.Grow(n*rowWidth + 100_000)
	before := heap()
	rows := func(yield func(Row, error) bool) {
		for i := range n {
			if !yield(Row{Key: even(i, n), Pack: key(uint64(i % 1000)), Place: pack.Place{Size: uint32(i)}}, nil) {
				return
			}
		}
		grown = heap() - before
	}
	if err := Write(&out, sizes, rows, sorted(map[[32]byte]List{})); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), grown
}

// heap is how many bytes are reachable.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestMemoryOfTables: writing, and merging by walking, takes the same memory however many rows there are.
func TestMemoryOfTables(t *testing.T) {
	_, few := many(t, 10_000)
	b, lots := many(t, long.Of(200_000, 2_000_000))
	if lots > few+1<<20 || few > 2<<20 {
		t.Errorf("%d bytes of memory for few rows, %d for many", few, lots)
	}
	table := open(t, b)
	before, i := heap(), 0
	for _, err := range MergeRows(nil, table.Rows(), table.Rows()) {
		if err != nil {
			t.Fatal(err)
		}
		if i++; i%50_000 == 0 {
			if grown := heap() - before; grown > 8<<20 {
				t.Fatalf("%d bytes more after %d rows", grown, i)
			}
		}
	}
}
