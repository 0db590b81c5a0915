package backup

import (
	"context"
	"errors"
	"io/fs"
	"syscall"

	"snap/destination"
	"snap/internal/file"
	"snap/record"
)

// entryWriter makes entries for one task. It keeps the folders it used last, since neighbours share them.
type entryWriter struct {
	b       *builder
	newPath string
	newDir  *file.Dir
	oldPath string
	oldDir  *file.Dir
	h       *file.Digest
}

func (p *entryWriter) close() {
	for _, d := range []*file.Dir{p.newDir, p.oldDir} {
		if d != nil {
			d.Close()
		}
	}
}

// place makes one entry in the new tree. An error ends the run; trouble with the source or the older copy, and what
// the destination cannot hold, is noted in the item.
func (p *entryWriter) place(ctx context.Context, it *item) error {
	if p.newDir == nil || p.newPath != it.dir.path {
		if p.newDir != nil {
			p.newDir.Close()
			p.newDir = nil
		}
		d, err := p.b.new.Dir(it.dir.path)
		if err != nil {
			return err
		}
		p.newDir, p.newPath = d, it.dir.path
		if it.dir.there {
			if err := openUp(d); err != nil {
				return err
			}
		}
	}
	was := *it
	err := p.put(ctx, it)
	if err != nil {
		return p.withhold(ctx, it, &was, err)
	}
	if !was.changed && was.rec.Stored == record.Absent && it.rec.Stored == record.Absent {
		*it = was // still
	}
	return nil
}

// put makes the entry in the way that the plan says.
func (p *entryWriter) put(ctx context.Context, it *item) error {
	unheld := it.wasUnheld()
	if unheld && p.b.old != nil {
		if d, err := p.oldFolder(it.dir.path); err == nil && p.b.nameTaken(d, it.dir.path, it.name) {
			return errTaken
		}
	}
	switch {
	case unheld && !it.changed:
		return p.copyInstead(ctx, it, record.HoldsNow, nil)
	case !it.changed:
		return p.link(ctx, it, it.path, &it.rec)
	case it.rec.Stored == record.Linked && it.rec.Reason == record.Returned:
		return p.placeReturned(ctx, it)
	case it.rec.Stored == record.Linked && it.rec.From == "":
		return p.link(ctx, it, it.path, nil)
	case it.rec.Stored == record.Linked:
		return p.link(ctx, it, it.rec.From, nil)
	}
	return p.makeOrLink(ctx, it)
}

// oldFolder is the folder at path in the previous snapshot's tree.
func (p *entryWriter) oldFolder(path string) (*file.Dir, error) {
	if p.oldDir != nil && p.oldPath == path {
		return p.oldDir, nil
	}
	if p.oldDir != nil {
		p.oldDir.Close()
		p.oldDir = nil
	}
	d, err := p.b.old.Dir(path)
	if err == nil {
		p.oldDir, p.oldPath = d, path
	}
	return d, err
}

// link makes the entry a hard link of the previous snapshot's entry at from, if that still is what the index says.
// want is its record, nil if it has the size and time of the new one. Otherwise the entry is copied from the source.
func (p *entryWriter) link(ctx context.Context, it *item, from string, want *record.Record) error {
	if want == nil {
		want = &it.rec
	}
	if p.b.old == nil {
		return p.copyInstead(ctx, it, p.b.unlinked, nil)
	}
	if p.b.base.copied {
		return p.linkHere(ctx, it, from, want)
	}
	dir, name := record.Split(from)
	d, refused := p.oldFolder(dir)
	if file.DiskFailed(refused) {
		return refused
	}
	if refused == nil {
		var err error
		if refused, err = p.linkAs(d, name, it.name, want); err != nil {
			return err
		}
	}
	switch {
	case refused == nil:
		return nil
	case errors.Is(refused, syscall.EMLINK):
		return p.copyInstead(ctx, it, record.LinkLimit, nil)
	}
	return p.copyInstead(ctx, it, record.OldCopyDamaged, &AlteredError{p.b.run.prev.Name, from, file.Reason(refused)})
}

// linkAs makes the entry as in the new folder a hard link of name in from, if that is what want says.
// refused is why it did not; err ends the run.
func (p *entryWriter) linkAs(from *file.Dir, name, as string, want *record.Record) (refused, err error) {
	return p.bringAs(p.newDir.Link, from, name, as, want)
}

// moveAs is linkAs for an entry whose old name is of no more use.
func (p *entryWriter) moveAs(from *file.Dir, name, as string, want *record.Record) (refused, err error) {
	move := func(from *file.Dir, name, as string) error { return from.Rename(name, p.newDir, as) }
	return p.bringAs(move, from, name, as, want)
}

func (p *entryWriter) bringAs(bring func(from *file.Dir, name, as string) error, from *file.Dir, name, as string,
	want *record.Record) (refused, err error) {
	if err := bring(from, name, as); file.DiskFailed(err) {
		return nil, err
	} else if errors.Is(err, syscall.EXDEV) { // one of the two is a subvolume
		return p.cloneAs(from, name, as, want)
	} else if err != nil {
		return err, nil
	}
	got, err := p.newDir.Lstat(as)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	refused = errAltered
	if err == nil && p.matches(as, &got, want) {
		if ownerAndMode(want, &got) {
			return nil, nil
		}
		stored, err := p.b.metaTrials.Stores(p.b.work, name, want, &got)
		if stored || err != nil {
			return nil, err
		}
		refused = errGivenAway
	}
	if err := p.newDir.Remove(as); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return refused, nil
}

// ownerAndMode reports whether an entry has the owner and mode that want says.
func ownerAndMode(want *record.Record, got *file.Stat) bool {
	return got.UID == want.UID && got.GID == want.GID && (got.Mode == want.Mode || want.Kind == file.Symlink)
}

// matches reports whether the entry name in the new folder, of which lstat says got, can be what want says, owner and
// mode aside.
func (p *entryWriter) matches(name string, got *file.Stat, want *record.Record) bool {
	if got.Kind != want.Kind || got.Rdev != want.Rdev {
		return false
	}
	if want.Kind == file.Symlink { // its size and times are not reliable everywhere; its target is all it is
		target, err := p.newDir.Readlink(name)
		return err == nil && target == want.Target
	}
	return got.Size == want.Size && destination.CloseEnough(got.Mtime, want.Mtime)
}

var (
	errAltered   = errors.New("not as it was backed up")
	errGivenAway = errors.New("its owner or mode was changed")
)

// AlteredError: the copy in an older snapshot is not what the index says, or cannot be linked.
type AlteredError struct {
	Snapshot, Path string
	Err            error
}

func (e *AlteredError) Error() string {
	return "the copy in snapshot " + e.Snapshot + " cannot be used (" + e.Err.Error() + "): copied afresh"
}
func (e *AlteredError) Unwrap() error { return e.Err }

// copyInstead copies an entry from the source that was to be linked.
func (p *entryWriter) copyInstead(ctx context.Context, it *item, why record.Reason, note error) error {
	it.note = note
	if !it.changed {
		setCopyInstead(it, why)
	}
	if it.rec.Kind != file.Regular {
		it.rec.Stored = record.Made
		return p.linkToNewInode(ctx, it)
	}
	it.rec.Stored = record.Copied
	return p.linkToNewInodeOr(ctx, it, func(ctx context.Context, it *item) error {
		p.b.meter.Expect(it.rec.OnDisk())
		return p.make(ctx, it)
	})
}

// setCopyInstead gives an unchanged entry a silent record, because it gets a new inode.
func setCopyInstead(it *item, why record.Reason) {
	old := it.rec
	it.old, it.changed, it.kept = &old, true, true
	it.rec.Change, it.rec.Reason = record.Silent, why
	it.rec.From, it.rec.To, it.rec.Link, it.rec.Since = "", "", "", 0
}
