// Package destination is one destination on disk: its names, lock and owner, its change sets and labels, and what
// makes a snapshot appear and go.
//
// Invariants:
//
//   - Whoever writes holds the lock (lock.go) and is the destination's one owner (owner.go). Only a check leaves a note
//     without it (last_check.go).
//   - Each snapshot has a sequence number that grows and is never given twice, and a change set of that number
//     (change_sets.go). Its tree is the folder of its name (names.go).
//   - What is to last is written to a new file, synced and renamed. [Destination.PublishPrepared] (publish.go) is the
//     one place where a tree gets its name.
//   - Every open for writing first brings the destination to a state that a run can begin from, whatever the run before
//     was doing when it died (recover.go). Recovery, deletion (delete.go) and purge (purge.go) can stop anywhere and be
//     begun again.
//   - A snapshot's tree is only ever emptied in the trash, where its name is gone, and never what is mounted in it.
//
// A destination looks so; ARCHITECTURE.md draws it whole:
//
//	DEST/<name>/               a snapshot
//	DEST/latest                a link to the newest one
//	DEST/.snap/index.db        what every snapshot holds (package index)
//	DEST/.snap/changes/<seq>   the change set of each snapshot
//	DEST/.snap/tmp/<random>/   a work folder (work_folder.go): of this run, or of an interrupted one (interrupted.go)
//	DEST/.snap/trash/          what is being deleted
//
// [Open] gives a [Destination] for one [Mode]; begin to read at recover.go, which says what a crash can leave.
package destination

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// The names inside a destination that are not the user's.
const (
	MetaName    = ".snap"
	TmpName     = "tmp"
	TrashName   = "trash"
	ChangesName = "changes"
	LatestName  = "latest"
	lockName    = "lock"
)

// Destination is a folder of snapshots, open for writing: its lock is held until Close.
type Destination struct {
	Path string // absolute
	ID   string
	DB   *index.DB // nil in a dry run on a folder that is no destination yet

	Root       *file.Dir // opened before the first write, so that its sync reports every failed one
	Meta       *file.Dir
	Tmp        *file.Dir
	Trash      *file.Dir
	ChangesDir *file.Dir
	lock       *flock.Flock
	Taken      *Taken      // what was taken over from another user, or in a dry run would be; mostly nil
	Stuck      *StuckError // what runs before could not remove, and this one cannot either; mostly nil

	Unsealed []string // snapshots that were not read-only, though they were to be: recovery has made them so again

	LatestWas string // where the link `latest` led before recovery repaired it

	Interrupted     []*InterruptedRun // that the next backup can go on from, the one with the most first
	verifiedIndexes []string
}

// Mode says what a destination is opened for.
type Mode uint8

// The modes. All but ReadOnly take the lock.
const (
	Write    Mode = iota // make an index if there is none yet, and finish or forget what a killed run left
	Repair               // as Write, of a destination that has an index
	Reindex              // its folders alone: the index is not opened, and nothing is finished
	ReadOnly             // for dry runs and questions: finish nothing, write nothing
)

// ReadOnlyIf is ReadOnly for a dry run, else Write.
func ReadOnlyIf(dry bool) Mode {
	if dry {
		return ReadOnly
	}
	return Write
}

// Options say how a destination is opened.
type Options struct {
	Create   bool // make .snap and the index if the folder is no destination yet
	Mode     Mode
	AnyUser  bool          // with ReadOnly: for questions, where another user's destination will do
	TakeOver bool          // make another user's destination this user's, who must be root
	LockWait time.Duration // how long to wait for another run; 0: not at all
	Holder   Holder        // what others see while this run holds the lock
	Trust    []string      // fingerprints of the index that need no new proof; index.DB.Trust
}

// Open opens the folder path as o.Mode says.
func Open(ctx context.Context, path string, o Options) (*Destination, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if o.Create {
		if err := CheckPlace(ctx, abs); err != nil {
			return nil, err
		}
	}
	d := &Destination{Path: abs, verifiedIndexes: o.Trust}
	if err := d.open(ctx, o); err != nil {
		d.Close()
		if o.Create { // other runs add nothing: to them a full disk is an error like any
			err = NoRoom(err, "free some space there")
		}
		return nil, err
	}
	return d, nil
}

func (d *Destination) open(ctx context.Context, o Options) (err error) {
	if o.Mode == ReadOnly {
		return d.openReadOnly(ctx, o)
	}
	if err := d.openFolders(ctx, o); err != nil || o.Mode == Reindex {
		return err
	}
	if err := d.openIndex(ctx); errors.Is(err, index.ErrMissing) && o.Mode == Write {
		if err := d.createIndex(ctx); err != nil {
			if errors.Is(err, ErrNoHardLinks) {
				d.removeNew()
			}
			return err
		}
	} else if err != nil {
		return err
	}
	d.LatestWas, _ = d.Root.Readlink(LatestName)
	if err := d.recover(ctx); err != nil || !o.TakeOver {
		return err
	}
	return d.takeOver(ctx)
}

// openReadOnly opens what is there for a dry run or a question.
func (d *Destination) openReadOnly(ctx context.Context, o Options) (err error) {
	if d.Root, err = file.OpenRoot(d.Path); err != nil {
		return err
	}
	there, err := d.hasMeta()
	switch {
	case err != nil:
		return err
	case !there && o.Create:
		return nil // a first run
	case !there:
		return fmt.Errorf("%s: %w", d.Path, ErrNotDestination)
	}
	if !o.AnyUser {
		var owner *OwnerError
		err := d.checkOwner(true)
		switch {
		case o.TakeOver && errors.As(err, &owner):
			d.Taken = &Taken{From: owner.Owner}
		case err != nil:
			return err
		}
	}
	if err := d.openIndex(ctx); err != nil || !o.AnyUser {
		return err
	}
	if d.Meta, err = d.Root.EnterDir(MetaName); err != nil {
		return err
	}
	if d.ChangesDir, err = d.Meta.OpenDir(ChangesName); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// hasMeta reports whether the folder holds a .snap.
func (d *Destination) hasMeta() (bool, error) {
	stat, err := d.Root.Lstat(MetaName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err == nil && stat.Kind != file.Folder:
		return false, fmt.Errorf("%s: %w: %s is not a folder", d.Path, ErrNotDestination, MetaName)
	}
	return err == nil, err
}

// openFolders opens the destination's folders, making those of its own that are missing if o.Create
// says so, and takes the lock.
func (d *Destination) openFolders(ctx context.Context, o Options) (err error) {
	if d.Root, err = file.OpenRoot(d.Path); err != nil {
		return err
	}
	if there, err := d.hasMeta(); err != nil {
		return err
	} else if !there && !o.Create {
		return fmt.Errorf("%s: %w", d.Path, ErrNotDestination)
	}
	if err := d.checkWriters(); err != nil {
		return err
	}
	if err := d.checkOwner(false); err != nil && !(o.TakeOver && os.Geteuid() == 0 && errors.As(err, new(*OwnerError))) {
		return err
	}
	if d.Meta, err = OpenOrMake(d.Root, MetaName); err != nil {
		return err
	}
	if s, err := d.Meta.Stat(); err == nil && s.Mode&0o077 != 0 {
		d.Meta.Chmod(0o700) // it holds everybody's names and hashes; where there are no modes this fails
	}
	if d.lock, err = lock(ctx, filepath.Join(d.Path, MetaName, lockName), d.Path, o.Holder, o.LockWait); err != nil {
		return err
	}
	if d.Tmp, err = OpenOrMake(d.Meta, TmpName); err != nil {
		return err
	}
	if d.Trash, err = OpenOrMake(d.Meta, TrashName); err != nil {
		return err
	}
	d.ChangesDir, err = OpenOrMake(d.Meta, ChangesName)
	return err
}

func OpenOrMake(in *file.Dir, name string) (*file.Dir, error) {
	if err := in.Mkdir(name); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return in.OpenDir(name)
}

func (d *Destination) openIndex(ctx context.Context) (err error) {
	if d.DB, err = index.Open(index.Path(d.Path)); err != nil {
		return err
	}
	d.DB.Trust(d.verifiedIndexes...)
	d.ID, err = d.DB.ID(ctx)
	return err
}

// createIndex makes the index of a new destination. Beside change sets a missing index is damage.
func (d *Destination) createIndex(ctx context.Context) error {
	sets, err := d.ChangesDir.Entries()
	if err != nil {
		return err
	}
	if len(sets) > 0 {
		return fmt.Errorf("%s: %w", index.Path(d.Path), index.ErrMissing)
	}
	if err := d.probeLinks(); err != nil {
		return err
	}
	if err := index.Create(index.Path(d.Path), strings.ToLower(rand.Text())); err != nil {
		return err
	}
	return d.openIndex(ctx)
}

// removeNew takes back what was made in a folder that cannot be a destination. What is not empty stays.
func (d *Destination) removeNew() {
	for _, name := range []string{TmpName, TrashName, ChangesName} {
		d.Meta.Rmdir(name)
	}
	d.Meta.Remove(lockName)
	d.Root.Rmdir(MetaName)
}

// probeLinks makes sure that the destination can hard-link.
func (d *Destination) probeLinks() error {
	name := "probe-" + strings.ToLower(rand.Text())
	f, err := d.Tmp.Create(name)
	if err != nil {
		return err
	}
	defer d.Tmp.Remove(name)
	if err := f.Close(); err != nil {
		return err
	}
	if err := d.Tmp.Link(d.Tmp, name, name+"2"); err != nil {
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
			return fmt.Errorf("%s: %w", d.Path, ErrNoHardLinks)
		}
		return err
	}
	return d.Tmp.Remove(name + "2")
}

// Close drops the lock.
func (d *Destination) Close() error {
	var errs []error
	if d.DB != nil {
		errs = append(errs, d.DB.Release())
	}
	for _, f := range []*file.Dir{d.ChangesDir, d.Trash, d.Tmp, d.Meta, d.Root} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	if d.lock != nil {
		_ = writeHolder(d.lock.Path(), "") // whoever holds it next need not be a snap, and would be taken for this run
		_, err := uninterrupted(func() (bool, error) { return true, d.lock.Unlock() })
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Hold keeps the index open for the many look-ups of a run; readers work beside it.
func (d *Destination) Hold(ctx context.Context) error {
	if d.DB == nil {
		return nil
	}
	return d.DB.Hold(ctx)
}

func (d *Destination) Release() {
	if d.DB != nil {
		d.DB.Release()
	}
}

// Exists reports whether name is in dir.
func Exists(dir *file.Dir, name string) (bool, error) {
	_, err := dir.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// openFile opens a file of the destination's own for reading. What is no regular file is damage.
func openFile(dir *file.Dir, name string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir.Path(), name), os.O_RDONLY|file.Plain, 0)
	if errors.Is(err, syscall.ELOOP) { // a symbolic link
		err = fmt.Errorf("%s: %w: not a file", filepath.Join(dir.Path(), name), record.ErrDamaged)
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat() // that it fails says nothing of the file
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: %w: not a file", f.Name(), record.ErrDamaged)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
