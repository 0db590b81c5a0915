package index

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"unsafe"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
	"snap/record"
)

// pageSize is how many paths a scan reads in one transaction: large enough that opening the database
// for each page costs nothing, small enough that a page is no memory to speak of.
const pageSize = 4096

// keyBytes is what a path takes in the database beside a record: its key in two buckets, the list of snapshots.
const keyBytes = 150

// at is the largest of seqs that is not above seq, 0 if there is none.
func at(seqs []uint64, seq uint64) uint64 {
	i, found := slices.BinarySearch(seqs, seq)
	switch {
	case found:
		return seq
	case i == 0:
		return 0
	}
	return seqs[i-1]
}

// page is a part of one snapshot's listing.
type page struct {
	entries []record.Entry
	next    []byte // where the next page begins, nil after the last
	rows    []row  // reused
	size    int    // bytes of the strings
}

// row is an entry that is not taken apart yet: where its path and its record end in the page's strings.
type row struct {
	key          []byte
	pathEnd, end int
}

// Entries yields what snapshot seq holds at and below the folder dir ("" for all), in key order. It
// reads in pages and keeps nothing open between them. The entry is valid until the next one, its
// strings for good.
func (db *DB) Entries(ctx context.Context, seq uint64, dir string) iter.Seq2[*record.Entry, error] {
	return db.EntriesAfter(ctx, seq, dir, "")
}

// EntriesAfter is Entries from the first path that comes after the path after; "" begins at the front.
func (db *DB) EntriesAfter(ctx context.Context, seq uint64, dir, after string) iter.Seq2[*record.Entry, error] {
	return db.entries(ctx, seq, dir, after, func(*bolt.Tx, *page) error { return nil })
}

// entries is EntriesAfter; more looks at each page in the transaction that read it.
func (db *DB) entries(ctx context.Context, seq uint64, dir, after string,
	more func(*bolt.Tx, *page) error) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		within := appendKey(nil, dir)
		start := within
		if dir == "" {
			start = nil
		}
		if dir == "" {
			file.ReadAhead(db.path)
		}
		if next := append(appendKey(nil, after), 0); after != "" && string(next) > string(start) {
			start = next
		}
		for p := (page{next: start}); ; {
			if err := db.view(ctx, func(tx *bolt.Tx) error {
				if err := readPage(tx, seq, within, &p); err != nil {
					return err
				}
				return more(tx, &p)
			}); err != nil {
				yield(nil, err)
				return
			}
			db.windows.Add(int64(p.size+len(p.rows)*keyBytes) >> windowBits)
			for i := range p.entries {
				if !yield(&p.entries[i], nil) {
					return
				}
			}
			if p.next == nil {
				return
			}
		}
	}
}

// readPage reads up to pageSize live entries from p.next on.
func readPage(tx *bolt.Tx, seq uint64, within []byte, p *page) error {
	// What the entries' strings alias, never written after this. Pages of one snapshot are much alike.
	arena := make([]byte, 0, p.size+p.size/16)
	rows := p.rows[:0]
	b := openBuckets(tx)
	seqs := make([]uint64, 0, 16)
	scan, k, v, err := scanPaths(tx, within, p.next)
	for ; k != nil && err == nil; k, v, err = scan.next() {
		if len(rows) == pageSize {
			p.next = append([]byte(nil), k...)
			break
		}
		if seqs, err = seqsOf(k, v, seqs[:0]); err != nil {
			return err
		}
		s := at(seqs, seq)
		if s == 0 {
			continue
		}
		sealed := b.value(s, k)
		body, ok := unseal(sealed, k)
		if !ok {
			return damaged("the record of %q in snapshot %d", appendPath(nil, k), s)
		}
		arena = appendPath(arena, k)
		pathEnd := len(arena)
		arena = append(arena, body...)
		rows = append(rows, row{k, pathEnd, len(arena)})
	}
	if err != nil {
		return err
	}
	if k == nil {
		p.next = nil
	}
	p.rows, p.size = rows, len(arena)
	if p.entries = p.entries[:0]; cap(p.entries) < len(rows) {
		p.entries = make([]record.Entry, 0, len(rows))
	}
	all := unsafe.String(unsafe.SliceData(arena), len(arena))
	start := 0
	for _, row := range rows {
		p.entries = p.entries[:len(p.entries)+1]
		e := &p.entries[len(p.entries)-1]
		if err := row.parse(all, start, e); err != nil {
			return err
		}
		start = row.end
		if e.Change == record.Removed {
			p.entries = p.entries[:len(p.entries)-1]
		}
	}
	return nil
}

// parse takes the row apart whose strings in all begin at start.
func (r *row) parse(all string, start int, e *record.Entry) error {
	e.Path = all[start:r.pathEnd]
	if !validKey(r.key, e.Path) {
		return damaged("a path that cannot be: %q", e.Path)
	}
	if err := record.Parse(all[r.pathEnd:r.end], &e.Record); err != nil {
		return fmt.Errorf("%q: %w", e.Path, err)
	}
	return nil
}

// Lookup is the state of path in snapshot seq, and the snapshot whose record says so; ErrNotFound if it
// is not there.
func (db *DB) Lookup(ctx context.Context, seq uint64, path string) (r record.Record, since uint64, err error) {
	err = db.view(ctx, func(tx *bolt.Tx) error {
		since, err = lookup(tx, openBuckets(tx), seq, path, &r)
		return err
	})
	return r, since, err
}

func lookup(tx *bolt.Tx, b *buckets, seq uint64, path string, r *record.Record) (uint64, error) {
	key := appendKey(nil, path)
	seqs, err := b.seqs(tx, key)
	if err != nil {
		return 0, err
	}
	s := at(seqs, seq)
	if s == 0 {
		return 0, ErrNotFound
	}
	if err := b.record(s, key, r); err != nil {
		return 0, err
	}
	if r.Change == record.Removed {
		return s, ErrNotFound
	}
	return s, nil
}
