// Package restore brings files back from a snapshot, verified.
//
// Invariants:
//
//   - The index says what the snapshot holds; the tree only has the bytes. Every file is hashed as it is
//     written, and a file that the tree no longer holds truly is reported.
//   - Nothing is written outside the target: folders are entered by handle, one element at a time, never
//     through a symbolic link. In the tree no link is followed either.
//   - A file appears by rename, whole, with its metadata set; a folder gets its metadata when everything
//     in it is done.
//   - Restored files are copies: no inode of the snapshot is linked or touched. An inode with other names
//     is never changed in place.
//   - With Never nothing that exists is changed; a damaged file never takes the place of another.
//   - A source error is a problem of one file; a target that fails stops the run.
//
// One goroutine walks the index in key order with a stack of open folders, and decides; workers restore
// what is not a folder. A folder is finished by whoever is the last to let go of it. What is done with a
// path is said by the pure function decide; the walk hands it to a writer, or to a plan, which touches
// nothing: that is the dry run, and the look ahead of Never.
package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"snap/index"
	"snap/internal/file"
)

// Overwrite says what happens to what exists in the target under the name of something restored.
// Existing folders are always merged with. A folder in the way of something else gives way only when it
// is empty, or cleared by Delete.
type Overwrite uint8

// The ways to overwrite. Never: if anything would be overwritten, Run refuses before it writes anything;
// existing folders keep their metadata unless they are empty. IfChanged: what has the recorded kind, size
// and modification time (a link its target, a device its number) is kept and given the recorded metadata;
// all else is replaced. IfNewer: replaced if the snapshot's modification time is later. Always: replaced.
const (
	Never Overwrite = iota
	IfChanged
	IfNewer
	Always
)

// Item is a part of the snapshot and where it goes.
type Item struct {
	Path string // in the snapshot; "" is all of it
	To   string // below the target; "" is the target itself, for a folder only
}

// Options say what to restore and how.
type Options struct {
	// Items are what to bring back. None may go to, or into, the place of another, unless both are where
	// they were. An item whose Path and To are equal gets folders that lead to it, where they are missing,
	// as the snapshot has them.
	Items []Item

	// Target is the folder that everything goes to. Its last element is made if missing. It may be a
	// symbolic link, but not be in the destination that is restored from.
	Target string

	// Overwrite says what happens to what exists. Default: Never.
	Overwrite Overwrite

	// Delete removes what restored folders have in the target and not in the snapshot, but for what
	// Exclude names, the destination itself and what is mounted there. Beware: what the backup left out
	// by its filters is not in the snapshot either.
	Delete bool

	// Include and Exclude choose by the path in the snapshot. Include takes a folder with all that is in
	// it; Exclude wins. Folders that only lead to something included are made if missing and otherwise
	// left as they are. Default: everything is included, nothing excluded.
	Include, Exclude func(path string, dir bool) bool

	// DryRun decides everything and writes nothing.
	DryRun bool

	// NumericIDs keeps owners as recorded numbers. Default: an owner whose recorded name has another
	// number here gets that number. Numbers in ACLs are never translated.
	NumericIDs bool

	// Jobs is how many files are written at the same time. Default: one a CPU, up to four.
	Jobs int

	// Report hears what happens, may be nil. It is called by one goroutine at a time.
	Report Reporter
}

// run is what both passes over a snapshot share.
type run struct {
	Options
	*tally
	db     *index.DB
	seq    uint64
	items  []item
	users  map[uint32]uint32
	groups map[uint32]uint32

	dest   file.Stat  // the destination's folder
	tree   *file.Tree // the snapshot's
	root   *file.Dir  // the target's handle, nil while it does not exist; errors of writing show on it
	target *file.Tree // below root
}

// idleDirs is how many unused folder handles each tree keeps open.
const idleDirs = 128

// Run restores o.Items of a snapshot, whose tree is the folder DEST/<name>. Problems of single files are
// in the Result, by path in key order. The error is an *ExistsError when Never refused, the context's
// when it was cancelled, index.ErrNotFound for an item that the snapshot does not hold, one of the
// index, or one of the target; then the Result says what was done until then.
func Run(ctx context.Context, db *index.DB, snapshot *index.Header, tree string, o Options) (Result, error) {
	if o.Jobs <= 0 {
		o.Jobs = min(4, runtime.NumCPU())
	}
	r := &run{Options: o, db: db, seq: snapshot.Seq, tally: &tally{report: o.Report}}
	if !o.NumericIDs {
		r.users, r.groups = translate(snapshot.Users, localUser), translate(snapshot.Groups, localGroup)
	}
	var err error
	if r.items, err = prepare(ctx, db, snapshot.Seq, o.Items); err != nil {
		return Result{}, err
	}
	if err := r.openTree(tree); err != nil {
		return Result{}, err
	}
	defer r.tree.Close()
	if err := r.openTarget(filepath.Dir(tree)); err != nil {
		return Result{}, err
	}
	defer r.close()
	if o.DryRun || o.Overwrite == Never && r.root != nil {
		plan := &plan{run: r.quiet(!o.DryRun)}
		if err := plan.walk(ctx, plan); err != nil || o.DryRun || plan.refused.Count > 0 {
			return plan.done(), errors.Join(err, plan.refused.orNil())
		}
	}
	if err := r.makeTarget(); err != nil {
		return Result{}, err
	}
	err = write(ctx, r)
	if err == nil {
		err = r.stillThere(ctx, snapshot)
	}
	return r.done(), err
}

// quiet is r with a tally of its own that tells nobody, if it is to be.
func (r *run) quiet(so bool) *run {
	c := *r
	if so {
		c.tally = &tally{}
	}
	return &c
}

// openTree opens DEST by its path and the snapshot in it by its name, which must not be a link.
func (r *run) openTree(tree string) error {
	dest, err := file.OpenRoot(filepath.Dir(tree))
	if err != nil {
		return err
	}
	defer dest.Close()
	if r.dest, err = dest.Stat(); err != nil {
		return err
	}
	top, err := dest.OpenDir(filepath.Base(tree))
	if err != nil {
		return err
	}
	r.tree = file.NewTree(top, idleDirs, (*file.Dir).EnterDir)
	_, err = r.tree.Adopt("", top)
	return err
}

// openTarget opens the target if it exists, after making sure that it is not in the destination.
func (r *run) openTarget(dest string) error {
	info, err := os.Stat(dest)
	if err != nil {
		return err
	}
	real, err := filepath.EvalSymlinks(r.Target)
	missing := errors.Is(err, fs.ErrNotExist)
	if missing {
		real, err = filepath.EvalSymlinks(filepath.Dir(filepath.Clean(r.Target)))
	}
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return err
	}
	for dir := real; ; dir = filepath.Dir(dir) {
		if i, err := os.Stat(dir); err == nil && os.SameFile(i, info) {
			return fmt.Errorf("%s: %w", r.Target, ErrInDestination)
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if missing {
		return nil
	}
	return r.useTarget()
}

// makeTarget makes the target if it does not exist.
func (r *run) makeTarget() error {
	if r.root != nil {
		return nil
	}
	if err := os.Mkdir(r.Target, 0o777); err != nil {
		return err
	}
	return r.useTarget()
}

func (r *run) useTarget() (err error) {
	if r.root, err = file.OpenRoot(r.Target); err == nil {
		r.target = file.NewTree(r.root, idleDirs, reach)
	}
	return err
}

// reach enters a folder of the target; one that may not be listed can still be gone through.
func reach(parent *file.Dir, name string) (*file.Dir, error) {
	d, err := parent.OpenDir(name)
	if errors.Is(err, fs.ErrPermission) {
		return parent.EnterDir(name)
	}
	return d, err
}

func (r *run) close() {
	if r.root != nil {
		r.target.Close()
		r.root.Close()
	}
}

// stillThere makes sure that the snapshot was not deleted while it was read: the index would have fallen
// silent in the middle.
func (r *run) stillThere(ctx context.Context, snapshot *index.Header) error {
	all, err := r.db.Snapshots(ctx)
	for i := range all {
		if all[i].Seq == snapshot.Seq && all[i].Name == snapshot.Name {
			return nil
		}
	}
	return errors.Join(err, fmt.Errorf("snapshot %s was deleted while it was restored: %w", snapshot.Name, index.ErrNotFound))
}
