package replica

import (
	"context"
	"errors"
	"io/fs"

	"snap/backup"
	"snap/internal/file"
	"snap/record"
)

// copy copies one snapshot: its change set if the one before is there, else its whole listing.
func (f *following) copy(ctx context.Context, h *record.Header) error {
	whole := h.Parent != f.newest()
	res, err := f.receive(ctx, h, &whole)
	if !whole && errors.Is(err, backup.ErrOtherBase) {
		if err := f.y.FindInterrupted(ctx); err != nil {
			return err
		}
		whole = true
		res, err = f.receive(ctx, h, &whole)
	}
	if res == nil || res.Header == nil {
		return err
	}
	f.ys = append(f.ys, *res.Header)
	c := copied(h, res, whole)
	f.res.Copied = append(f.res.Copied, c)
	if f.o.Done != nil {
		err = errors.Join(err, f.o.Done(c))
	}
	return err
}

// copied is what a snapshot came to.
func copied(h *record.Header, res *backup.Result, whole bool) Copied {
	c := Copied{Name: h.Name, Seq: h.Seq, Whole: whole, Files: res.Header.Files, Linked: res.Header.Linked,
		Bytes: res.Header.CopiedBytes, Resumed: res.Resumed.Files}
	c.Lacks = res.Lost.Owner + res.Lost.Mode + res.Lost.Xattrs + res.Lost.Times
	for _, p := range res.Problems {
		if at := (Lost{p.Path, p.Err.Error()}); p.Note {
			c.Notes = append(c.Notes, at)
		} else {
			c.Missing = append(c.Missing, at)
		}
	}
	for _, err := range res.After {
		c.After = append(c.After, err.Error())
	}
	return c
}

// receive receives a snapshot, by its whole listing if it is to be so, or its change set does not do.
func (f *following) receive(ctx context.Context, h *record.Header, whole *bool) (*backup.Result, error) {
	in := backup.Incoming{Header: *h}
	if !*whole {
		set, ok, err := f.x.Changes(ctx, h)
		if err != nil {
			return nil, err
		}
		in.Records, *whole = set, !ok
	}
	if in.Whole = *whole; in.Whole {
		in.Records = f.x.Listing(ctx, h)
	}
	old, end, err := f.openOld()
	if err != nil {
		return nil, err
	}
	defer end()
	from, err := f.x.Contents(ctx, h, old)
	if err != nil {
		return nil, err
	}
	in.Contents = from
	o := backup.ReceiveOptions{Jobs: f.o.Jobs}
	if f.o.Report != nil {
		o.Report = f.o.Report(h)
	}
	res, err := backup.Receive(ctx, f.y, in, o)
	return res, errors.Join(err, from.Close())
}

// openOld opens the follower's newest snapshot for what can be made of its files.
func (f *following) openOld() (old Old, end func(), err error) {
	none := func() {}
	if len(f.ys) == 0 {
		return nil, none, nil
	}
	root, err := f.y.Root.EnterDir(f.ys[len(f.ys)-1].Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, none, nil
	}
	if err != nil {
		return nil, none, err
	}
	return func(path string) (*file.File, error) { return file.OpenBelow(root, path) }, func() { root.Close() }, nil
}
