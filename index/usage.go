package index

import (
	"context"
	"hash/maphash"
	"maps"
	"math"
	"slices"
)

// Span is the stretch of snapshots, by their sequence numbers, whose trees hold an inode: every snapshot from
// First to Last does, because a link is made to the snapshot before.
type Span struct {
	First, Last uint64

	// Not a span but a stretch within another one, whose snapshots do not hold the inode: what was gone from the source
	// for a while is linked to the last snapshot that held it.
	Gap bool
}

// Amount is a number of regular files, each inode once, and the sum of what they take on the disk: their sizes without
// their holes.
type Amount struct{ Inodes, Bytes int64 }

// Add adds b.
func (a *Amount) Add(b Amount) { a.Inodes, a.Bytes = a.Inodes+b.Inodes, Plus(a.Bytes, b.Bytes) }

// Usage is how much lives from when to when in a destination.
type Usage map[Span]Amount

// Usage sums the inodes of all complete snapshots by their spans, read off the records alone. It keeps nothing
// of a file in memory but for those with several names, and those that moved many times.
func (db *DB) Usage(ctx context.Context) (Usage, error) {
	seqs, err := db.complete(ctx)
	if err != nil {
		return nil, err
	}
	u := Usage{}
	return u, u.add(&usageCount{seqs: seqs, end: len(seqs)}, func(visit editionVisitor) error { return db.editions(ctx, visit) })
}

// Freeable is the part of Usage that no snapshot of stay, oldest first, holds: what deleting all others frees. It reads
// only the records of those others and of the one after them.
func (db *DB) Freeable(ctx context.Context, stay []uint64) (Usage, error) {
	seqs, err := db.complete(ctx)
	if err != nil {
		return nil, err
	}
	u := Usage{}
	stay = append(slices.Clone(stay), math.MaxUint64)
	for i, to := range stay {
		c := &usageCount{seqs: seqs}
		if i > 0 {
			c.after = stay[i-1]
		}
		first, _ := slices.BinarySearch(seqs, c.after+1)
		if c.end, _ = slices.BinarySearch(seqs, to); first == c.end {
			continue
		}
		// What lives on in the snapshot that stays is counted up to there and then forgotten.
		beyond := c.end
		c.end = min(c.end+1, len(seqs))
		err := u.add(c, func(visit editionVisitor) error {
			return db.editionsBetween(ctx, c.after, min(to, seqs[c.end-1]), visit)
		})
		if err != nil {
			return nil, err
		}
		if beyond < c.end {
			maps.DeleteFunc(u, func(s Span, _ Amount) bool { return s.Last == to })
		}
	}
	maps.DeleteFunc(u, func(s Span, _ Amount) bool { return s.Gap })
	return u, nil
}

// add adds what c counts among the editions that each visits.
func (u Usage) add(c *usageCount, each func(editionVisitor) error) error {
	c.seed, c.shared, c.far, c.sums = maphash.MakeSeed(), map[uint64]*lifetime{}, map[uint64]origin{}, map[[2]int]wideAmount{}
	c.gaps = map[[2]int]Amount{}
	// Which inodes ever had several names must be known before the first is counted.
	for _, visit := range []editionVisitor{c.findShared, c.count} {
		if err := each(visit); err != nil {
			return err
		}
	}
	c.usage(u)
	return nil
}

// complete are the sequence numbers of the complete snapshots, oldest first.
func (db *DB) complete(ctx context.Context) (seqs []uint64, err error) {
	heads, err := db.Snapshots(ctx)
	for i := range heads {
		if heads[i].State == Complete {
			seqs = append(seqs, heads[i].Seq)
		}
	}
	return seqs, err
}

// Freed is what deleting victims in this order frees with each of them, of the snapshots that there are, oldest
// first: an inode goes with the last of its snapshots. One that was gone for a while counts as held all along, so that
// more may be freed.
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
		if from, to := span.among(snapshots); !span.Gap && from < to && stays[from] == stays[to] {
			freed[slices.Max(turn[from:to])].Add(a)
		}
	}
	return freed
}

// Share is what one of several snapshots has in them.
type Share struct {
	Held  Amount // in its tree
	New   Amount // of that, in no tree before
	Alone Amount // of that, in no other tree: what deleting this snapshot alone frees
}

// Apart is the Usage where the first n of the snapshots, oldest first, share nothing with any other: each has inodes of
// its own of all that it holds.
func (u Usage) Apart(snapshots []uint64, n int) Usage {
	apart := Usage{}
	add := func(from, to int, a Amount) {
		if from < to {
			span := Span{First: snapshots[from], Last: snapshots[to-1]}
			sum := apart[span]
			sum.Add(a)
			apart[span] = sum
		}
	}
	for span, a := range u {
		if span.Gap {
			apart[span] = a
			continue
		}
		from, to := span.among(snapshots)
		for ; from < min(to, n); from++ {
			add(from, from+1, a)
		}
		add(from, to, a)
	}
	return apart
}

// Shares are those of the snapshots that there are, oldest first.
func (u Usage) Shares(snapshots []uint64) []Share {
	shares := make([]Share, len(snapshots)+1)
	grows := make([]wideAmount, len(snapshots)+1) // what is held, from each snapshot on
	holds := func(from, to int, a Amount) {
		grows[from].add(a)
		grows[to].add(Amount{-a.Inodes, -a.Bytes})
	}
	for span, a := range u {
		from, to := span.among(snapshots)
		if from == to {
			continue
		}
		if span.Gap {
			holds(from, to, Amount{-a.Inodes, -a.Bytes})
			continue
		}
		shares[from].New.Add(a)
		if to-from == 1 {
			shares[from].Alone.Add(a)
		}
		holds(from, to, a)
	}
	held := wideAmount{}
	for i := range snapshots {
		held.addAll(grows[i])
		shares[i].Held = held.amount()
	}
	return shares[:len(snapshots)]
}

// Total is what the snapshots hold together.
func (u Usage) Total(snapshots []uint64) (total Amount) {
	for span, a := range u {
		if from, to := span.among(snapshots); !span.Gap && from < to {
			total.Add(a)
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
