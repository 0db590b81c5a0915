package index

import (
	"bytes"
	"context"
	"slices"
	"unsafe"

	bolt "go.etcd.io/bbolt"

	"snap/record"
)

// Child is an entry directly in a folder.
type Child struct {
	record.Entry
	Since   uint64 // the number of the snapshot whose record says so
	Records int    // how many records its path has, in all snapshots
}

// Children are the entries that snapshot seq holds directly in the folder dir, in key order: those behind the name
// after, which need not be there, n at most. more reports whether there are others. What is in the folders among them
// is not read: its end is looked up.
func (db *DB) Children(ctx context.Context, seq uint64, dir, after string, n int) (all []Child, more bool, err error) {
	s := childrenBehind(dir, after)
	for !s.done && len(all) <= n {
		err := db.view(ctx, func(tx *bolt.Tx) (err error) {
			all, err = s.page(tx, seq, all, n+1)
			return err
		})
		if err != nil {
			return nil, false, err
		}
	}
	if len(all) > n {
		return all[:n], true, nil
	}
	return all, false, nil
}

// page appends live entries until there are n, or a page is read.
func (s *childScan) page(tx *bolt.Tx, seq uint64, all []Child, n int) ([]Child, error) {
	var arena []byte // what the entries' strings alias, never written after this
	var rows []row
	b := openBuckets(tx)
	seqs := make([]uint64, 0, 16)
	first := len(all)
	err := s.each(tx, b, func(k, v []byte) (bool, error) {
		if first+len(rows) == n {
			return false, nil
		}
		var err error
		if seqs, err = seqsOf(k, v, seqs[:0]); err != nil {
			return false, err
		}
		since := at(seqs, seq)
		if since == 0 {
			return true, nil
		}
		body, ok := unseal(b.value(since, k), k)
		if !ok {
			return false, damaged("the record of %q in snapshot %d", appendPath(nil, k), since)
		}
		arena = appendPath(arena, k)
		pathEnd := len(arena)
		arena = append(arena, body...)
		rows = append(rows, row{k, pathEnd, len(arena)})
		all = append(all, Child{Since: since, Records: len(seqs)})
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	text := unsafe.String(unsafe.SliceData(arena), len(arena))
	start := 0
	for i := range rows {
		if err := rows[i].parse(text, start, &all[first+i].Entry); err != nil {
			return nil, err
		}
		start = rows[i].end
	}
	return slices.DeleteFunc(all, func(c Child) bool { return c.Change == record.Removed }), nil
}

// Departed are the histories of what was directly in the folder dir in some snapshot before seq and is not there in
// seq, as Children otherwise. The histories are whole: what came after seq is in them too.
func (db *DB) Departed(ctx context.Context, seq uint64, dir, after string, n int) (all []History, more bool,
	err error) {
	s := childrenBehind(dir, after)
	for !s.done && len(all) <= n {
		err := db.view(ctx, func(tx *bolt.Tx) error {
			b := openBuckets(tx)
			return s.each(tx, b, func(k, v []byte) (bool, error) {
				if len(all) > n {
					return false, nil
				}
				h, gone, err := departed(b, k, v, seq)
				if gone {
					all = append(all, h)
				}
				return true, err
			})
		})
		if err != nil {
			return nil, false, err
		}
	}
	if len(all) > n {
		return all[:n], true, nil
	}
	return all, false, nil
}

// departed is the history of a path, if it was there before seq and is gone by then.
func departed(b *buckets, k, v []byte, seq uint64) (h History, gone bool, err error) {
	seqs, err := seqsOf(k, v, nil)
	if err != nil {
		return h, false, err
	}
	// Of what is gone there are two records at least. So for most paths none is read.
	s := at(seqs, seq)
	if s == 0 || s == seqs[0] {
		return h, false, nil
	}
	var last record.Record
	if err := b.record(s, k, &last); err != nil || last.Exists() || last.OnlyTrail() {
		return h, false, err
	}
	if h.Path, err = pathOf(k); err != nil {
		return h, false, err
	}
	h.Versions, err = versions(b, k, seqs)
	return h, true, err
}

// childScan goes through the paths directly in a folder, whether they are there or were.
type childScan struct {
	within []byte // the key of the folder
	prefix []byte // what the keys of all in it begin with
	next   []byte // where to go on
	done   bool
}

// childrenBehind begins behind the name after, and behind all that is in a folder of that name.
func childrenBehind(dir, after string) *childScan {
	s := &childScan{within: appendKey(nil, dir)}
	if dir != "" {
		s.prefix = append(slices.Clone(s.within), 0)
	}
	s.next = s.prefix
	if after != "" {
		s.next = behindKey(appendKey(slices.Clone(s.prefix), after))
	}
	return s
}

// behindKey is the key behind that of a path and of all that is below it. It may change key.
func behindKey(key []byte) []byte { return append(key, 1) }

// stepsToEnd is how many keys are passed by before the end of a folder is looked up: a look-up costs about as much.
const stepsToEnd = 8

// each visits keys in order until visit says no, which then comes first the next time, or a page of them was passed.
func (s *childScan) each(tx *bolt.Tx, b *buckets, visit func(k, v []byte) (more bool, err error)) error {
	steps := 0
	scan, k, v, err := scanPaths(tx, s.within, s.next)
	for n := 0; k != nil && err == nil; n++ {
		name := k[len(s.prefix):]
		end := bytes.IndexByte(name, 0)
		switch {
		case end > 0 && steps == stepsToEnd:
			steps = 0
			s.next = behindKey(slices.Clone(k[:len(s.prefix)+end]))
			scan, k, v, err = scanPaths(tx, s.within, s.next)
			b.touch(tx, k)
			continue
		case end >= 0: // below an entry, or the source itself
			steps++
		case n >= pageSize:
			s.next = slices.Clone(k)
			return nil
		default:
			steps = 0
			more, err := visit(k, v)
			if err != nil {
				return err
			}
			if !more {
				s.next = slices.Clone(k)
				return nil
			}
		}
		k, v, err = scan.next()
	}
	s.done = true
	return err
}
