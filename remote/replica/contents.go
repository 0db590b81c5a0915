package replica

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"snap/backup"
	"snap/destination"
	"snap/internal/file"
	"snap/record"
)

// Tree has the bytes of the files of a snapshot in a folder. Where a file is lost, or not what it was, and is wanted
// again, those of the same content elsewhere in the destination are taken.
type Tree struct {
	x    *destination.Destination
	h    *record.Header
	root *file.Dir
	tree *file.Tree
	disk Disk
}

// copiesLooked bounds how many files of one content are looked at.
const copiesLooked = 8

// OpenTree opens the folder of a snapshot.
func (x *Here) OpenTree(h *record.Header) (*Tree, error) {
	root, err := x.d.Root.EnterDir(h.Name)
	if err != nil {
		return nil, err
	}
	return &Tree{x: x.d, h: h, root: root, tree: file.NewTree(root, 256, (*file.Dir).EnterDir)}, nil
}

// Close closes its folders.
func (c *Tree) Close() error {
	c.tree.Close()
	return c.root.Close()
}

// Want has nothing to do: the files are there.
func (c *Tree) Want(*backup.Wanted) {}

// Open opens a file of the snapshot, or where that is wanted again another one with its content. While the snapshot is
// there, one that cannot be read is lost.
func (c *Tree) Open(ctx context.Context, w *backup.Wanted) (io.ReadCloser, error) {
	f, err := c.OpenFile(ctx, w)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// OpenFile is Open.
func (c *Tree) OpenFile(ctx context.Context, w *backup.Wanted) (*File, error) {
	if w.Tries > 0 {
		return c.another(ctx, w)
	}
	dir, name := record.Split(w.Path)
	d, err := c.tree.Dir(dir)
	if err != nil {
		return nil, c.lost(err)
	}
	defer d.Close()
	f, err := d.Open(name)
	if err != nil {
		return nil, c.lost(err)
	}
	return &File{f, c}, nil
}

// another opens the file of the same content that comes after those that were tried.
func (c *Tree) another(ctx context.Context, w *backup.Wanted) (*File, error) {
	inodes := map[uint64]bool{}
	if s, err := c.stat(w.Path); err == nil {
		inodes[s.Ino] = true
	}
	tries := w.Tries
	for at, err := range c.copies(ctx, w) {
		if err != nil {
			return nil, err
		}
		f, err := file.OpenBelow(c.x.Root, at)
		if err != nil {
			continue
		}
		s, err := f.Stat()
		seen := inodes[s.Ino]
		inodes[s.Ino] = true
		if err == nil && s.Size == w.Size && !seen {
			if tries--; tries == 0 {
				return &File{f, c}, nil
			}
		}
		f.Close()
	}
	return nil, fmt.Errorf("%w, and no other copy of it is whole", backup.ErrLost)
}

// copies are the places in the destination that should have the bytes of w: its path in other snapshots, those nearest
// in time before first, and files of its content in the newest snapshot.
func (c *Tree) copies(ctx context.Context, w *backup.Wanted) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if !w.Has(record.Hashed) {
			return
		}
		all, err := complete(ctx, c.x)
		if err != nil {
			yield("", err)
			return
		}
		slices.SortStableFunc(all, func(a, b record.Header) int { return cmp.Compare(c.distance(&a), c.distance(&b)) })
		for i := range all {
			r, _, err := c.x.DB.Lookup(ctx, all[i].Seq, w.Path)
			if err == nil && r.SameHash(&w.Record) && !yield(record.Join(all[i].Name, w.Path), nil) {
				return
			}
		}
		if len(all) == 0 {
			return
		}
		newest := slices.MaxFunc(all, func(a, b record.Header) int { return cmp.Compare(a.Seq, b.Seq) })
		found, err := c.x.DB.ByContent(ctx, newest.Seq, w.Size, w.Hash, copiesLooked)
		if err != nil {
			yield("", err)
			return
		}
		for k := range found {
			if found[k].SameHash(&w.Record) && !yield(record.Join(newest.Name, found[k].Path), nil) {
				return
			}
		}
	}
}

// distance is how far a snapshot is from this one: those before it come first.
func (c *Tree) distance(h *record.Header) uint64 {
	if h.Seq <= c.h.Seq {
		return c.h.Seq - h.Seq
	}
	return c.h.Seq + h.Seq
}

func (c *Tree) stat(path string) (file.Stat, error) {
	dir, name := record.Split(path)
	d, err := c.tree.Dir(dir)
	if err != nil {
		return file.Stat{}, err
	}
	defer d.Close()
	return d.Lstat(name)
}

// lost says of an error whether it is about one file. A snapshot that is deleted meanwhile, or a disk that is gone or
// reads nothing any more, is not.
func (c *Tree) lost(err error) error {
	if there, lerr := destination.FolderAt(c.x.Root, c.h.Name); lerr != nil || !there {
		return errors.Join(fmt.Errorf("snapshot %s is not there any more", c.h.Name), lerr)
	}
	if err := c.x.CheckThere(); err != nil {
		return err
	}
	if err := c.disk.Failed(err); err != nil {
		return err
	}
	return fmt.Errorf("%w: %w", backup.ErrLost, file.Reason(err))
}

// File is an open file whose read errors are those of Open.
type File struct {
	*file.File
	c *Tree
}

func (r *File) Read(p []byte) (int, error) {
	n, err := r.File.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		r.c.disk.Read()
	case err != nil:
		err = r.c.lost(err)
	}
	return n, err
}
