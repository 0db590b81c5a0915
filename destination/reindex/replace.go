package reindex

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// replace puts the new index in the place of the old one, which becomes index.db.old. A file there is
// replaced in one step; what is no file, and so no index, is moved away first.
func (r *reindex) replace(ctx context.Context) error {
	const name, old = index.Name, index.Name + ".old"
	if err := r.d.DB.Release(); err != nil {
		return err
	}
	if err := r.proveFresh(ctx); err != nil {
		return err
	}
	if err := r.work.Sync(); err != nil {
		return err
	}
	s, err := r.d.Meta.Lstat(name)
	there := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if there {
		if err := r.d.Meta.Replace(old, r.work, "older"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if s.Kind == file.Regular {
			err = r.d.Meta.Link(r.d.Meta, name, old)
		} else {
			err = r.d.Meta.Rename(name, r.d.Meta, old)
		}
		if err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := r.work.Replace(name, r.d.Meta, name); err != nil {
		return err
	}
	if err := r.d.Meta.Sync(); err != nil {
		return err
	}
	r.d.DB, err = index.Open(index.Path(r.d.Path))
	return err
}

// proveFresh opens the new index as the next run will. One that cannot be opened replaces nothing.
func (r *reindex) proveFresh(ctx context.Context) error {
	fresh, err := index.Open(filepath.Join(r.work.Path(), "index.db"))
	if err != nil {
		return err
	}
	if err := fresh.Prove(ctx); err != nil {
		return err
	}
	all, err := fresh.Snapshots(ctx)
	if err == nil && len(all) != r.res.Snapshots {
		err = fmt.Errorf("%w: it was made of %d snapshots and has %d", record.ErrDamaged, r.res.Snapshots, len(all))
	}
	return err
}

// newest is the name of the newest snapshot, "" for none.
func (r *reindex) newest() string {
	if r.last == nil {
		return ""
	}
	return r.last.Name
}
