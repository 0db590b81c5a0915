package check

import (
	"context"
	"math"
	"slices"

	"snap/destination"
	"snap/internal/file"
	"snap/record"
)

// Unshared says how many of the inodes that snapshots and names should share are shared on the disk. After a copy of
// the destination without hard links none are: everything is there, and takes more room.
type Unshared struct {
	Names  int64 // of regular files, counted in each snapshot
	Inodes int64 // that they are on the disk
	Meant  int64 // inodes that they are by the records
}

// Gone reports whether there are more inodes than the records say.
func (u *Unshared) Gone() bool { return u.Inodes > u.Meant }

// sharing counts names by how many their inode has: each name of an inode with n is the n-th part of one.
type sharing map[uint32]int64

// note counts a path that both the tree and the index know as a regular file.
func (s sharing) note(g *comparedPath) {
	if g.there && g.indexed && held(&g.rec) && g.rec.Kind == file.Regular && g.stat.Kind == file.Regular {
		s[max(g.stat.Nlink, 1)]++
	}
}

func (s sharing) add(o sharing) {
	for n, names := range o {
		s[n] += names
	}
}

// total is the number of names, and of inodes if none has a name elsewhere; names elsewhere make it smaller.
func (s sharing) total() (names, inodes int64) {
	sum := 0.0
	for n, k := range s {
		names += k
		sum += float64(k) / float64(n)
	}
	return names, int64(math.Floor(sum + 1e-6))
}

// links compares the inodes that were seen with those of the records. Where snapshots were deleted meanwhile, or the
// index is damaged, which is a finding already, it reports nothing.
func (c *checker) links(ctx context.Context) error {
	if c.subvolumes {
		return nil
	}
	usage, err := c.d.DB.Usage(ctx)
	if err != nil {
		return ctx.Err()
	}
	now, err := c.d.DB.Snapshots(ctx)
	if err != nil {
		return ctx.Err()
	}
	var seqs []uint64
	var snaps []*record.Header
	for i := range c.snaps {
		h := &c.snaps[i]
		if !slices.ContainsFunc(now, func(n record.Header) bool { return n.Seq == h.Seq && n.State == record.Complete }) {
			return nil
		}
		seqs, snaps = append(seqs, h.Seq), append(snaps, h)
	}
	u := Unshared{Meant: usage.Total(seqs).Inodes}
	u.Names, u.Inodes = c.shared.total()
	if u.Gone() && len(c.shared) == 1 && c.shared[1] > 0 { // or the file system does not count names
		apart, err := destination.Apart(ctx, c.d.Root, c.d.DB, snaps)
		if apart == 0 || err != nil {
			return ctx.Err()
		}
	}
	c.res.Links = u
	return nil
}
