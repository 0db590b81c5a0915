package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"snap/index"
)

// repairSet makes a change set again from the index, which is whole.
func (c *checker) repairSet(ctx context.Context, f *fault) error {
	h, err := c.header(ctx, f.seq)
	if err != nil || h == nil {
		return err
	}
	if err := c.rewriteSet(ctx, h); err != nil {
		return err
	}
	left, err := c.set(ctx, h)
	if err != nil {
		return err
	}
	if f.whole, f.from = left == nil, "the index"; left != nil {
		f.left = fmt.Sprintf("made again from the index, and still %s", left.why)
	}
	return nil
}

// rewriteSet writes the change set of a snapshot from its records. It appears by rename.
func (c *checker) rewriteSet(ctx context.Context, h *index.Header) error {
	all, err := c.d.DB.Snapshots(ctx)
	if err != nil {
		return err
	}
	prev := uint64(0)
	for i := range all {
		if all[i].Seq < h.Seq {
			prev = all[i].Seq
		}
	}
	name, head := setFile(h.Seq), *h
	head.State, head.Work, head.Bucket = "", "", 0
	if err := c.d.tmp.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(filepath.Join(c.d.tmp.Path(), name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := index.NewChangeWriter(f, &head)
	if err != nil {
		return err
	}
	counted := head // Merged counts anew, and not all that a run counts
	for e, err := range c.d.DB.Merged(ctx, prev, &counted) {
		if err == nil {
			err = w.Add(e.Path, &e.Record)
		}
		if err != nil {
			return err
		}
	}
	if err := errors.Join(w.End(&head), f.Sync()); err != nil {
		return err
	}
	if err := c.d.tmp.Replace(name, c.d.changes, name); err != nil {
		return err
	}
	return c.d.changes.Sync()
}
