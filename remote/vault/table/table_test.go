package table

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"snap/internal/long"
	"snap/remote/vault/pack"
)

func key(n uint64) [32]byte {
	return sha256.Sum256(binary.LittleEndian.AppendUint64(nil, n))
}

// state is what a table should say.
type state struct {
	rows  map[[32]byte]Row
	lists map[[32]byte]List
	sizes map[[32]byte]int64
}

func sorted[T any](all map[[32]byte]T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		keys := slices.SortedFunc(maps.Keys(all), func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
		for _, k := range keys {
			if !yield(all[k], nil) {
				return
			}
		}
	}
}

// draw draws a table. With clustered its keys are not as even as those of SHA-256.
func draw(t *rapid.T, salt uint64) state {
	s := state{map[[32]byte]Row{}, map[[32]byte]List{}, map[[32]byte]int64{}}
	clustered := rapid.Bool().Draw(t, "clustered")
	some := func(n uint64) [32]byte {
		k := key(n)
		if clustered && n%3 > 0 {
			copy(k[:], bytes.Repeat([]byte{byte(n%3) * 0x7f}, 9))
		}
		return k
	}
	packs := rapid.Uint64Range(1, 5).Draw(t, "packs")
	for i := range rapid.Uint64Range(0, 700).Draw(t, "rows") {
		p := key(1<<40 + salt + i%packs)
		s.sizes[p] = int64(i % packs * 1000)
		u := uint32(i)
		s.rows[some(i)] = Row{some(i), p, pack.Place{Frame: u, FrameLen: u + 1, Off: u + 2, Size: u + 3}}
	}
	for i := range rapid.Uint64Range(0, 9).Draw(t, "lists") {
		l := List{Key: some(1<<20 + i), Pieces: [][32]byte{}}
		for p := range rapid.Uint64Range(0, 5).Draw(t, "pieces") {
			l.Pieces = append(l.Pieces, key(p))
		}
		s.lists[l.Key] = l
	}
	return s
}

func (s state) write(t interface{ Fatal(...any) }) []byte {
	var b bytes.Buffer
	if err := Write(&b, s.sizes, sorted(s.rows), sorted(s.lists)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t interface{ Fatal(...any) }, b []byte) *Table {
	table, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func collect[T any](t interface{ Fatal(...any) }, seq iter.Seq2[T, error]) (all []T) {
	for v, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

func sameList(a, b List) bool { return a.Key == b.Key && slices.Equal(a.Pieces, b.Pieces) }

// TestTablesSayWhatWasWritten: each key is found with its row, no other key is, and all come in order.
func TestTablesSayWhatWasWritten(t *testing.T) {
	long.Check(t, 100, func(t *rapid.T) {
		s := draw(t, 0)
		table := open(t, s.write(t))
		for k, want := range s.rows {
			if got, found, err := table.Find(k); err != nil || !found || got != want {
				t.Fatalf("%x: %v %v %v", k, got, found, err)
			}
			k[31]++
			_, there := s.rows[k]
			if _, found, err := table.Find(k); err != nil || found != there {
				t.Fatalf("%x: found %v, %v", k, found, err)
			}
		}
		for k, want := range s.lists {
			if got, found, err := table.Pieces(k); err != nil || !found || !slices.Equal(got, want.Pieces) {
				t.Fatalf("%x: %v %v %v", k, got, found, err)
			}
		}
		if !slices.Equal(collect(t, table.Rows()), collect(t, sorted(s.rows))) || table.Len() != int64(len(s.rows)) {
			t.Fatal("rows differ")
		}
		if !slices.EqualFunc(collect(t, table.Lists()), collect(t, sorted(s.lists)), sameList) {
			t.Fatal("lists differ")
		}
		packs, err := table.Packs()
		if err != nil || !maps.Equal(packs, s.sizes) {
			t.Fatalf("packs: %v, %v", packs, err)
		}
	})
}

// TestMergedTables: of rows of one key the first table's counts that is kept; a condemned pack's rows hide nothing.
func TestMergedTables(t *testing.T) {
	long.Check(t, 50, func(t *rapid.T) {
		want := state{map[[32]byte]Row{}, map[[32]byte]List{}, map[[32]byte]int64{}}
		condemned := map[[32]byte]bool{}
		var rows []iter.Seq2[Row, error]
		var lists []iter.Seq2[List, error]
		for i := range rapid.IntRange(0, 20).Draw(t, "tables") {
			s := draw(t, uint64(i)*100)
			for p := range s.sizes {
				if rapid.IntRange(0, 3).Draw(t, "condemned") == 0 {
					condemned[p] = true
				}
			}
			for k, r := range s.rows {
				if _, known := want.rows[k]; !known && !condemned[r.Pack] {
					want.rows[k] = r
					want.sizes[r.Pack] = s.sizes[r.Pack]
				}
			}
			for k, l := range s.lists {
				if _, known := want.lists[k]; !known {
					want.lists[k] = l
				}
			}
			table := open(t, s.write(t))
			rows, lists = append(rows, table.Rows()), append(lists, table.Lists())
		}
		keep := func(r *Row) bool { return !condemned[r.Pack] }
		if !slices.Equal(collect(t, MergeRows(keep, rows...)), collect(t, sorted(want.rows))) {
			t.Fatal("rows differ")
		}
		if !slices.EqualFunc(collect(t, MergeLists(nil, lists...)), collect(t, sorted(want.lists)), sameList) {
			t.Fatal("lists differ")
		}
		var b bytes.Buffer
		if err := Write(&b, want.sizes, MergeRows(keep, rows...), MergeLists(nil, lists...)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), want.write(t)) {
			t.Fatal("a merged table is not as one written at once")
		}
	})
}

// TestDamagedTables: of a table with any byte changed, or cut off anywhere, every answer is the right one or
// ErrDamaged.
func TestDamagedTables(t *testing.T) {
	s := state{map[[32]byte]Row{}, map[[32]byte]List{}, map[[32]byte]int64{key(100): 5, key(101): 1 << 40}}
	for i := range uint64(40) {
		s.rows[key(i)] = Row{key(i), key(100 + i%2), pack.Place{Frame: uint32(i), Size: 7}}
	}
	for i := range uint64(3) {
		s.lists[key(i+50)] = List{key(i + 50), [][32]byte{key(i), key(i + 1)}}
	}
	whole := s.write(t)
	for i := range whole {
		b := bytes.Clone(whole)
		b[i] ^= 1 << (i % 8)
		if found := s.agrees(t, b); !found {
			t.Errorf("byte %d is another one, and nothing is said", i)
		}
		if _, err := Open(bytes.NewReader(whole[:i]), int64(i)); !errors.Is(err, ErrDamaged) {
			t.Errorf("cut off at %d: %v", i, err)
		}
	}
	whole[7]++
	if _, err := Open(bytes.NewReader(whole), int64(len(whole))); !errors.Is(err, ErrNewer) {
		t.Errorf("a newer one: %v", err)
	}
}

// agrees compares all answers of a table that may be damaged, and reports whether any says so.
func (s state) agrees(t *testing.T, b []byte) (found bool) {
	t.Helper()
	is := func(err error) bool {
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewer) {
			t.Errorf("no named error: %v", err)
		}
		found = found || err != nil
		return err != nil
	}
	table, err := Open(bytes.NewReader(b), int64(len(b)))
	if is(err) {
		return found
	}
	for k, want := range s.rows {
		if got, ok, err := table.Find(k); !is(err) && (!ok || got != want) {
			t.Errorf("%x: a wrong row, or none", k)
		}
	}
	for k, want := range s.lists {
		if got, ok, err := table.Pieces(k); !is(err) && (!ok || !slices.Equal(got, want.Pieces)) {
			t.Errorf("%x: wrong pieces, or none", k)
		}
	}
	for _, err := range table.Rows() {
		is(err)
	}
	if packs, err := table.Packs(); !is(err) && !maps.Equal(packs, s.sizes) {
		t.Error("wrong packs")
	}
	return found
}

// FuzzTable: no bytes make a table panic or allocate more than it is large.
func FuzzTable(f *testing.F) {
	s := state{map[[32]byte]Row{key(1): {Key: key(1), Pack: key(2)}},
		map[[32]byte]List{key(3): {key(3), [][32]byte{key(1)}}}, map[[32]byte]int64{key(2): 9}}
	f.Add(s.write(f))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		table, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		for r, err := range table.Rows() {
			if err != nil {
				break
			}
			if _, _, err := table.Find(r.Key); err != nil && !errors.Is(err, ErrDamaged) {
				t.Error(err)
			}
		}
		for _, err := range table.Lists() {
			if err != nil {
				break
			}
		}
		_, _, _ = table.Pieces(key(3))
		_, _ = table.Packs()
	})
}

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

// TestTheBytesOfTables: the format does not change unseen.
func TestTheBytesOfTables(t *testing.T) {
	s := state{map[[32]byte]Row{}, map[[32]byte]List{key(9): {key(9), [][32]byte{key(1), key(2)}}},
		map[[32]byte]int64{key(7): 4096}}
	for i := range uint64(3) {
		s.rows[key(i)] = Row{key(i), key(7), pack.Place{Frame: 40, FrameLen: 1000, Off: 512, Size: uint32(i)}}
	}
	const want = "d51b2b7900134901c2ff86085cbf7fe5e5f6f2ce8b58c3cfb3ab206c182b734b"
	if got := fmt.Sprintf("%x", sha256.Sum256(s.write(t))); got != want {
		t.Errorf("the bytes of a table are others: %s", got)
	}
}
