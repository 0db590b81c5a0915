package query

import (
	"context"
	"slices"
	"strings"

	"snap/index"
	"snap/record"
)

// FolderUse is the room that what is in a folder takes on the disk, with all below it, each file once.
type FolderUse struct {
	Newest index.Amount // what the newest snapshot holds
	Old    index.Amount // what only older snapshots hold, where it was last
}

func (u *FolderUse) add(o *FolderUse) {
	u.Newest.Add(o.Newest)
	u.Old.Add(o.Old)
}

// FolderUses are those of a folder, of the files directly in it, and of the folders there.
type FolderUses struct {
	Whole, Own FolderUse
	In         map[string]FolderUse // by name; of folders that no snapshot has now, too
}

// folderUse is what is kept of a folder.
type folderUse struct{ all, own FolderUse }

// FolderUse is where the space of a folder goes, by the folders in it: as FolderSpaces says it, of which one pass over
// the index does for all folders. index.ErrNotFound if no snapshot holds a file below path.
func (d *Reader) FolderUse(ctx context.Context, path string) (*FolderUses, error) {
	var seqs []uint64
	for i := range d.Snapshots {
		if h := &d.Snapshots[i]; d.Present(h) {
			seqs = append(seqs, h.Seq)
		}
	}
	k := d.options.Kept
	f, err := kept(ctx, d, true,
		func() (*keptUse, bool) { return k.use, k.use != nil && slices.Equal(k.use.seqs, seqs) },
		func() (*keptUse, error) { return d.findUse(ctx, seqs) },
		func(f *keptUse) { k.use = f })
	if err != nil {
		return nil, err
	}
	whole, in, ok := f.in(path)
	if !ok {
		return nil, index.ErrNotFound
	}
	uses := &FolderUses{Whole: whole.all, Own: whole.own, In: map[string]FolderUse{}}
	for name, u := range in {
		uses.In[name] = u.all
	}
	return uses, nil
}

// keptUse is what snapshots take together, by all folders.
type keptUse struct {
	seqs []uint64 // of the snapshots whose folders are there
	folderSums[folderUse]
}

func (d *Reader) findUse(ctx context.Context, seqs []uint64) (*keptUse, error) {
	own := map[string]*folderUse{}
	if len(seqs) > 0 {
		err := d.DB.Whereabouts(ctx, seqs, func(at string, newest bool, size int64) error {
			u := ofFolder(own, at)
			if a := (index.Amount{Inodes: 1, Bytes: size}); newest {
				u.own.Newest.Add(a)
			} else {
				u.own.Old.Add(a)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	f := &keptUse{seqs: seqs, folderSums: sumUp(own, func(sum, part *folderUse) { sum.all.add(&part.own) })}
	for i, path := range f.paths {
		if u := own[path]; u != nil {
			f.sums[i].own = u.own
		}
	}
	return f, nil
}

// ofFolder is what is counted for the folder that path is in.
func ofFolder[T any](own map[string]*T, path string) *T {
	dir, _ := record.Split(path)
	if own[dir] == nil {
		own[strings.Clone(dir)] = new(T)
	}
	return own[dir]
}

// Copies is what snapshots have copied anew, and how often something changed.
type Copies struct{ Changes, Bytes int64 }

// FolderCopies are those of a folder, with all below it, and of the folders directly in it.
type FolderCopies struct {
	Whole Copies
	In    map[string]Copies // by name
}

// FolderCopies says what the snapshots after the one at position since have copied of a folder: where most changes.
// index.ErrNotFound if they changed nothing below path.
func (d *Reader) FolderCopies(ctx context.Context, path string, since int) (*FolderCopies, error) {
	k := d.options.Kept
	f, err := kept(ctx, d, true,
		func() (*keptCopies, bool) { return k.copies, k.copies != nil && k.copies.since == since },
		func() (*keptCopies, error) { return d.findCopies(ctx, since) },
		func(f *keptCopies) { k.copies = f })
	if err != nil {
		return nil, err
	}
	whole, in, ok := f.in(path)
	if !ok {
		return nil, index.ErrNotFound
	}
	return &FolderCopies{whole, in}, nil
}

// keptCopies is what the snapshots after a position have copied, by all folders.
type keptCopies struct {
	since int
	folderSums[Copies]
}

func (d *Reader) findCopies(ctx context.Context, since int) (*keptCopies, error) {
	own := map[string]*Copies{}
	newest := d.Snapshots.Newest()
	if since < newest {
		first, last := d.Snapshots[since].Seq, d.Snapshots[newest].Seq
		err := d.DB.Editions(ctx, func(e *index.Edition) error {
			if e.Seq <= first || e.Seq > last {
				return nil
			}
			r := &e.Record
			told := r.Change != record.Silent && (r.Change != record.Removed || r.To == "")
			copied := r.Stored == record.Copied
			if !told && !copied {
				return nil
			}
			c := ofFolder(own, e.Path)
			if told {
				c.Changes++
			}
			if copied {
				c.Bytes = record.Plus(c.Bytes, r.Written())
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return &keptCopies{since, sumUp(own, func(sum, part *Copies) {
		sum.Changes, sum.Bytes = sum.Changes+part.Changes, record.Plus(sum.Bytes, part.Bytes)
	})}, nil
}
