package backup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"syscall"

	"snap/internal/file"
	"snap/record"
)

// What the destination cannot hold, by its name or size, stays in the index alone, and is reported. The next backups
// try again where that may help: the destination may have moved to another file system, or to a user who may make
// devices.

// UnheldError: the destination cannot hold an entry. Below says that it is a folder, which takes with it what is in it.
type UnheldError struct {
	Err   error // what the file system said; nil if a run before this one got the error
	Below bool
}

func (e *UnheldError) Error() string {
	what, why := "this name", ""
	switch {
	case errors.Is(e.Err, syscall.EFBIG):
		what = "a file of this size"
	case errors.Is(e.Err, fs.ErrExist):
		why = ": there it is the same as another in this folder"
	case e.Err != nil:
		why = ": " + file.Reason(e.Err).Error()
	}
	if e.Below {
		what += ", nor what is in it"
	}
	return fmt.Sprintf("the destination cannot hold %s%s", what, why)
}

// tellUnheldBefore reports, in a run that makes no snapshot, what the newest one could not hold.
func (r *run) tellUnheldBefore(ctx context.Context) error {
	if r.prev == nil || r.prev.Unheld == 0 && r.prev.Capped == 0 {
		return nil
	}
	for e, err := range r.previous(ctx) {
		if err != nil {
			return err
		}
		r.tellUnheld(e)
	}
	return nil
}

// tellUnheld reports an unchanged entry that the destination does not hold, or not with all its attributes.
func (r *run) tellUnheld(e *record.Entry) {
	if e.Has(record.Capped) {
		r.problem(e.Path, CappedError{}, false)
	}
	if !e.Unheld() || r.unheld != "" && record.Within(e.Path, r.unheld) {
		return
	}
	if e.Kind == file.Folder {
		r.unheld = e.Path
	}
	r.problem(e.Path, &UnheldError{Below: e.Kind == file.Folder}, false)
}

// withhold keeps an entry that could not be made because of err in the index alone; was is the item before the
// attempt. An error that is not about this entry alone ends the run.
func (p *entryWriter) withhold(ctx context.Context, it, was *item, err error) error {
	if ctx.Err() != nil || file.DiskFailed(err) || errors.As(err, new(*IncomingError)) || !p.b.ofThisName(p.newDir, err) {
		return err
	}
	if made := (*fs.PathError)(nil); !errors.As(err, &made) ||
		!slices.Contains([]string{"create", "symlink", "mknod", "link"}, made.Op) {
		if err := p.newDir.Remove(it.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	*it = *was
	absent(it, &UnheldError{Err: err})
	if it.changed && it.rec.Kind == file.Regular && p.b.run.in == nil { // the copy was to read them
		if d, err := p.b.source.Dir(it.dir.path); err == nil {
			left := 0
			it.rec.Xattrs, left, _ = d.XattrsLeftOf(it.name)
			capped(&it.rec, left)
			d.Close()
		}
	}
	return nil
}

// absent turns an item into one that the destination does not hold.
func absent(it *item, why error) {
	switch {
	case it.rec.Kind != file.Regular && it.rec.Kind != file.Folder:
		it.note = why // the index has all of it
	default:
		it.problem = why
	}
	if !it.changed {
		if it.rec.Stored == record.Absent {
			return
		}
		setCopyInstead(it, record.CannotHold)
	}
	rec := &it.rec
	rec.Stored, rec.Link, rec.Hash = record.Absent, "", [32]byte{}
	rec.Flags &^= record.Hashed | record.SparseHash | record.Racy // nobody will compare its bytes
	if rec.Change != record.Moved {
		rec.Reason = record.CannotHold
	}
}

// ofThisName reports whether an error of making an entry in dir is about that entry: others can still be made there.
func (b *builder) ofThisName(dir *file.Dir, err error) bool {
	if errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.EFBIG) {
		return true
	}
	name := "snap-" + strings.ToLower(rand.Text()) // as no file of the source is called
	if dir.Mkdir(name) != nil {
		return false
	}
	return dir.Rmdir(name) == nil
}

// nameTaken reports whether the name of an entry that was not held before is still another's to the file system:
// which of the two is held does not change from snapshot to snapshot, as long as the source has both. old is the
// entry's folder in the previous snapshot, dir its path.
func (b *builder) nameTaken(old *file.Dir, dir, name string) bool {
	s, err := old.Lstat(name)
	if err != nil || b.run.in != nil { // how a received file is held was decided where it was made
		return false
	}
	src, err := b.source.Dir(dir)
	if err != nil {
		return false
	}
	defer src.Close()
	list, err := old.EnterSelf()
	if err != nil {
		return false
	}
	defer list.Close()
	entries, err := list.Entries() // one of them has the name in its other form
	for i := range entries {
		if other, err := old.Lstat(entries[i].Name); err != nil || other.Ino != s.Ino {
			continue
		}
		if _, err := src.Lstat(entries[i].Name); err == nil {
			return true
		}
	}
	return err != nil
}

// wasUnheld reports whether the entry was in the source at the previous backup, and not in its tree.
func (it *item) wasUnheld() bool {
	before := &it.rec
	if it.changed {
		before = it.old
	}
	return before.Exists() && before.Stored == record.Absent
}

var errTaken = &fs.PathError{Op: "create", Err: fs.ErrExist}
