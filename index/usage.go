package index

import (
	"context"
	"hash/maphash"
	"slices"
	"unsafe"

	bolt "go.etcd.io/bbolt"

	"snap/internal/file"
)

// Span is the stretch of snapshots, by their sequence numbers, whose trees hold an inode: every snapshot from
// First to Last does, because a link is always made to the snapshot before.
type Span struct{ First, Last uint64 }

// Amount is a number of regular files, each inode once, and the sum of their sizes.
type Amount struct{ Inodes, Bytes int64 }

func (a *Amount) add(b Amount) { a.Inodes, a.Bytes = a.Inodes+b.Inodes, a.Bytes+b.Bytes }

// Usage is how much lives from when to when in a destination.
type Usage map[Span]Amount

// Usage sums the inodes of all complete snapshots by their spans, read off the records alone. It keeps nothing
// of a file in memory but for those with several names, and those that moved many times.
func (db *DB) Usage(ctx context.Context) (Usage, error) {
	heads, err := db.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	c := &usageCount{seed: maphash.MakeSeed(), shared: map[uint64]*lifetime{}, far: map[uint64]origin{}, sums: map[[2]int]Amount{}}
	for i := range heads {
		if heads[i].State == Complete {
			c.seqs = append(c.seqs, heads[i].Seq)
		}
	}
	// Which inodes ever had several names must be known before the first is counted.
	for _, visit := range []func(*version, *tracer) error{c.findShared, c.count} {
		if err := db.eachVersion(ctx, visit); err != nil {
			return nil, err
		}
	}
	return c.usage(), nil
}

// Freed is what deleting victims in this order frees with each of them, of the snapshots that there are, oldest
// first: an inode goes with the last of its snapshots.
func (u Usage) Freed(snapshots, victims []uint64) []Amount {
	freed := make([]Amount, len(victims))
	turn := make([]int, len(snapshots))    // of each snapshot, when it is deleted, -1 for never
	stays := make([]int, len(snapshots)+1) // how many of those before stay
	for i, s := range snapshots {
		turn[i] = slices.Index(victims, s)
		if stays[i+1] = stays[i]; turn[i] < 0 {
			stays[i+1]++
		}
	}
	for span, a := range u {
		if from, to := span.among(snapshots); from < to && stays[from] == stays[to] {
			freed[slices.Max(turn[from:to])].add(a)
		}
	}
	return freed
}

// Alone is what deleting each of the snapshots alone would free: what no other of them holds.
func (u Usage) Alone(snapshots []uint64) []Amount {
	alone := make([]Amount, len(snapshots))
	for span, a := range u {
		if from, to := span.among(snapshots); to-from == 1 {
			alone[from].add(a)
		}
	}
	return alone
}

// Total is what the snapshots hold together.
func (u Usage) Total(snapshots []uint64) (total Amount) {
	for span, a := range u {
		if from, to := span.among(snapshots); from < to {
			total.add(a)
		}
	}
	return total
}

// among is the range of the snapshots, oldest first, that the span covers.
func (s Span) among(snapshots []uint64) (from, to int) {
	from, _ = slices.BinarySearch(snapshots, s.First)
	to, found := slices.BinarySearch(snapshots, s.Last)
	if found {
		to++
	}
	return from, to
}

// version is a record of a path, and the buckets around it. It is valid while it is visited.
type version struct {
	path   string // aliases the database, as the strings of the record
	bucket uint64
	next   uint64 // the bucket of the path's next record, 0 for none
	Record
}

// eachVersion visits every record of every path, in key order and from old to new.
func (db *DB) eachVersion(ctx context.Context, visit func(*version, *tracer) error) error {
	var start []byte
	for more := true; more; {
		err := db.view(ctx, func(tx *bolt.Tx) (err error) {
			start, err = visitVersions(tx, start, visit)
			more = start != nil
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// visitVersions visits the records of a page of paths from start on; next is where to go on, nil at the end.
func visitVersions(tx *bolt.Tx, start []byte, visit func(*version, *tracer) error) (next []byte, err error) {
	t := &tracer{tx: tx, b: openBuckets(tx)}
	b := openBuckets(tx) // its cursors only go forward
	var seqs []uint64
	var path []byte
	var one version
	n := 0
	scan, k, v, err := scanPaths(tx, nil, start)
	for ; k != nil && err == nil; k, v, err = scan.next() {
		if n > 4*pageSize {
			return append([]byte(nil), k...), nil
		}
		if seqs, err = seqsOf(k, v, seqs[:0]); err != nil {
			return nil, err
		}
		path = appendPath(path[:0], k)
		for i, s := range seqs {
			n++
			body, ok := unseal(b.value(s, k), k)
			if !ok {
				return nil, damaged("the record of %q in snapshot %d", path, s)
			}
			if one.path, one.bucket, one.next = alias(path), s, 0; i+1 < len(seqs) {
				one.next = seqs[i+1]
			}
			if err := parseRecord(alias(body), &one.Record); err != nil {
				return nil, err
			}
			if err := visit(&one, t); err != nil {
				return nil, err
			}
		}
	}
	return nil, err
}

// alias is b as a string, which is valid as long as b does not change.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// usageCount is the state of counting.
type usageCount struct {
	seqs   []uint64 // of the complete snapshots
	seed   maphash.Seed
	shared map[uint64]*lifetime // inodes that had several names at some time, by where they were born
	far    map[uint64]origin    // where inodes were born that moved often, by where they were on the way
	sums   map[[2]int]Amount
}

// lifetime is the stretch of snapshots, by their places in seqs, that hold an inode.
type lifetime struct {
	first, last int
	size        int64
}

// findShared notes the inodes with several names.
func (c *usageCount) findShared(v *version, t *tracer) error {
	again := v.Stored == Joined || v.Stored == Linked && v.Change != Moved && v.shared(v.path) != v.path
	if v.Kind != file.Regular || !v.hasInode() || v.Nlink <= 1 && !again {
		return nil
	}
	born, err := c.born(v, t)
	if err == nil {
		c.shared[born.id] = &lifetime{last: -1}
	}
	return err
}

// count adds the stretch of snapshots in which v is what is at its path.
//
// An inode with one name is at one path after the other. What each of them adds is put behind what was there
// before: the span up to its beginning becomes one up to its end.
func (c *usageCount) count(v *version, t *tracer) error {
	if v.Kind != file.Regular || !v.hasInode() {
		return nil
	}
	first, _ := slices.BinarySearch(c.seqs, v.bucket)
	end := len(c.seqs)
	if v.next != 0 {
		end, _ = slices.BinarySearch(c.seqs, v.next)
	}
	if first == end {
		return nil
	}
	born, err := c.born(v, t)
	if err != nil {
		return err
	}
	birth, _ := slices.BinarySearch(c.seqs, born.bucket)
	if len(c.shared) > 0 {
		if l := c.shared[born.id]; l != nil {
			l.first, l.last, l.size = birth, max(l.last, end-1), v.Size
			return nil
		}
	}
	if birth < first {
		c.add(birth, first-1, Amount{-1, -v.Size})
	}
	c.add(birth, end-1, Amount{1, v.Size})
	return nil
}

func (c *usageCount) add(first, last int, a Amount) {
	sum := c.sums[[2]int{first, last}]
	sum.add(a)
	c.sums[[2]int{first, last}] = sum
}

// stride is how many links of a file are followed before what is known of its way is looked at.
const stride = 16

// origin is where an inode was born: a hash of the place, and its bucket.
type origin struct{ id, bucket uint64 }

// born is where the inode of v was born. A file that is renamed for every snapshot is not followed all the
// way back from each of its names.
func (c *usageCount) born(v *version, t *tracer) (o origin, err error) {
	p, r := place{v.path, v.bucket}, v.Record
	var way []uint64
	for n := 1; ; n++ {
		more, err := t.step(&p, &r)
		if err != nil {
			return o, err
		}
		o = origin{c.hash(p), p.bucket}
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

// usage is the result. What a source that changed while it was read has left in contradiction is passed over.
func (c *usageCount) usage() Usage {
	for _, l := range c.shared {
		if l.last >= 0 {
			c.add(l.first, l.last, Amount{1, l.size})
		}
	}
	u := Usage{}
	for span, a := range c.sums {
		if a.Inodes > 0 {
			u[Span{c.seqs[span[0]], c.seqs[span[1]]}] = Amount{a.Inodes, max(a.Bytes, 0)}
		}
	}
	return u
}
