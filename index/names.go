package index

import (
	"cmp"
	"context"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"snap/record"
)

// Stretch is a name of an inode and the snapshots, by their sequence numbers, that have it there without a break.
type Stretch struct {
	Path string
	Span
}

// Names are all names, in all complete snapshots, of the inode that path has in snapshot seq, by the snapshot that
// has them first and by path. None for a folder, and for what is in the index alone; ErrNotFound if the snapshot
// has no such path.
//
// A file that never had several names at once, and whose last known name is there still, is followed from record to
// record. For others all records are read.
func (db *DB) Names(ctx context.Context, seq uint64, path string) ([]Stretch, error) {
	heads, err := db.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	n := &naming{}
	for i := range heads {
		if heads[i].State == record.Complete {
			n.seqs = append(n.seqs, heads[i].Seq)
		}
	}
	if err := db.view(ctx, func(tx *bolt.Tx) error { return n.follow(tx, seq, path) }); err != nil {
		return nil, err
	}
	if n.several {
		n.found = nil
		if err := db.editions(ctx, n.collect); err != nil {
			return nil, err
		}
	}
	return n.stretches(), nil
}

// naming is the search for the names of an inode.
type naming struct {
	seqs    []uint64      // of the complete snapshots
	own     record.Record // of the name that was asked for
	born    place         // the record that made the inode
	several bool          // it had several names at once, or may have had them
	found   []named
}

// named is a record with the inode, and the bucket of the next record of its path, 0 for none.
type named struct {
	place
	end uint64
}

// follow finds the records before and after that of path in snapshot seq.
func (n *naming) follow(tx *bolt.Tx, seq uint64, path string) error {
	n.found, n.several = nil, false
	t := &tracer{tx: tx, b: openBuckets(tx)}
	since, err := lookup(tx, t.b, seq, path, &n.own)
	if err != nil || !n.own.HasInode() {
		return err
	}
	for _, step := range []func(*place, *record.Record) (bool, error){t.step, t.next} {
		p, r := place{path, since}, n.own
		for more := true; more; {
			seqs, _, err := t.seqs(p.path)
			if err != nil {
				return err
			}
			n.found = append(n.found, named{p, after(seqs, p.bucket)})
			n.several = n.several || r.Nlink > 1
			if more, err = step(&p, &r); err != nil {
				return err
			}
		}
		if n.born == (place{}) { // the first way leads back
			n.born = p
		}
	}
	// Where the last name was lost, one may go on that came beside it in a snapshot that is deleted by now.
	n.several = n.several || n.found[len(n.found)-1].end != 0
	return nil
}

// after is the smallest of seqs above seq, 0 if there is none.
func after(seqs []uint64, seq uint64) uint64 {
	i, found := slices.BinarySearch(seqs, seq)
	if found {
		i++
	}
	if i == len(seqs) {
		return 0
	}
	return seqs[i]
}

// collect takes the records of the same inode among all.
func (n *naming) collect(v *Edition, t *tracer) error {
	if !v.HasInode() || v.Kind != n.own.Kind || v.Size != n.own.Size || v.Hash != n.own.Hash || v.Mtime != n.own.Mtime {
		return nil
	}
	p, r := place{v.Path, v.Seq}, v.Record
	born, err := t.born(p, &r, 0)
	if err == nil && born == n.born {
		n.found = append(n.found, named{place{strings.Clone(v.Path), v.Seq}, v.Next})
	}
	return err
}

// stretches are the found names by snapshots; snapshots in a row that have the same name are one Stretch.
func (n *naming) stretches() (all []Stretch) {
	slices.SortFunc(n.found, func(a, b named) int {
		if c := record.Compare(a.path, b.path); c != 0 {
			return c
		}
		return cmp.Compare(a.bucket, b.bucket)
	})
	prev := -1 // the place in seqs where the last one ends
	for i, f := range n.found {
		if i > 0 && f == n.found[i-1] { // both ways begin with the name that was asked for
			continue
		}
		first, _ := slices.BinarySearch(n.seqs, f.bucket)
		end := len(n.seqs)
		if f.end != 0 {
			end, _ = slices.BinarySearch(n.seqs, f.end)
		}
		if first >= end {
			continue
		}
		last := n.seqs[end-1]
		if k := len(all) - 1; k >= 0 && all[k].Path == f.path && first == prev {
			all[k].Last = last
		} else {
			all = append(all, Stretch{f.path, Span{First: n.seqs[first], Last: last}})
		}
		prev = end
	}
	slices.SortStableFunc(all, func(a, b Stretch) int { return cmp.Compare(a.First, b.First) })
	return all
}
