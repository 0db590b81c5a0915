package scan

import (
	"iter"

	"snap/internal/stream"
	"snap/record"
)

// Pair is what the source has at a path and what the previous snapshot had there. One of the two may be
// nil. Both are valid until the next pair.
type Pair struct {
	New  *Item
	Old  *record.Entry
	Same bool // proved unchanged by the stat record alone
}

// Path is the pair's path.
func (p *Pair) Path() string {
	if p.Old != nil {
		return p.Old.Path
	}
	return p.New.Path()
}

// Compare merges a walk with the entries of the previous snapshot, both in key order. volume numbers
// the file system with this device number, 0 if the index does not know it.
func Compare(walk iter.Seq2[*Item, error], old iter.Seq2[*record.Entry, error], volume func(dev uint64) uint32,
	rules Rules) iter.Seq2[*Pair, error] {
	return func(yield func(*Pair, error) bool) {
		pair := new(Pair)
		order := func(it *Item, e *record.Entry) int { return -compareTo(e.Path, it.Dir, it.Name) }
		for j, err := range stream.Join(walk, old, order) {
			if err != nil {
				yield(nil, err)
				return
			}
			*pair = Pair{New: j.Left, Old: j.Right}
			if it, e := pair.New, pair.Old; it != nil && e != nil {
				pair.Same = it.Err == nil && Unchanged(&e.Record, &it.Stat, volume(it.Stat.Dev), rules) &&
					!renumbered(&e.Record, &it.Stat)
			}
			if !yield(pair, nil) {
				return
			}
		}
	}
}

// compareTo is record.Compare(path, dir/name) without joining the two.
func compareTo(path, dir, name string) int {
	if dir == "" {
		return record.Compare(path, name)
	}
	n := len(dir)
	if len(path) <= n || path[:n] != dir {
		// Neither equal nor below dir, as long as path[n] is not the slash: dir decides, unless path
		// runs on from dir with another byte, which sorts after everything in dir.
		if c := record.Compare(path, dir); c != 0 {
			return c
		}
		return -1 // the folder itself comes before what is in it
	}
	if path[n] != '/' {
		return 1
	}
	return record.Compare(path[n+1:], name)
}
