package vault

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"snap/remote/vault/table"
	"sync"
)

// spillAt is how many rows are kept in memory before they go to the disk as a table: some 10 MiB.
const spillAt = 50_000

// own is what a run has put and no head names yet. It is asked by several goroutines while one adds to it.
type own struct {
	m       *mirror
	prefix  string
	mu      sync.RWMutex
	begun   map[[32]byte]bool // contents in packs that are not closed
	rows    map[[32]byte]table.Row
	lists   map[[32]byte][][32]byte
	packs   map[[32]byte]int64 // size
	spilled []spilled
	n       int // of tables that were spilled, for their names
}

// spilled is a table of what was in memory. There is one more for each 50,000 contents, and of each new one all are
// asked, so that most are to say no without a read.
type spilled struct {
	*openTable
	sieve sieve
}

const ownPrefix = "own-"

func newOwn(m *mirror) *own {
	o := &own{m: m, prefix: ownPrefix}
	o.reset()
	return o
}

func (o *own) reset() {
	o.begun, o.rows, o.lists = map[[32]byte]bool{}, map[[32]byte]table.Row{}, map[[32]byte][][32]byte{}
	o.packs = map[[32]byte]int64{}
}

// close forgets all, and removes what was spilled.
func (o *own) close() (err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, t := range o.spilled {
		err = errors.Join(err, t.close(), o.m.remove(t.name))
	}
	o.spilled = nil
	o.reset()
	return err
}

// has reports whether a content was put, or is in a pack that will be.
func (o *own) has(key [32]byte) (bool, error) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	if _, ok := o.rows[key]; ok || o.begun[key] {
		return true, nil
	}
	if _, ok := o.lists[key]; ok {
		return true, nil
	}
	for _, t := range o.spilled {
		if !t.sieve.passes(key) {
			continue
		}
		if ok, err := t.has(key); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func (o *own) begin(key [32]byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.begun[key] = true
}

func (o *own) addList(key [32]byte, pieces [][32]byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lists[key] = pieces
}

// add takes in a pack.
func (o *own) add(p *packed) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(p.Rows) > 0 {
		o.packs[p.Name] = p.Size
	}
	for _, r := range p.Rows {
		o.rows[r.Key] = r
		delete(o.begun, r.Key)
	}
	for _, l := range p.Lists {
		o.lists[l.Key] = l.Pieces
	}
	if len(o.rows) < spillAt {
		return nil
	}
	t, err := o.spill(fmt.Sprintf("%s%d", o.prefix, o.n))
	if err != nil {
		return err
	}
	o.n++
	o.spilled = append(o.spilled, spilled{t, o.sieve()})
	o.rows, o.lists, o.packs = map[[32]byte]table.Row{}, map[[32]byte][][32]byte{}, map[[32]byte]int64{}
	return nil
}

// sieve is that of what is in memory.
func (o *own) sieve() sieve {
	s := newSieve(len(o.rows) + len(o.lists))
	for key := range o.rows {
		s.add(key)
	}
	for key := range o.lists {
		s.add(key)
	}
	return s
}

// spill writes what is in memory as a table.
func (o *own) spill(name string) (*openTable, error) {
	return o.m.writeTable(name, o.packs, sortedRows(o.rows), sortedLists(o.lists))
}

// table writes all as one table.
func (o *own) table(name string) (*openTable, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	packs := maps.Clone(o.packs)
	rows, lists := []iter.Seq2[table.Row, error]{sortedRows(o.rows)}, []iter.Seq2[table.List, error]{sortedLists(o.lists)}
	for _, t := range o.spilled {
		maps.Copy(packs, t.packs)
		rows, lists = append(rows, t.rows()), append(lists, t.lists())
	}
	return o.m.writeTable(name, packs, table.MergeRows(nil, rows...), table.MergeLists(nil, lists...))
}

// empty reports whether nothing was put.
func (o *own) empty() bool {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return len(o.rows) == 0 && len(o.lists) == 0 && len(o.spilled) == 0
}

func byKey(a, b table.Row) int { return bytes.Compare(a.Key[:], b.Key[:]) }

func sortedRows(rows map[[32]byte]table.Row) iter.Seq2[table.Row, error] {
	return func(yield func(table.Row, error) bool) {
		for _, r := range slices.SortedFunc(maps.Values(rows), byKey) {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func sortedLists(lists map[[32]byte][][32]byte) iter.Seq2[table.List, error] {
	return func(yield func(table.List, error) bool) {
		keys := slices.SortedFunc(maps.Keys(lists), func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
		for _, key := range keys {
			if !yield(table.List{Key: key, Pieces: lists[key]}, nil) {
				return
			}
		}
	}
}
