package index

import (
	"context"
	"encoding/binary"
	"hash/maphash"
	"maps"
	"math"
	"slices"

	"snap/record"
)

// Span says which snapshots' trees hold an inode: all from First to Last, by their sequence numbers, but for those of
// gaps.
type Span struct {
	First, Last uint64

	// The gaps in between, in which no snapshot holds it: what was away for a while is linked to the last snapshot that
	// held it. A varint for each number, of the first and the last snapshot of each gap, so that spans can be compared.
	gaps string
}

// SpanOf is the Span of the snapshots, oldest first, that holds accepts; false if it accepts none.
func SpanOf(snapshots []uint64, holds func(seq uint64) bool) (s Span, any bool) {
	var held holding
	for i, seq := range snapshots {
		if holds(seq) {
			held = held.and(i, i+1)
		}
	}
	if len(held) == 0 {
		return s, false
	}
	return held.span(snapshots), true
}

// Holds reports whether the tree of the snapshot with this number has the inode.
func (s Span) Holds(seq uint64) bool {
	return s.First <= seq && seq <= s.Last &&
		!slices.ContainsFunc(s.away(), func(gap Span) bool { return gap.First <= seq && seq <= gap.Last })
}

// away are the gaps in between, in which no snapshot holds it.
func (s Span) away() (gaps []Span) {
	for b := []byte(s.gaps); len(b) > 0; {
		first, n := binary.Uvarint(b)
		last, m := binary.Uvarint(b[n:])
		gaps, b = append(gaps, Span{First: first, Last: last}), b[n+m:]
	}
	return gaps
}

// Amount is a number of regular files, each inode once, and the sum of what they take on the disk: their sizes without
// their holes.
type Amount struct{ Inodes, Bytes int64 }

// Add adds b.
func (a *Amount) Add(b Amount) { a.Inodes, a.Bytes = a.Inodes+b.Inodes, record.Plus(a.Bytes, b.Bytes) }

// Usage is how much lives from when to when in a destination.
type Usage map[Span]Amount

// Usage sums the inodes of all complete snapshots by their spans, read off the records alone. It keeps nothing
// of a file in memory but for those with several names, and those that moved many times.
func (db *DB) Usage(ctx context.Context) (Usage, error) { return db.UsageTelling(ctx, func(int64) {}) }

// UsageTelling is Usage that tells now and then how many records it has gone through: all of them twice.
func (db *DB) UsageTelling(ctx context.Context, tell func(records int64)) (Usage, error) {
	seqs, err := db.complete(ctx)
	if err != nil {
		return nil, err
	}
	u, n := Usage{}, int64(0)
	return u, u.add(&usageCount{seqs: seqs, end: len(seqs)}, func(visit editionVisitor) error {
		return db.editions(ctx, func(e *Edition, t *tracer) error {
			if n++; n%pageSize == 0 {
				tell(n)
			}
			return visit(e, t)
		})
	})
}

// Freeable is the part of Usage that no snapshot of stay, oldest first, holds: what deleting all others frees. It
// reads only the records of those others and of the one after them, unless some newer snapshot is linked to one that
// is not the one before it.
func (db *DB) Freeable(ctx context.Context, stay []uint64) (Usage, error) {
	heads, err := db.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	var seqs []uint64
	for i := range heads {
		if heads[i].State == record.Complete {
			seqs = append(seqs, heads[i].Seq)
		}
	}
	if slices.ContainsFunc(heads, func(h record.Header) bool { return h.Returned > 0 }) {
		u, err := db.Usage(ctx)
		maps.DeleteFunc(u, func(s Span, _ Amount) bool { return slices.ContainsFunc(stay, s.Holds) })
		return u, err
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
	return u, nil
}

// add adds what c counts among the editions that each visits.
func (u Usage) add(c *usageCount, each func(editionVisitor) error) error {
	c.seed, c.shared, c.far, c.sums = maphash.MakeSeed(), map[uint64]*lifetime{}, map[uint64]origin{},
		map[Span]wideAmount{}
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
		if heads[i].State == record.Complete {
			seqs = append(seqs, heads[i].Seq)
		}
	}
	return seqs, err
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
		last, lives := -1, false
		for _, r := range span.among(snapshots) {
			last = max(last, slices.Max(turn[r.first:r.end]))
			lives = lives || stays[r.first] < stays[r.end]
		}
		if last >= 0 && !lives {
			freed[last].Add(a)
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
	add := func(l holding, a Amount) {
		if len(l) > 0 {
			span := l.span(snapshots)
			sum := apart[span]
			sum.Add(a)
			apart[span] = sum
		}
	}
	for span, a := range u {
		var rest holding
		for _, r := range span.among(snapshots) {
			for ; r.first < min(r.end, n); r.first++ {
				add(holding{{r.first, r.first + 1}}, a)
			}
			rest = rest.and(r.first, r.end)
		}
		add(rest, a)
	}
	return apart
}

// Shares are those of the snapshots that there are, oldest first.
func (u Usage) Shares(snapshots []uint64) []Share {
	shares := make([]Share, len(snapshots)+1)
	grows := make([]wideAmount, len(snapshots)+1) // what is held, from each snapshot on
	for span, a := range u {
		held := span.among(snapshots)
		if len(held) == 0 {
			continue
		}
		shares[held[0].first].New.Add(a)
		if len(held) == 1 && held[0].end-held[0].first == 1 {
			shares[held[0].first].Alone.Add(a)
		}
		for _, r := range held {
			grows[r.first].add(a)
			grows[r.end].add(Amount{-a.Inodes, -a.Bytes})
		}
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
		if len(span.among(snapshots)) > 0 {
			total.Add(a)
		}
	}
	return total
}

// among are the ranges of the snapshots, oldest first, that hold the inode, by their places.
func (s Span) among(snapshots []uint64) (held holding) {
	add := func(first, last uint64) {
		from, _ := slices.BinarySearch(snapshots, first)
		to, found := slices.BinarySearch(snapshots, last)
		if found {
			to++
		}
		held = held.and(from, to)
	}
	first := s.First
	for _, gap := range s.away() {
		add(first, gap.First-1)
		first = gap.Last + 1
	}
	add(first, s.Last)
	return held
}
