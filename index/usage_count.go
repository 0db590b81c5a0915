package index

import (
	"hash/maphash"
	"slices"

	"snap/internal/file"
)

// usageCount is the state of counting the inodes that came after a snapshot, up to another one.
type usageCount struct {
	seqs   []uint64 // of the complete snapshots
	after  uint64   // inodes of this snapshot do not count; 0: all do
	end    int      // how many of seqs count
	seed   maphash.Seed
	shared map[uint64]*lifetime // inodes that had several names at some time, by where they were born
	far    map[uint64]origin    // where inodes were born that moved often, by where they were on the way
	sums   map[[2]int]wideAmount
	gaps   map[[2]int]Amount // stretches in which an inode is gone from the only path that it has
}

// lifetime is the stretch of snapshots, by their places in seqs, that hold an inode.
type lifetime struct {
	first, last int
	size        int64
}

// findShared notes the inodes with several names.
func (c *usageCount) findShared(v *Edition, t *tracer) error {
	again := v.Stored == Joined || v.Stored == Linked && v.Change != Moved && v.shared(v.Path) != v.Path
	if v.Kind != file.Regular || !v.hasInode() || v.Nlink <= 1 && !again {
		return nil
	}
	born, err := c.born(v, t)
	if err == nil && born.bucket > c.after {
		c.shared[born.id] = &lifetime{last: -1}
	}
	return err
}

// count adds the stretch of snapshots in which v is what is at its path.
//
// An inode with one name is at one path after the other. What each of them adds is put behind what was there
// before: the span up to its beginning becomes one up to its end.
func (c *usageCount) count(v *Edition, t *tracer) error {
	if v.Kind != file.Regular || !v.hasInode() {
		return nil
	}
	first, _ := slices.BinarySearch(c.seqs, v.Seq)
	end := c.end
	if v.Next != 0 {
		end, _ = slices.BinarySearch(c.seqs, v.Next)
		end = min(end, c.end)
	}
	back, err := c.back(v, t)
	if err != nil {
		return err
	}
	gone := end
	if end = max(end, back); first == end {
		return nil
	}
	born, err := c.born(v, t)
	if err != nil || born.bucket <= c.after {
		return err
	}
	birth, _ := slices.BinarySearch(c.seqs, born.bucket)
	if len(c.shared) > 0 {
		if l := c.shared[born.id]; l != nil {
			l.first, l.last, l.size = birth, max(l.last, end-1), born.size
			return nil
		}
	}
	if gone < end && first < gone {
		sum := c.gaps[[2]int{gone, end - 1}]
		sum.Add(Amount{1, born.size})
		c.gaps[[2]int{gone, end - 1}] = sum
	}
	if birth < first {
		c.add(birth, first-1, Amount{-1, -born.size})
	}
	c.add(birth, end-1, Amount{1, born.size})
	return nil
}

// back is where among seqs the inode of v comes back to its path after it was gone, 0 if it does not.
func (c *usageCount) back(v *Edition, t *tracer) (int, error) {
	if v.Next == 0 {
		return 0, nil
	}
	seqs, key, err := t.seqs(v.Path)
	if err != nil {
		return 0, err
	}
	var gone Record
	if err := t.b.record(v.Next, key, &gone); err != nil || gone.hasInode() {
		return 0, err
	}
	bucket, err := t.back(seqs, key, v.Next, &v.Record, &gone)
	if bucket == 0 || err != nil {
		return 0, err
	}
	back, _ := slices.BinarySearch(c.seqs, bucket)
	return min(back, c.end), nil
}

func (c *usageCount) add(first, last int, a Amount) {
	sum := c.sums[[2]int{first, last}]
	sum.add(a)
	c.sums[[2]int{first, last}] = sum
}

// stride is how many links of a file are followed before what is known of its way is looked at.
const stride = 16

// origin is where an inode was born: a hash of the place, its bucket, and what the inode takes on the disk.
type origin struct {
	id, bucket uint64
	size       int64
}

// born is where the inode of v was born, or a place where it was up to c.after. A file that is renamed for every
// snapshot is not followed all the way back from each of its names.
func (c *usageCount) born(v *Edition, t *tracer) (o origin, err error) {
	p, r := place{v.Path, v.Seq}, v.Record
	var way []uint64
	for n := 1; ; n++ {
		more := false
		if p.bucket > c.after {
			if more, err = t.step(&p, &r); err != nil {
				return o, err
			}
		}
		o = origin{c.hash(p), p.bucket, r.OnDisk()}
		if more && n%stride == 0 {
			if far, ok := c.far[o.id]; ok {
				o, more = far, false
			} else {
				way = append(way, o.id)
			}
		}
		if !more {
			for _, id := range way {
				c.far[id] = o
			}
			return o, nil
		}
	}
}

func (c *usageCount) hash(p place) uint64 { return maphash.Comparable(c.seed, p) }

// usage adds the result to u. What a source that changed while it was read has left in contradiction is passed over.
func (c *usageCount) usage(u Usage) {
	for _, l := range c.shared {
		if l.last >= 0 {
			c.add(l.first, l.last, Amount{1, l.size})
		}
	}
	for span, a := range c.sums {
		if a.inodes > 0 {
			u[Span{First: c.seqs[span[0]], Last: c.seqs[span[1]]}] = Amount{a.inodes, max(a.bytes.bytes(), 0)}
		}
	}
	for span, a := range c.gaps {
		u[Span{First: c.seqs[span[0]], Last: c.seqs[span[1]], Gap: true}] = a
	}
}
