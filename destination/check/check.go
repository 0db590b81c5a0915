// Package check answers whether every snapshot is what the index says, and repairs what is not.
//
// It compares the index with itself and with each change set (sets.go), and the tree of each snapshot with the index
// (compare.go, tree.go); on request it reads the bytes of files (read.go). What is wrong is a [Finding], one for all
// snapshots and names that share it (findings.go).
//
// Invariants:
//
//   - A check takes no lock and writes nothing but a note of its result (destination.NoteCheck): what it has seen of a
//     tree counts only if the snapshot is still there afterwards.
//   - What a file system or an ordinary user cannot keep is no damage (judge.go, a pure function).
//   - An inode is read once, whatever the number of its names.
//   - A repair never writes to an inode that is there. It makes a new one of bytes with the right hash
//     (repair_bytes.go, repair_replacement.go) and puts it in each place by one rename (repair_places.go). It can be
//     stopped anywhere.
//   - A file that may be the only copy of what belongs elsewhere is not replaced.
//
// [Run] is the one call. Begin to read at judge.go, then tree.go; of a repair at repair.go.
package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"snap/destination"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/record"
)

// Options of a check. The zero value compares index, change sets and trees, reads no file and writes nothing.
type Options struct {
	Time     time.Time // when it begins, by the clock: its result is left in the destination; zero: it is not
	Read     Subset    // the files whose bytes are read and compared with their hashes
	Repair   bool      // repair what can be repaired; takes the destination's lock
	Jobs     int       // files read at the same time; 0: 4
	LockWait time.Duration
	Holder   destination.Holder   // what others see while a repair holds the lock
	Progress func(progress.State) // called with the progress; nil: nobody is
}

// Result is what a check found.
type Result struct {
	Snapshots  int64 // whose trees were looked at
	Files      int64 // entries of the trees, folders too, counted in each snapshot
	InodesRead int64
	BytesRead  int64
	Unproved   int64 // files that were to be read and whose hash the index does not know
	Links      Unshared

	Damaged  int64 // Findings that are damage
	Repaired int64 // of them, those repaired
	Errors   int64 // what is left: damage not repaired, and what could not be read

	Findings []Finding             // in key order of the path; at most findingsKept
	More     int64                 // damage beyond that, counted only
	Missing  []string              // snapshots whose folders are gone from the destination
	Renamed  []destination.Renamed // of the missing ones, those whose folders have other names now
	Strange  []string              // other folders in the destination that are no snapshot's; only where one is missing
	Unnoted  error                 // why the result could not be left in the destination
}

// Run makes sure that index, change sets and trees of the destination at path agree, and that files hold
// the bytes that were backed up. What it finds is in the result, which is there beside an error too.
//
// Without Repair it takes no lock and writes nothing but a note of its result, if Options.Time asks for it: other runs
// go on beside it, and a snapshot that is deleted meanwhile is passed over. A repair can be stopped at any point and
// begun again; it makes new inodes and never writes to one that a snapshot has.
func Run(ctx context.Context, path string, o Options) (res *Result, err error) {
	return run(ctx, path, o, inodesAPass)
}

// run is Run with passes of at most so many inodes.
func run(ctx context.Context, path string, o Options, room int64) (res *Result, err error) {
	if o.Jobs <= 0 {
		o.Jobs = 4
	}
	if o.Progress == nil {
		o.Progress = func(progress.State) {}
	}
	c := &checker{o: o, read: reading{room: room}, shared: sharing{}}
	if err := c.open(ctx, path); err != nil {
		return &c.res, err
	}
	defer func() { err = errors.Join(err, c.d.Close()) }()
	err = c.run(ctx)
	c.finish()
	c.note(err)
	return &c.res, err
}

// note leaves the result in the destination. One that was stopped counts only for the damage that it had found.
func (c *checker) note(stopped error) {
	if c.o.Time.IsZero() || stopped != nil && c.res.Errors == 0 {
		return
	}
	c.res.Unnoted = c.d.NoteCheck(destination.LastCheck{
		Found: c.res.left(), Mended: c.res.mended(), Missing: int64(len(c.res.Missing)),
		Time: c.o.Time, Read: c.read.part(), Stopped: stopped != nil, Snapshots: c.res.Snapshots, Files: c.res.Files,
		BytesRead: c.res.BytesRead, Damaged: c.res.Damaged, Repaired: c.res.Repaired, Errors: c.res.Errors,
		Newest: c.newest, Copied: c.copied,
	})
}

// checker is the state of a check.
type checker struct {
	o        Options
	d        *destination.Destination
	snaps    []record.Header // the complete snapshots whose folders are there, oldest first
	newest   uint64          // the last of them
	copied   int64           // by all runs before
	keepsAll bool            // the file system keeps modes, owners and the times of everything
	faults   faults
	read     reading
	shared   sharing // of the trees that were looked at and are folders

	subvolumes bool // some are subvolumes, which share blocks and no inodes

	attributed attributed
	res        Result
	at         progress.State
}

func (c *checker) open(ctx context.Context, path string) (err error) {
	if c.o.Repair {
		c.d, err = destination.Open(ctx, path,
			destination.Options{Mode: destination.Repair, LockWait: c.o.LockWait, Holder: c.o.Holder})
		return err
	}
	if c.d, err = destination.Open(ctx, path, destination.Options{Mode: destination.ReadOnly, AnyUser: true}); err != nil {
		return err
	}
	if purging, err := destination.Exists(c.d.Meta, destination.PurgeName); err != nil || purging {
		c.d.Close()
		return cmp.Or(err, fmt.Errorf("%s: %w", c.d.Path, destination.ErrPurging))
	}
	return nil
}

func (c *checker) run(ctx context.Context) error {
	info, err := c.d.Root.System()
	if err != nil {
		return err
	}
	c.keepsAll = destination.KeepsAll[info.Type]
	c.o.Progress(progress.State{Stage: progress.CheckingIndex})
	if _, err := c.d.DB.Check(ctx, c.indexFault); err != nil {
		return c.indexError(err)
	}
	c.copied = destination.CopiedByRuns(c.d.Root)
	complete, err := c.headers(ctx)
	if err != nil {
		return err
	}
	if n := len(complete); n > 0 {
		c.newest = complete[n-1].Seq
	}
	if err := c.sets(ctx, complete); err != nil {
		return err
	}
	if err := c.present(ctx, complete); err != nil {
		return err
	}
	if err := c.trees(ctx); err != nil {
		return err
	}
	if err := c.links(ctx); err != nil {
		return err
	}
	if err := c.checkLatest(ctx); err != nil {
		return err
	}
	if !c.o.Repair || len(c.faults.all) == 0 {
		return nil
	}
	return c.repair(ctx)
}

// headers are those of the complete snapshots, oldest first. Their names are used as those of folders.
func (c *checker) headers(ctx context.Context) (complete []record.Header, err error) {
	all, err := c.d.DB.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].State != record.Complete {
			continue
		}
		if err := record.CheckName(all[i].Name); err != nil {
			return nil, fmt.Errorf("%w: %w", record.ErrDamaged, err)
		}
		complete = append(complete, all[i])
	}
	return complete, nil
}

// present finds out which snapshots' folders are there. One that is not was removed by somebody: that is no damage,
// and reported once.
func (c *checker) present(ctx context.Context, complete []record.Header) (err error) {
	known := map[string]bool{destination.MetaName: true}
	for i := range complete {
		h := &complete[i]
		s, err := c.d.Root.Lstat(h.Name)
		switch {
		case err == nil && s.Kind == file.Folder:
			known[h.Name] = true
			c.snaps = append(c.snaps, *h)
			c.at.TotalFiles += h.Files + h.Dirs
		case err == nil || errors.Is(err, fs.ErrNotExist):
			if destination.InTrash(c.d.Root, h.Seq) { // it is being deleted
				continue
			}
			c.res.Missing = append(c.res.Missing, h.Name)
		default:
			return err
		}
	}
	if len(c.res.Missing) == 0 {
		return nil
	}
	if c.res.Renamed, err = destination.FindRenamed(ctx, c.d.Root, c.d.DB, c.res.Missing); err != nil {
		return err
	}
	for _, r := range c.res.Renamed {
		outer, _, _ := strings.Cut(r.Folder, "/")
		known[outer] = true
	}
	entries, err := c.d.Root.Entries()
	if err != nil {
		return err
	}
	c.d.Root.StatAll(entries)
	for i := range entries {
		if e := &entries[i]; e.Err == nil && e.Stat.Kind == file.Folder && !known[e.Name] {
			c.res.Strange = append(c.res.Strange, e.Name)
		}
	}
	return nil
}

// trees looks at all trees, in as many passes as keep the table of what was read small.
func (c *checker) trees(ctx context.Context) error {
	if err := c.prepareReading(ctx); err != nil {
		return err
	}
	if c.at.Stage = progress.Checking; c.read.any() {
		c.at.Stage = progress.Reading
	}
	c.o.Progress(c.at)
	for pass := range c.read.passes {
		c.read.begin(pass)
		for pos := range c.snaps {
			if err := c.tree(ctx, pos); err != nil {
				return err
			}
		}
	}
	c.res.Snapshots = int64(len(c.snaps))
	return nil
}

// finish puts the findings in order and counts them.
func (c *checker) finish() {
	c.faults.report(c.snaps, &c.res)
}
