// Package restore brings files back from a snapshot, verified.
//
// Invariants:
//
//   - The index says what the snapshot holds; its tree, or other Contents, only has the bytes. Every file is hashed as
//     it is written, and a file that is damaged in the tree is reported.
//   - Nothing is written outside the target: folders are entered by handle, one element at a time, never
//     through a symbolic link. In the tree no link is followed either.
//   - A file appears by rename, whole, with its metadata set; a folder gets its metadata when everything
//     in it is done.
//   - Restored files are copies: no inode of the snapshot is linked or touched. An inode with other names
//     is never changed in place.
//   - With Never nothing that exists is changed; a damaged file never takes the place of another.
//   - A file that cannot be read from the snapshot is a problem of that file; a target that fails stops the run.
//
// One goroutine walks the index in key order with a stack of open folders, and decides; workers restore what is not a
// folder. The last goroutine that is done with a folder finishes it. The pure function decide says what is done with a
// path. The walk gives each path to a handler: a writer, which restores it, or a plan, which changes nothing. A plan is
// the dry run, and what Never and Delete look at before anything is written.
//
// [Run] is the one call, and [Options] says what is restored and to where. Begin to read at decide.go, then walk.go
// and write.go.
package restore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// Overwrite says what happens to what exists in the target under the name of something restored.
// Existing folders are always merged with. A folder in the way of something else gives way only when it
// is empty, or when Delete may remove what is in it.
type Overwrite uint8

// The ways to overwrite. Never: if anything would be overwritten, Run refuses before it writes anything; existing
// folders keep their metadata unless they are empty. IfChanged: what has the recorded kind, size and modification
// time (a link its target, a device its number) is kept and given the recorded metadata; all else is replaced.
// IfNewer: replaced if the snapshot's modification time is later. Always: replaced. Skip: kept, and what is not there
// is restored; existing folders keep their metadata as with Never.
const (
	Never Overwrite = iota
	IfChanged
	IfNewer
	Always
	Skip
)

// keeps reports whether nothing that exists is changed.
func (o Overwrite) keeps() bool { return o == Never || o == Skip }

// Item is a part of the snapshot and where it goes.
type Item struct {
	Path string // in the snapshot; "" is all of it
	To   string // below the target; "" is the target itself, for a folder only
}

// Options say what to restore and how.
type Options struct {
	// Items are what to bring back. None may go to the place of another, or into it, unless the snapshot has them
	// like that too. Where an item's Path and To are equal, missing folders on the way to it are made as the snapshot
	// has them.
	Items []Item

	// Target is the folder that everything goes to. Its last element is made if missing. It may be a
	// symbolic link, but not be in the destination that is restored from.
	Target string

	// Overwrite says what happens to what exists. Default: Never.
	Overwrite Overwrite

	// Delete removes what restored folders have in the target and not in the snapshot. It leaves what Exclude
	// names; the destination itself; what is mounted on a folder that the snapshot does not have, or has as an
	// empty one; and what the backup left out: what Spare names, and what was there when the snapshot was made and
	// is in no snapshot.
	Delete bool

	// Spare says why something that would be deleted stays: the rule that left it out of the backup. "": it goes.
	// Default: nothing stays.
	Spare func(x *Extra) (why string, err error)

	// DeleteExcluded makes Delete remove what the backup left out, too.
	DeleteExcluded bool

	// DeleteMost lets Delete remove most of what is there although snapshots know little of it; else a *MostError.
	DeleteMost bool

	// Carrier reports that a folder is in the snapshot only because it leads to what was backed up. Such a folder
	// is made where it is missing; else it stays as it is, and Delete removes nothing in it. Default: none is.
	Carrier func(path string) bool

	// NoXattrs restores no extended attributes, ACLs and capabilities among them.
	NoXattrs bool

	// Include and Exclude choose by the path in the snapshot. Include takes a folder with all that is in
	// it; Exclude wins. Folders that only lead to something included are made if missing and otherwise
	// left as they are. Default: everything is included, nothing excluded.
	Include, Exclude func(path string, dir bool) bool

	// DryRun decides everything and writes nothing.
	DryRun bool

	// NumericIDs keeps owners as recorded numbers. Default: an owner whose recorded name has another
	// number here gets that number. Numbers in ACLs are never translated.
	NumericIDs bool

	// Jobs is how many files are written at the same time. Default: one a CPU, up to four (docs/performance.md).
	Jobs int

	// Contents has the bytes; Run does not close it. Default: the snapshot's tree.
	Contents Contents

	// Report hears what happens, may be nil. It is called by one goroutine at a time.
	Report Reporter
}

// run is what both passes over a snapshot share.
type run struct {
	o      Options
	tally  *tally
	db     *index.DB
	seq    uint64
	items  []item
	users  map[uint32]uint32
	groups map[uint32]uint32

	who    who
	limits *limits
	census census

	contents Contents
	dest     file.Stat  // the destination's folder
	tree     *Tree      // the snapshot's; nil where the bytes come from elsewhere
	root     *file.Dir  // the target, nil while it does not exist; errors of writing show on this handle
	target   *file.Tree // below root
}

// Run restores o.Items of a snapshot, whose tree is the folder DEST/<name>, or would be. Problems of single files are
// in the Result, by path in key order. The error is an *ExistsError when Never refused, a *SpaceError when it cannot
// fit, the context's
// when it was cancelled, index.ErrNotFound for an item that the snapshot does not hold, one of the
// index, or one of the target; then the Result says what was done until then.
func Run(ctx context.Context, db *index.DB, snapshot *record.Header, tree string, o Options) (Result, error) {
	if o.Jobs <= 0 {
		o.Jobs = min(4, runtime.NumCPU())
	}
	r := &run{o: o, db: db, seq: snapshot.Seq, tally: &tally{report: o.Report}, who: whoRestores(),
		limits: &limits{}}
	if !o.NumericIDs {
		r.users, r.groups = translate(snapshot.Users, localUser), translate(snapshot.Groups, localGroup)
	}
	var err error
	if r.items, err = prepare(ctx, db, snapshot.Seq, o.Items); err != nil {
		return Result{}, err
	}
	defer r.close()
	if err := errors.Join(r.openContents(tree), r.openTarget(filepath.Dir(tree))); err != nil {
		return Result{}, err
	}
	if o.DryRun || o.Delete || r.looksAhead() {
		plan := &plan{run: r.copy(!o.DryRun)}
		if err := plan.run.walk(ctx, plan); err != nil {
			return Result{}, err
		}
		if plan.refused.Count > 0 {
			return Result{}, &plan.refused
		}
		if err := errors.Join(plan.guard(ctx), plan.fits()); err != nil || o.DryRun {
			return plan.run.tally.done(), err
		}
	}
	if err := r.expect(ctx); err != nil {
		return Result{}, err
	}
	err = r.write(ctx)
	if err == nil {
		err = r.stillThere(ctx, snapshot)
	}
	return r.tally.done(), err
}

// copy is a copy of r. A silent one reports nothing and counts for itself.
func (r *run) copy(silent bool) *run {
	c := *r
	if silent {
		c.tally = &tally{}
	}
	return &c
}

// stillThere makes sure that the snapshot was not deleted while it was read: then the index has listed only a part
// of it.
func (r *run) stillThere(ctx context.Context, snapshot *record.Header) error {
	all, err := r.db.Snapshots(ctx)
	for i := range all {
		if all[i].Seq == snapshot.Seq && all[i].Name == snapshot.Name {
			return nil
		}
	}
	return errors.Join(err,
		fmt.Errorf("snapshot %s was deleted while it was restored: %w", snapshot.Name, index.ErrNotFound))
}
