package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"iter"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// What a build does in a tree that began as a copy of the previous one.

// leaving yields what the plan puts in the place of something that the previous snapshot has, or takes away.
func (r *run) leaving(ctx context.Context, p *plan) iter.Seq2[merged, error] {
	if p.lostAny {
		return r.entries(ctx, p)
	}
	return func(yield func(merged, error) bool) {
		for e, err := range p.All() {
			if err != nil {
				yield(merged{}, err)
				return
			}
			old, _, err := r.d.DB.Lookup(ctx, r.seq, e.Path)
			if errors.Is(err, index.ErrNotFound) {
				continue
			}
			if !yield(merged{&record.Entry{Path: e.Path, Record: old}, e}, err) || err != nil {
				return
			}
		}
	}
}

// displace makes way in a copied tree: what leaves its place is removed or, if it is a folder or an inode that gets
// another name, moved aside.
func (b *builder) displace(ctx context.Context) error {
	if !b.base.copied {
		return nil
	}
	for e, err := range b.plan.All() {
		if err != nil {
			return err
		}
		if e.Stored == record.Linked && e.From != "" {
			if b.base.wanted.Has(e.From) {
				b.base.shared.Add(e.From)
			}
			b.base.wanted.Add(e.From)
		}
	}
	gone := "" // the last folder that was moved aside, with all that is in it
	for m, err := range b.run.leaving(ctx, b.plan) {
		if err != nil {
			return err
		}
		if m.old == nil || m.new == nil || !inTree(&m.old.Record) || gone != "" && record.Within(m.old.Path, gone) ||
			b.stays(m.old.Path, &m.old.Record, &m.new.Record) {
			continue
		}
		if m.old.Kind == file.Folder {
			gone = m.old.Path
		}
		if err := b.aside(m.old); err != nil {
			return err
		}
	}
	return nil
}

// inTree reports whether a tree has something for the record.
func inTree(r *record.Record) bool { return r.Exists() && r.Stored != record.Absent }

// stays reports whether the old entry keeps its place, though it has a new record.
func (b *builder) stays(path string, old, now *record.Record) bool {
	switch {
	case !inTree(now):
		return false
	case old.Kind == file.Folder && now.Kind == file.Folder:
		return true
	case now.Stored == record.Linked:
		return now.From == "" && now.Reason != record.Returned
	}
	return b.changesInPlace(path, old, now)
}

// changesInPlace reports whether a file gets other metadata and keeps its inode: it has but one name, in both trees.
func (b *builder) changesInPlace(path string, old, now *record.Record) bool {
	return b.base.copied && now.Stored == record.Cloned && now.From == "" && old != nil && old.Kind == file.Regular &&
		inTree(old) && old.Nlink <= 1 && now.Nlink <= 1 && !b.base.wanted.Has(path)
}

// aside removes an entry of a copied tree from its place.
func (b *builder) aside(old *record.Entry) error {
	dir, name := record.Split(old.Path)
	d, err := b.new.Dir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	if old.Kind != file.Folder && !b.base.wanted.Has(old.Path) {
		return free(d, name)
	}
	kept, err := b.kept()
	if err != nil {
		return err
	}
	defer kept.Close()
	move := func() error { return d.Rename(name, kept, keptName(old.Path)) }
	if err = opened(d, move); errors.Is(err, fs.ErrPermission) && old.Kind == file.Folder && d.Unlock(name) == nil {
		err = move() // another folder is put above it, which its mode forbids
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	b.base.moved.Add(old.Path)
	return err
}

// opened does f, which changes d, once more with d opened up if its mode forbids it. It gets its metadata in the end.
func opened(d *file.Dir, f func() error) error {
	err := f()
	if errors.Is(err, fs.ErrPermission) && d.Chmod(0o700) == nil {
		err = f()
	}
	return err
}

// openUp gives this user every right on a folder of a copied tree, which gets its metadata in the end.
func openUp(d *file.Dir) error {
	s, err := d.Stat()
	if err != nil || s.Mode&0o700 == 0o700 {
		return err
	}
	return d.Chmod(0o700)
}

// free removes the file name of a copied tree, if it is there.
func free(d *file.Dir, name string) error {
	err := opened(d, func() error { return d.Remove(name) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// kept is the folder for what is moved aside.
func (b *builder) kept() (*file.Dir, error) {
	if !b.base.hasKept {
		top, err := b.new.Dir("")
		if err != nil {
			return nil, err
		}
		defer top.Close()
		if err := top.Mkdir(b.base.keptIn); err != nil {
			return nil, err
		}
		b.base.hasKept = true
	}
	return b.new.Dir(b.base.keptIn)
}

// keptName is what an entry is called that is moved aside.
func keptName(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:16])
}

// whereIs is where what was at path in the previous snapshot is now in a copied tree.
func (b *builder) whereIs(path string) string {
	for at := path; at != ""; at, _ = record.Split(at) {
		if b.base.moved.Has(at) {
			return record.Join(b.base.keptIn, keptName(at)) + path[len(at):]
		}
	}
	return path
}

// dropDisplaced removes what was moved aside.
func (b *builder) dropDisplaced(ctx context.Context, tree *file.Dir) error {
	if !b.base.hasKept {
		return nil
	}
	if err := destination.RemoveAny(ctx, tree, b.base.keptIn); err != nil {
		return fmt.Errorf("what this backup took out of the tree: %w", err)
	}
	return nil
}
