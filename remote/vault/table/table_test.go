package table

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"maps"
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
