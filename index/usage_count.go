package index

import (
	"hash/maphash"
	"slices"

	"snap/internal/file"
	"snap/record"
)

// usageCount is the state of counting the inodes that came after a snapshot, up to another one.
type usageCount struct {
	seqs   []uint64 // of the complete snapshots
	after  uint64   // inodes of this snapshot do not count; 0: all do
	end    int      // how many of seqs count
	seed   maphash.Seed
	shared map[uint64]*lifetime // inodes that had several names at some time, by where they were born
	far    map[uint64]origin    // where inodes were born that moved often, by where they were on the way
	sums   map[Span]wideAmount
}

// lifetime is where an inode is held, in places in seqs, and what it takes on the disk.
type lifetime struct {
	held holding
	size int64
}

// findShared notes the inodes with several names.
func (c *usageCount) findShared(v *Edition, t *tracer) error {
	again := v.Stored == record.Joined ||
		v.Stored == record.Linked && v.Change != record.Moved && v.OlderName(v.Path) != v.Path
	if v.Kind != file.Regular || !v.HasInode() || v.Nlink <= 1 && !again {
		return nil
	}
	born, err := c.born(v, t)
	if err == nil && born.bucket > c.after {
		c.shared[born.id] = &lifetime{}
	}
	return err
}

// count adds the range of snapshots in which v is what is at its path.
//
// An inode with one name is at one path after the other. What each of them adds is put behind what was there
// before: the span up to its beginning becomes one up to its end.
func (c *usageCount) count(v *Edition, t *tracer) error {
	if v.Kind != file.Regular || !v.HasInode() {
		return nil
	}
	first, _ := slices.BinarySearch(c.seqs, v.Seq)
	end := c.end
	if v.Next != 0 {
		end, _ = slices.BinarySearch(c.seqs, v.Next)
		end = min(end, c.end)
	}
	if first == end {
		return nil
	}
	born, err := c.born(v, t)
	if err != nil || born.bucket <= c.after {
		return err
	}
	if len(c.shared) > 0 {
		if l := c.shared[born.id]; l != nil {
			l.held, l.size = l.held.and(first, end), born.size
			return nil
		}
	}
	birth, _ := slices.BinarySearch(c.seqs, born.bucket)
	before := holding(nil).and(birth, first)
	for _, gap := range born.gaps {
		if before = before.without(gap); len(before) == 0 {
			break
		}
	}
	c.add(before, Amount{-1, -born.size})
	c.add(before.and(first, end), Amount{1, born.size})
	return nil
}

func (c *usageCount) add(held holding, a Amount) {
	if len(held) == 0 {
		return
	}
	span := held.span(c.seqs)
	sum := c.sums[span]
	sum.add(a)
	c.sums[span] = sum
}

// stride is how many links of a file are followed before what is known of its way is looked at.
const stride = 16

// origin is where an inode was born: a hash of the place, its bucket, and what the inode takes on the disk; and where
// it was held by no snapshot since, in places in seqs, the latest first.
type origin struct {
	id, bucket uint64
	size       int64
	gaps       []posRange
}

// born is where the inode of v was born, or a place where it was up to c.after. A file that is renamed for every
// snapshot is not followed all the way back from each of its names.
func (c *usageCount) born(v *Edition, t *tracer) (o origin, err error) {
	p, r := place{v.Path, v.Seq}, v.Record
	type waypoint struct {
		id   uint64
		gaps int // how many were met up to there
	}
	var way []waypoint
	var gaps []posRange
	for n := 1; ; n++ {
		more := false
		if p.bucket > c.after {
			from, over := p, r.Stored == record.Linked && r.Since != 0
			if more, err = t.step(&p, &r); err != nil {
				return o, err
			}
			if more && over {
				if gaps, err = c.gap(gaps, p, from, t); err != nil {
					return o, err
				}
			}
		}
		o = origin{c.hash(p), p.bucket, r.OnDisk(), nil}
		if more && n%stride == 0 {
			if far, ok := c.far[o.id]; ok {
				gaps = append(gaps, far.gaps...)
				o, more = far, false
			} else {
				way = append(way, waypoint{o.id, len(gaps)})
			}
		}
		if !more {
			for _, w := range way {
				o.gaps = slices.Clone(gaps[w.gaps:])
				c.far[w.id] = o
			}
			o.gaps = gaps
			return o, nil
		}
	}
}

// gap appends the range from where the inode was gone from its older place to where it is at the newer one again.
func (c *usageCount) gap(gaps []posRange, older, newer place, t *tracer) ([]posRange, error) {
	seqs, _, err := t.seqs(older.path)
	if err != nil {
		return nil, err
	}
	first, _ := slices.BinarySearch(c.seqs, after(seqs, older.bucket))
	end, _ := slices.BinarySearch(c.seqs, newer.bucket)
	if first < end {
		gaps = append(gaps, posRange{first, end})
	}
	return gaps, nil
}

func (c *usageCount) hash(p place) uint64 { return maphash.Comparable(c.seed, p) }

// usage adds the result to u. What a source that changed while it was read has left in contradiction is passed over.
func (c *usageCount) usage(u Usage) {
	for _, l := range c.shared {
		c.add(l.held, Amount{1, l.size})
	}
	for span, a := range c.sums {
		if a.inodes > 0 {
			u[span] = Amount{a.inodes, max(a.bytes.bytes(), 0)}
		}
	}
}
