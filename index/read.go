package index

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"unsafe"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
)

// pageSize is how many paths a scan reads in one transaction: large enough that opening the database
// for each page costs nothing, small enough that a page is no memory to speak of.
const pageSize = 4096

// buckets reads records of many snapshots within one transaction.
type buckets struct {
	root    *bolt.Bucket
	cursors map[uint64]*cursor
}

// cursor stands in one snapshot's bucket; neighbouring keys are found without a search.
type cursor struct {
	c    *bolt.Cursor
	k, v []byte
}

func openBuckets(tx *bolt.Tx) *buckets {
	return &buckets{root: tx.Bucket(bucketRecords), cursors: map[uint64]*cursor{}}
}

// value is the sealed record of key in snapshot seq, nil if there is none.
func (b *buckets) value(seq uint64, key []byte) []byte {
	c := b.cursors[seq]
	if c == nil {
		c = &cursor{}
		if r := b.root.Bucket(seqKey(seq)); r != nil {
			c.c = r.Cursor()
		}
		b.cursors[seq] = c
	}
	if c.c == nil {
		return nil
	}
	if c.k != nil {
		if c.k, c.v = c.c.Next(); string(c.k) == string(key) {
			return c.v
		}
	}
	if c.k, c.v = c.c.Seek(key); string(c.k) == string(key) {
		return c.v
	}
	return nil
}

// record reads the record of key in snapshot seq into r, which aliases nothing. A record that `paths`
// promises must be there.
func (b *buckets) record(seq uint64, key []byte, r *Record) error {
	v := b.value(seq, key)
	if v == nil {
		return damaged("snapshot %d has no record for %q", seq, appendPath(nil, key))
	}
	body, ok := unseal(v, key)
	if !ok {
		return damaged("the record of %q in snapshot %d", appendPath(nil, key), seq)
	}
	return parseRecord(string(body), r)
}

// seqsAt finds the list of snapshots that hold a record for key in the bucket paths, nil if none does.
//
// A damaged key leads bbolt's search astray, so that another key is not found although it is there. A list
// that is not there is proved: the keys on both sides must be whole and in order.
func seqsAt(paths *bolt.Bucket, key []byte) ([]uint64, error) {
	c := paths.Cursor()
	k, v := c.Seek(key)
	if string(k) == string(key) {
		return seqsOf(k, v, nil)
	}
	if err := whole(k, v); err != nil {
		return nil, err
	}
	if k != nil && string(k) < string(key) {
		return nil, damaged("the keys around %q", appendPath(nil, key))
	}
	return nil, wholeBefore(c, k, key)
}

// seekWhole finds the first key from start on in the bucket paths or in one of records, and proves that
// there is none before it.
func seekWhole(b *bolt.Bucket, start []byte) (c *bolt.Cursor, k, v []byte, err error) {
	c = b.Cursor()
	if k, v = c.Seek(start); len(start) > 0 && string(k) != string(start) {
		if err := wholeBefore(c, k, start); err != nil {
			return nil, nil, nil, err
		}
		k, v = c.Seek(start)
	}
	return c, k, v, nil
}

// wholeBefore makes sure that the key before k, where the search for start has ended, comes before start.
func wholeBefore(c *bolt.Cursor, k, start []byte) error {
	before, v := c.Prev, []byte(nil)
	if k == nil {
		before = c.Last
	}
	if k, v = before(); k != nil && string(k) >= string(start) {
		return damaged("the keys around %q", appendPath(nil, start))
	}
	return whole(k, v)
}

// whole checks the seal of a key and its value; nil is whole.
func whole(k, v []byte) error {
	if _, ok := unseal(v, k); !ok && k != nil {
		return damaged("the entry of %q", appendPath(nil, k))
	}
	return nil
}

// seqsOf reads the list of snapshots that hold a record for key.
func seqsOf(key, v []byte, seqs []uint64) ([]uint64, error) {
	body, ok := unseal(v, key)
	if !ok {
		return nil, damaged("the list of snapshots of %q", appendPath(nil, key))
	}
	return parseSeqs(string(body), seqs)
}

// pathScan goes through the bucket paths, as far as a folder reaches. It checks every key that it passes
// and the one that it ends before: nothing is left out because its key was damaged.
type pathScan struct {
	c      *bolt.Cursor
	within []byte
	up     rising
}

// scanPaths begins a scan of within at start, nil for the very first key.
func scanPaths(tx *bolt.Tx, within, start []byte) (s *pathScan, k, v []byte, err error) {
	s = &pathScan{within: within, up: rising{last: start}}
	if s.c, k, v, err = seekWhole(tx.Bucket(bucketPaths), start); err != nil {
		return nil, nil, nil, err
	}
	k, v, err = s.check(k, v)
	return s, k, v, err
}

// next is the next key and its list of snapshots, nil at the end.
func (s *pathScan) next() (k, v []byte, err error) { return s.check(s.c.Next()) }

func (s *pathScan) check(k, v []byte) ([]byte, []byte, error) {
	if k == nil {
		return nil, nil, nil
	}
	if err := whole(k, v); err != nil {
		return nil, nil, err
	}
	if err := s.up.step(k); err != nil {
		return nil, nil, err
	}
	if !keyWithin(k, s.within) {
		return nil, nil, nil
	}
	return k, v, nil
}

// at is the largest of seqs that is not above seq, 0 if there is none.
func at(seqs []uint64, seq uint64) uint64 {
	for i := len(seqs) - 1; i >= 0; i-- {
		if seqs[i] <= seq {
			return seqs[i]
		}
	}
	return 0
}

// page is a stretch of one snapshot's listing.
type page struct {
	entries []Entry
	next    []byte // where the next page begins, nil after the last
}

// rising makes sure that keys come in order. Where damage made the pages of the database lead elsewhere
// or in circles, a scan would otherwise repeat itself, or never end.
type rising struct {
	last  []byte // the key before, at first where the scan begins
	begun bool
}

func (r *rising) step(key []byte) error {
	if c := bytes.Compare(key, r.last); c < 0 || c == 0 && r.begun {
		return damaged("%q out of order", appendPath(nil, key))
	}
	r.last, r.begun = key, true
	return nil
}

// Entries yields what snapshot seq holds at and below the folder dir ("" for all), in key order. It
// reads in pages and keeps nothing open between them. The entry is valid until the next one, its
// strings for good.
func (db *DB) Entries(ctx context.Context, seq uint64, dir string) iter.Seq2[*Entry, error] {
	return db.EntriesAfter(ctx, seq, dir, "")
}

// EntriesAfter is Entries from the first path that comes after the path after; "" begins at the front.
func (db *DB) EntriesAfter(ctx context.Context, seq uint64, dir, after string) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		within := appendKey(nil, dir)
		start := within
		if dir == "" {
			start = nil
		}
		if next := append(appendKey(nil, after), 0); after != "" && string(next) > string(start) {
			start = next
		}
		for p := (page{next: start}); ; {
			if err := db.view(ctx, func(tx *bolt.Tx) error { return readPage(tx, seq, within, &p) }); err != nil {
				yield(nil, err)
				return
			}
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
	type found struct {
		key          []byte
		pathEnd, end int // in arena
	}
	var arena []byte // what the entries' strings alias; never written after this
	var rows []found
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
		rows = append(rows, found{k, pathEnd, len(arena)})
	}
	if err != nil {
		return err
	}
	if k == nil {
		p.next = nil
	}
	if p.entries = p.entries[:0]; cap(p.entries) < len(rows) {
		p.entries = make([]Entry, 0, len(rows))
	}
	all := unsafe.String(unsafe.SliceData(arena), len(arena))
	start := 0
	for _, row := range rows {
		p.entries = p.entries[:len(p.entries)+1]
		e := &p.entries[len(p.entries)-1]
		e.Path = all[start:row.pathEnd]
		if !validKey(row.key, e.Path) {
			return damaged("a path that cannot be: %q", e.Path)
		}
		if err := parseRecord(all[row.pathEnd:row.end], &e.Record); err != nil {
			return fmt.Errorf("%q: %w", e.Path, err)
		}
		start = row.end
		if e.Change == Removed {
			p.entries = p.entries[:len(p.entries)-1]
		}
	}
	return nil
}

// Lookup is the state of path in snapshot seq, and the snapshot whose record says so; ErrNotFound if it
// is not there.
func (db *DB) Lookup(ctx context.Context, seq uint64, path string) (r Record, since uint64, err error) {
	err = db.view(ctx, func(tx *bolt.Tx) error {
		since, err = lookup(tx, openBuckets(tx), seq, path, &r)
		return err
	})
	return r, since, err
}

func lookup(tx *bolt.Tx, b *buckets, seq uint64, path string, r *Record) (uint64, error) {
	key := appendKey(nil, path)
	seqs, err := seqsAt(tx.Bucket(bucketPaths), key)
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
	if r.Change == Removed {
		return s, ErrNotFound
	}
	return s, nil
}

// Version is a record and the snapshot that introduced it.
type Version struct {
	Seq uint64
	Record
}

// History is every record of one path, oldest first, tombstones included.
type History struct {
	Path     string
	Versions []Version
}

// Versions are all records of path; none if no snapshot ever held it.
func (db *DB) Versions(ctx context.Context, path string) (h History, err error) {
	h.Path = path
	err = db.view(ctx, func(tx *bolt.Tx) (err error) {
		h.Versions, err = versionsAt(tx, openBuckets(tx), path)
		return err
	})
	return h, err
}

// versionsAt are all records of path.
func versionsAt(tx *bolt.Tx, b *buckets, path string) ([]Version, error) {
	key := appendKey(nil, path)
	seqs, err := seqsAt(tx.Bucket(bucketPaths), key)
	if err != nil {
		return nil, err
	}
	return versions(b, key, seqs)
}

func versions(b *buckets, key []byte, seqs []uint64) ([]Version, error) {
	all := make([]Version, len(seqs))
	for i, s := range seqs {
		all[i].Seq = s
		if err := b.record(s, key, &all[i].Record); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Histories yields the history of every path at and below dir, in key order, that match accepts. Only
// accepted paths cost more than a step of a cursor. match must not keep the path.
func (db *DB) Histories(ctx context.Context, dir string, match func(path []byte) bool) iter.Seq2[History, error] {
	return func(yield func(History, error) bool) {
		within := appendKey(nil, dir)
		next := within
		if dir == "" {
			next = nil
		}
		for more := true; more; {
			var found []History
			err := db.view(ctx, func(tx *bolt.Tx) error {
				b := openBuckets(tx)
				var path []byte
				more = false
				scan, k, v, err := scanPaths(tx, within, next)
				for n := 0; k != nil && err == nil; k, v, err = scan.next() {
					if n++; n > 64*pageSize || len(found) == pageSize {
						next, more = append([]byte(nil), k...), true
						break
					}
					if path = appendPath(path[:0], k); !match(path) {
						continue
					}
					p, err := pathOf(k)
					if err != nil {
						return err
					}
					seqs, err := seqsOf(k, v, nil)
					if err != nil {
						return err
					}
					vs, err := versions(b, k, seqs)
					if err != nil {
						return err
					}
					found = append(found, History{p, vs})
				}
				return err
			})
			if err != nil {
				yield(History{}, err)
				return
			}
			for _, h := range found {
				if !yield(h, nil) {
					return
				}
			}
		}
	}
}

// identityPrefix is where the names of a source file begin in the bucket identity.
func identityPrefix(r *Record) []byte {
	return appendOrdered(appendOrdered(nil, uint64(r.Volume)), r.Ino)
}

func contentPrefix(size int64, hash *[32]byte) []byte {
	b := appendOrdered(nil, uint64(size))
	if hash != nil {
		b = append(b, hash[:8]...)
	}
	return b
}

// ByIdentity are the entries of the newest snapshot with the source identity (volume, inode, birth
// time) of r, in key order, at most max.
func (db *DB) ByIdentity(ctx context.Context, newest uint64, r *Record, max int) ([]Entry, error) {
	if r.Ino == 0 {
		return nil, nil
	}
	return db.byPrefix(ctx, newest, bucketIdentity, identityPrefix(r), max, func(o *Record) bool { return o.SameIdentity(r) })
}

// ByContent are the regular files of the newest snapshot with this size and hash, in key order, at most
// max.
func (db *DB) ByContent(ctx context.Context, newest uint64, size int64, hash [32]byte, max int) ([]Entry, error) {
	return db.byPrefix(ctx, newest, bucketContent, contentPrefix(size, &hash), max, func(o *Record) bool {
		return o.Kind == file.Regular && o.Size == size && o.Has(Hashed) && o.Hash == hash
	})
}

// HasSize reports whether the newest snapshot holds a regular file of this size.
func (db *DB) HasSize(ctx context.Context, size int64) (has bool, err error) {
	prefix := contentPrefix(size, nil)
	err = db.view(ctx, func(tx *bolt.Tx) error {
		k, _ := tx.Bucket(bucketContent).Cursor().Seek(prefix)
		has = len(k) > len(prefix) && string(k[:len(prefix)]) == string(prefix)
		return nil
	})
	return has, err
}

func (db *DB) byPrefix(ctx context.Context, seq uint64, bucket, prefix []byte, max int, is func(*Record) bool) (found []Entry, err error) {
	err = db.view(ctx, func(tx *bolt.Tx) error {
		found = nil
		b := openBuckets(tx)
		c := tx.Bucket(bucket).Cursor()
		for k, _ := c.Seek(prefix); len(k) > len(prefix) && string(k[:len(prefix)]) == string(prefix) && len(found) < max; k, _ = c.Next() {
			path, err := pathOf(k[len(prefix):])
			if err != nil {
				return err
			}
			e := Entry{Path: path}
			if _, err := lookup(tx, b, seq, path, &e.Record); err != nil {
				return damaged("%q is in %s but not in the newest snapshot", path, bucket)
			}
			if is(&e.Record) {
				found = append(found, e)
			}
		}
		return nil
	})
	return found, err
}
