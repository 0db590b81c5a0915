// Package replica brings the snapshots of one destination into another, which follows it: on another disk, in this
// process. The snapshots that the follower lacks are received, oldest first, by the builder of a backup
// ([backup.Receive]); it links to its own snapshots and writes its own change sets.
//
// Invariants:
//
//   - Only the follower is written to, and nothing of it is deleted.
//   - A follower has the id of what it follows and the mark of a replica. What is not certain to be one is refused: a
//     disk of another destination, one that was promoted, one with a snapshot that was never in the other.
//   - Each snapshot is published before the next is begun. A copy that was stopped goes on with the next one.
package replica

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"snap/backup"
	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// Options of one Copy. The zero value copies all that is lacking.
type Options struct {
	Only   []uint64 // numbers of the snapshots to copy; empty: all
	Since  uint64   // the first snapshot of a follower that has none yet; 0: the oldest
	Follow bool     // make a destination of the same id, which is no replica, follow: one that was the other's source
	DryRun bool     // only say what lacks

	Jobs     int
	Report   func(*record.Header) backup.Reporter // gets what happens with a snapshot; nil: nobody does
	LockWait time.Duration
	Holder   destination.Holder
}

// Copied is one snapshot that was copied, or with Options.DryRun would be.
type Copied struct {
	Header *record.Header // as it is at the source
	Result *backup.Result // nil in a dry run, or if its tree is missing there
	Whole  bool           // it was compared with what the follower had, by its whole listing
}

// Result is what a Copy did.
type Result struct {
	Copied  []Copied
	Passed  []string // snapshots whose folders are missing at the source
	Labels  []string // snapshots that got other labels
	Earlier []string // snapshots that were asked for, and are older than the newest that the follower has
}

// Incomplete reports whether something of the source is missing from what was copied.
func (r *Result) Incomplete() bool {
	return len(r.Passed) > 0 || slices.ContainsFunc(r.Copied, func(c Copied) bool {
		return c.Result != nil && c.Result.Incomplete()
	})
}

// Copy brings the snapshots that the destination at to lacks of those at from. An error leaves what was copied before
// it in the result; the same call again goes on.
func Copy(ctx context.Context, from, to string, o Options) (*Result, error) {
	res := &Result{}
	x, err := destination.Open(ctx, from, destination.Options{Mode: destination.ReadOnly, AnyUser: true})
	if err != nil {
		return res, err
	}
	defer x.Close()
	c := &copying{o: o, x: x, res: res}
	if err := c.open(ctx, to); err != nil {
		return res, err
	}
	defer c.close()
	return res, c.run(ctx)
}

// Promote makes the replica at path a destination that is backed up to.
func Promote(ctx context.Context, path string, holder destination.Holder, wait time.Duration) error {
	d, err := destination.Open(ctx, path, destination.Options{Mode: destination.Repair, Holder: holder, LockWait: wait})
	if err != nil {
		return err
	}
	return errors.Join(d.Promote(), d.Close())
}

// copying is the state of one Copy: x is where the snapshots are, y the follower.
type copying struct {
	o    Options
	x, y *destination.Destination // y nil in a dry run on a folder that is no destination yet
	xs   []record.Header
	ys   []record.Header
	res  *Result
}

func (c *copying) close() {
	if c.y != nil {
		c.y.Close()
	}
}

// open opens the follower, and refuses what is none.
func (c *copying) open(ctx context.Context, to string) (err error) {
	if err := refuseSame(c.x, to); err != nil {
		return err
	}
	if c.xs, err = complete(ctx, c.x); err != nil {
		return err
	}
	y, err := destination.Open(ctx, to, destination.Options{Create: true, Mode: destination.ReadOnlyIf(c.o.DryRun),
		ID: c.x.ID, LockWait: c.o.LockWait, Holder: c.o.Holder})
	if c.o.DryRun && errors.Is(err, index.ErrMissing) {
		return nil
	}
	if err != nil {
		return err
	}
	if y.DB == nil { // a dry run on a folder that is none yet
		return y.Close()
	}
	c.y = y
	if c.ys, err = complete(ctx, y); err == nil {
		err = c.hello(ctx)
	}
	if err == nil && !c.o.DryRun {
		err = y.MarkReplica(c.x.Path)
	}
	if err != nil {
		c.close()
	}
	return err
}

// refuseSame refuses to copy a destination into itself.
func refuseSame(x *destination.Destination, to string) error {
	root, err := file.OpenRoot(to)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", to, os.ErrNotExist)
	}
	if err != nil {
		return err
	}
	defer root.Close()
	a, err1 := x.Root.Stat()
	b, err2 := root.Stat()
	if err := errors.Join(err1, err2); err != nil || !file.MayBeSame(&a, &b) {
		return err
	}
	return &destination.GuardError{Why: to + " is the destination that is to be copied",
		Hint: "name the folder of the other one"}
}

// complete are the complete snapshots of a destination, oldest first.
func complete(ctx context.Context, d *destination.Destination) ([]record.Header, error) {
	all, err := d.DB.Snapshots(ctx)
	return slices.DeleteFunc(all, func(h record.Header) bool { return h.State != record.Complete }), err
}

// run copies what lacks, then what may have changed of the rest.
func (c *copying) run(ctx context.Context) error {
	for _, h := range c.lacking() {
		there, err := destination.FolderAt(c.x.Root, h.Name)
		switch {
		case err != nil:
			return err
		case !there:
			c.res.Passed = append(c.res.Passed, h.Name)
			continue
		case c.o.DryRun:
			c.res.Copied = append(c.res.Copied, Copied{Header: h, Whole: h.Parent != c.newest()})
			c.ys = append(c.ys, *h)
			continue
		}
		if err := c.copy(ctx, h); err != nil {
			return fmt.Errorf("snapshot %s: %w", h.Name, err)
		}
	}
	if c.o.DryRun {
		return nil
	}
	if err := c.copyLabels(ctx); err != nil {
		return err
	}
	return c.y.CopySettings(c.x.Root)
}

// newest is the number of the follower's newest snapshot, 0 for none.
func (c *copying) newest() uint64 {
	if len(c.ys) == 0 {
		return 0
	}
	return c.ys[len(c.ys)-1].Seq
}

// lacking are the snapshots to copy, oldest first. A snapshot goes only after those that are there.
func (c *copying) lacking() (all []*record.Header) {
	newest := c.newest()
	for i := range c.xs {
		h := &c.xs[i]
		asked := len(c.o.Only) == 0 || slices.Contains(c.o.Only, h.Seq)
		there := slices.ContainsFunc(c.ys, func(y record.Header) bool { return y.Seq == h.Seq })
		switch {
		case !asked || there || newest == 0 && h.Seq < c.o.Since:
		case h.Seq > newest:
			all = append(all, h)
		case len(c.o.Only) > 0:
			c.res.Earlier = append(c.res.Earlier, h.Name)
		}
	}
	return all
}

// copy copies one snapshot: its change set if the one before is there, else its whole listing.
func (c *copying) copy(ctx context.Context, h *record.Header) error {
	whole := h.Parent != c.newest()
	if set, err := c.x.ReadChangeSet(h.Seq); err != nil || set.Parent != h.Parent {
		whole = true // damaged, or changed by a deletion just now
	}
	res, err := c.receive(ctx, h, whole)
	if !whole && errors.Is(err, backup.ErrOtherBase) {
		if err := c.y.FindInterrupted(ctx); err != nil {
			return err
		}
		whole = true
		res, err = c.receive(ctx, h, whole)
	}
	if res != nil && res.Header != nil {
		c.ys = append(c.ys, *res.Header)
		c.res.Copied = append(c.res.Copied, Copied{Header: h, Result: res, Whole: whole})
	}
	return err
}

func (c *copying) receive(ctx context.Context, h *record.Header, whole bool) (*backup.Result, error) {
	from, err := openContents(c.x, h.Name)
	if err != nil {
		return nil, err
	}
	defer from.close()
	in := backup.Incoming{Header: *h, Whole: whole, Contents: from,
		Records: destination.ReadChanges(c.x.ChangesDir.Path(), destination.ChangeSetName(h.Seq))}
	if whole {
		in.Records = c.x.DB.Entries(ctx, h.Seq, "")
	}
	o := backup.ReceiveOptions{Jobs: c.o.Jobs}
	if c.o.Report != nil {
		o.Report = c.o.Report(h)
	}
	return backup.Receive(ctx, c.y, in, o)
}

// copyLabels gives the snapshots of the follower the labels that they have at the source.
func (c *copying) copyLabels(ctx context.Context) error {
	for i := range c.xs {
		x := &c.xs[i]
		n := slices.IndexFunc(c.ys, func(y record.Header) bool { return y.Seq == x.Seq })
		if n < 0 || x.Note == c.ys[n].Note && slices.Equal(x.Tags, c.ys[n].Tags) {
			continue
		}
		if err := c.y.SetLabels(ctx, x.Name, x.Tags, x.Note); err != nil {
			return err
		}
		c.res.Labels = append(c.res.Labels, x.Name)
	}
	return nil
}
