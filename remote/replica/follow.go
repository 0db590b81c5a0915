package replica

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// following is the state of one Follow: x is where the snapshots are, y the follower.
type following struct {
	o    Options
	x    Source
	y    *destination.Destination // nil in a dry run on a folder that is no destination yet
	xs   []record.Header
	ys   []record.Header
	next uint64 // x.NextSeq
	res  *Result
}

func (f *following) close() {
	if f.y != nil {
		f.y.Close()
	}
}

// open opens the follower, and refuses what is none.
func (f *following) open(ctx context.Context, to string) (err error) {
	if err := refuseSame(f.x, to); err != nil && !(f.o.DryRun && errors.Is(err, fs.ErrNotExist)) {
		return err
	} else if err != nil {
		f.xs, err = f.x.Snapshots(ctx)
		return err
	}
	if f.xs, err = f.x.Snapshots(ctx); err != nil {
		return err
	}
	if f.next, err = f.x.NextSeq(ctx); err != nil {
		return err
	}
	y, err := destination.Open(ctx, to, destination.Options{Create: true, Mode: destination.ReadOnlyIf(f.o.DryRun),
		ID: f.x.ID(), LockWait: f.o.LockWait, Holder: f.o.Holder})
	if f.o.DryRun && errors.Is(err, index.ErrMissing) {
		return nil
	}
	if err != nil {
		return err
	}
	if y.DB == nil { // a dry run on a folder that is none yet
		return y.Close()
	}
	f.y = y
	if f.ys, err = complete(ctx, y); err == nil {
		err = f.hello()
	}
	if err == nil && !f.o.DryRun {
		err = f.mark()
	}
	if err != nil {
		f.close()
	}
	return err
}

// refuseSame refuses to copy a destination into itself.
func refuseSame(x Source, to string) error {
	root, err := file.OpenRoot(to)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", to, os.ErrNotExist)
	}
	if err != nil {
		return err
	}
	defer root.Close()
	if same, err := x.Is(root); !same {
		return err
	}
	return &destination.GuardError{Why: to + " is the destination that is to be copied",
		Hint: "name the folder of the other one"}
}

// run copies what lacks, then what may have changed of the rest.
func (f *following) run(ctx context.Context) error {
	lacking := f.lacking()
	if err := f.checkBase(len(lacking)); err != nil {
		return err
	}
	if f.o.Begun != nil && len(lacking) > 0 && !f.o.DryRun {
		if err := f.o.Begun(f.common()); err != nil {
			return err
		}
	}
	for _, h := range lacking {
		there, err := f.x.Holds(ctx, h)
		switch {
		case err != nil:
			return err
		case !there:
			f.res.Passed = append(f.res.Passed, h.Name)
			continue
		case f.o.DryRun:
			f.rehearse(h)
			continue
		}
		if err := f.copy(ctx, h); err != nil {
			return fmt.Errorf("snapshot %s: %w", h.Name, err)
		}
	}
	if f.o.DryRun || f.o.Adds {
		return nil
	}
	if err := f.copyLabels(ctx); err != nil {
		return err
	}
	all, err := f.x.Settings(ctx)
	if err != nil {
		return err
	}
	return f.y.CopySettings(all)
}

// checkBase refuses a follower that lacks what the first snapshot goes on from.
func (f *following) checkBase(lacking int) error {
	seq, _ := f.common()
	if f.o.Base == 0 || lacking == 0 || seq != 0 || f.newest() == f.o.Base {
		return nil
	}
	return &destination.GuardError{
		Why:  fmt.Sprintf("what was sent goes on from snapshot %s, which is not the newest here", f.o.BaseName),
		Hint: "receive what was sent before it; or send the snapshot alone, without one that it goes on from",
		Err:  ErrNoBase,
	}
}

// rehearse says what would be copied.
func (f *following) rehearse(h *record.Header) {
	c := Copied{Name: h.Name, Seq: h.Seq, Whole: h.Parent != f.newest(), Files: h.Files, Bytes: h.CopiedBytes}
	if c.Whole {
		c.Bytes = h.HeldBytes()
	}
	f.res.Copied = append(f.res.Copied, c)
	f.ys = append(f.ys, *h)
}

// newest is the number of the follower's newest snapshot, 0 for none.
func (f *following) newest() uint64 {
	if len(f.ys) == 0 {
		return 0
	}
	return f.ys[len(f.ys)-1].Seq
}

// common is the newest snapshot of the follower if the source has it, too: the next copy goes on from it.
func (f *following) common() (seq uint64, name string) {
	n := slices.IndexFunc(f.xs, func(h record.Header) bool { return h.Seq == f.newest() })
	if n < 0 {
		return 0, ""
	}
	return f.xs[n].Seq, f.xs[n].Name
}

// lacking are the snapshots to copy, oldest first. A snapshot goes only after those that are there.
func (f *following) lacking() (all []*record.Header) {
	newest := f.newest()
	for i := range f.xs {
		h := &f.xs[i]
		asked := len(f.o.Only) == 0 || slices.Contains(f.o.Only, h.Seq)
		there := slices.ContainsFunc(f.ys, func(y record.Header) bool { return y.Seq == h.Seq })
		switch {
		case !asked || there || newest == 0 && h.Seq < f.o.Since:
		case h.Seq > newest:
			all = append(all, h)
		case len(f.o.Only) > 0:
			f.res.Earlier = append(f.res.Earlier, h.Name)
		}
	}
	return all
}

// copyLabels gives the snapshots of the follower the labels that they have at the source.
func (f *following) copyLabels(ctx context.Context) error {
	for i := range f.xs {
		x := &f.xs[i]
		n := slices.IndexFunc(f.ys, func(y record.Header) bool { return y.Seq == x.Seq })
		if n < 0 || x.Note == f.ys[n].Note && slices.Equal(x.Tags, f.ys[n].Tags) {
			continue
		}
		if err := f.y.SetLabels(ctx, x.Name, x.Tags, x.Note); err != nil {
			return err
		}
		f.res.Labels = append(f.res.Labels, x.Name)
	}
	return nil
}
