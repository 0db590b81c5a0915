package backup

import (
	"context"
	"errors"
	"math"
	"slices"
	"sort"

	"snap/index"
	"snap/internal/file"
)

// Unshared says how far files that are to be one in several snapshots, or under several names, are one on the disk. After
// a copy of the destination that knew nothing of hard links none of them are: all of it is there, and takes more room.
type Unshared struct {
	Names  int64 // of regular files, counted in each snapshot
	Inodes int64 // that they are on the disk
	Meant  int64 // inodes that they are by the records
}

// Gone reports whether there are more inodes than the records say.
func (u *Unshared) Gone() bool { return u.Inodes > u.Meant }

// sharing counts names by how many their inode has: each name of an inode with n is the n-th part of one.
type sharing map[uint32]int64

// note counts a sight that both the tree and the index know as a regular file.
func (s sharing) note(g *sight) {
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

// links compares the inodes that were seen with those that the records tell of. Where snapshots were deleted meanwhile, or
// the index is damaged, which is told already, nothing is said.
func (c *checker) links(ctx context.Context) error {
	usage, err := c.d.DB.Usage(ctx)
	if err != nil {
		return ctx.Err()
	}
	now, err := c.d.DB.Snapshots(ctx)
	if err != nil {
		return ctx.Err()
	}
	var seqs []uint64
	var snaps []*index.Header
	for i := range c.snaps {
		h := &c.snaps[i]
		if !slices.ContainsFunc(now, func(n index.Header) bool { return n.Seq == h.Seq && n.State == index.Complete }) {
			return nil
		}
		seqs, snaps = append(seqs, h.Seq), append(snaps, h)
	}
	u := Unshared{Meant: usage.Total(seqs).Inodes}
	u.Names, u.Inodes = c.shared.total()
	if u.Gone() && len(c.shared) == 1 && c.shared[1] > 0 { // or the file system does not count names
		apart, err := Apart(ctx, c.d.root, c.d.DB, snaps)
		if apart == 0 || err != nil {
			return ctx.Err()
		}
	}
	c.res.Links = u
	return nil
}

// Apart is how many of the snapshots, from the oldest on, share nothing with the one after them although the records say
// that they do: those that there were when the destination was copied without hard links. snaps are the complete
// snapshots whose folders lie in root, oldest first.
//
// It looks at some files of a few of them: whoever copies without links copies all without, and a backup links again.
func Apart(ctx context.Context, root *file.Dir, db *index.DB, snaps []*index.Header) (n int, err error) {
	if len(snaps) < 2 {
		return 0, nil
	}
	if err := db.Hold(ctx); err != nil {
		return 0, err
	}
	defer db.Release()
	n = sort.Search(len(snaps)-1, func(i int) bool {
		apart := false
		if err == nil {
			apart, err = neighboursApart(ctx, root, db, snaps[i], snaps[i+1])
		}
		return !apart
	})
	return n, err
}

// neighboursApart looks at linkSamples files, which it looks for among linkSearch entries.
const (
	linkSamples = 32
	linkSearch  = 4096
)

// neighboursApart reports whether most of the files that two neighbouring snapshots share by the records are files of
// their own in the trees. Where there are none to look at they are not.
func neighboursApart(ctx context.Context, root *file.Dir, db *index.DB, older, newer *index.Header) (bool, error) {
	var trees [2]*file.Tree
	for i, h := range []*index.Header{older, newer} {
		top, err := root.EnterDir(h.Name)
		if err != nil {
			return false, nil // it is being deleted, or not to be read
		}
		defer top.Close()
		trees[i] = file.NewTree(top, 16, (*file.Dir).EnterDir)
		defer trees[i].Close()
	}
	looked, apart, n := 0, 0, 0
	for e, err := range db.Entries(ctx, newer.Seq, "") {
		if err != nil {
			return false, err
		}
		if n++; n > linkSearch || looked == linkSamples {
			break
		}
		if e.Kind != file.Regular || !held(&e.Record) {
			continue
		}
		_, before, err := db.Lookup(ctx, older.Seq, e.Path)
		if errors.Is(err, index.ErrNotFound) {
			continue
		}
		if err != nil {
			return false, err
		}
		if _, now, err := db.Lookup(ctx, newer.Seq, e.Path); err != nil {
			return false, err
		} else if now != before { // another file, or one with a record of its own
			continue
		}
		a, ok1 := lstatIn(trees[0], e.Path)
		b, ok2 := lstatIn(trees[1], e.Path)
		if !ok1 || !ok2 {
			continue
		}
		if looked++; !file.MayBeSame(&a, &b) {
			apart++
		}
	}
	return apart > looked/2, nil
}

func lstatIn(tree *file.Tree, path string) (s file.Stat, ok bool) {
	dir, name := index.Split(path)
	d, err := tree.Dir(dir)
	if err != nil {
		return s, false
	}
	defer d.Close()
	s, err = d.Lstat(name)
	return s, err == nil
}
