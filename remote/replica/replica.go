// Package replica brings the snapshots of one destination into another, which follows it. What it follows is a
// [Source]: a folder on another disk, the other end of a pipe, or a vault. The snapshots that the follower lacks are
// received, oldest first, by the builder of a backup ([backup.Receive]); it links to its own snapshots and writes its
// own change sets.
//
// Invariants:
//
//   - Only the follower is written to, and nothing of it is deleted.
//   - A follower has the id of what it follows and the mark of a replica. What is not certain to be one is refused: a
//     disk of another destination, one that was promoted, one with a snapshot that was never in the other.
//   - Each snapshot is published before the next is begun. A copy that was stopped goes on with the next one.
//
// [Follow] is the one call. Begin to read at following.run.
package replica

import (
	"context"
	"errors"
	"slices"
	"time"

	"snap/backup"
	"snap/destination"
	"snap/record"
)

// Options of one Follow. The zero value copies all that is lacking.
type Options struct {
	Only   []uint64 // numbers of the snapshots to copy; empty: all
	Since  uint64   // the first snapshot of a follower that has none yet; 0: the oldest
	Follow bool     // make a destination of the same id, which is no replica, follow: one that was the other's source
	DryRun bool     // only say what lacks

	// Adds: only snapshots are added, by somebody who is trusted with no more. Labels, settings and what it follows stay
	// as they are; what would hinder later snapshots, or have rules take older ones for old, is refused.
	Adds bool
	Now  time.Time // 0: as the clock says; with Adds snapshots of the future are refused

	// Base is the snapshot that the follower must have as its newest before the first that it lacks; 0: any will do.
	Base     uint64
	BaseName string

	Jobs     int
	Report   func(*record.Header) backup.Reporter // gets what happens with a snapshot; nil: nobody does
	LockWait time.Duration
	Holder   destination.Holder
	// Begun is told which snapshot the follower has as its newest, 0 for none, before one is read: it and all after it
	// should stay meanwhile. Done is told of each snapshot that was published. Either may be nil; an error ends the run.
	Begun func(newest uint64, name string) error
	Done  func(Copied) error
}

// Copied is one snapshot that was copied, or with Options.DryRun would be.
type Copied struct {
	Name    string   `json:"name"`
	Seq     uint64   `json:"seq"`
	Whole   bool     `json:"whole"`   // it was compared with what the follower had, by its whole listing
	Files   int64    `json:"files"`   // that it holds
	Linked  int64    `json:"linked"`  // of these, links into the snapshot before
	Bytes   int64    `json:"bytes"`   // of files that were copied; in a dry run what is expected, at most
	Resumed int64    `json:"resumed"` // files that an interrupted copy had brought
	Missing []Lost   `json:"missing"` // the first 1,000 files without bytes
	Notes   []Lost   `json:"notes"`   // what else there is to say
	Lacks   int64    `json:"lacks"`   // entries without some of their owner, mode, times or attributes in the tree
	After   []string `json:"after"`   // what failed after the snapshot was complete
}

// Lost is a path and what is wrong with it.
type Lost struct {
	Path string `json:"path"`
	Why  string `json:"error"`
}

// Result is what a Follow did.
type Result struct {
	Copied  []Copied `json:"copied"`
	Passed  []string `json:"passed"`  // snapshots whose folders are missing at the source
	Labels  []string `json:"labels"`  // snapshots that got other labels
	Earlier []string `json:"earlier"` // snapshots that were asked for, and are older than the newest that the follower has
	// Newest is the newest snapshot that both have at the end, 0 and "" for none.
	Newest     uint64 `json:"newest"`
	NewestName string `json:"newest_name"`
}

// Incomplete reports whether something of the source is missing from what was copied.
func (r *Result) Incomplete() bool {
	return len(r.Passed) > 0 || slices.ContainsFunc(r.Copied, func(c Copied) bool { return len(c.Missing) > 0 })
}

// Copy brings the snapshots that the destination in the folder to lacks of those in the folder from.
func Copy(ctx context.Context, from, to string, o Options) (*Result, error) {
	x, err := OpenHere(ctx, from)
	if err != nil {
		return &Result{}, err
	}
	defer x.Close()
	return Follow(ctx, x, to, o)
}

// Follow brings the snapshots that the destination in the folder to lacks of those of x. An error leaves what was
// copied before it in the result; the same call again goes on.
func Follow(ctx context.Context, x Source, to string, o Options) (*Result, error) {
	f := &following{o: o, x: x, res: &Result{}}
	if err := f.open(ctx, to); err != nil {
		return f.res, err
	}
	defer f.close()
	err := f.run(ctx)
	f.res.Newest, f.res.NewestName = f.common()
	return f.res, err
}

// Promote makes the replica at path a destination that is backed up to.
func Promote(ctx context.Context, path string, holder destination.Holder, wait time.Duration) error {
	d, err := destination.Open(ctx, path, destination.Options{Mode: destination.Repair, Holder: holder, LockWait: wait})
	if err != nil {
		return err
	}
	return errors.Join(d.Promote(), d.Close())
}
