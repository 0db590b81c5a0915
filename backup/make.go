package backup

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"syscall"

	"snap/destination"
	"snap/internal/file"
	"snap/record"
	"snap/scan"
)

// newInodes remembers where the new inode of each source file with several names is in this snapshot.
type newInodes struct {
	mu         sync.Mutex
	byIdentity map[scan.Identity]*newInode
}

type newInode struct {
	mu   sync.Mutex
	path string // "" until it is made
	rec  record.Record

	xattrs *storedXattrs // its attributes, if they are heavy
}

// makeOrLink makes an entry that needs a new inode as the plan says.
func (p *entryWriter) makeOrLink(ctx context.Context, it *item) error {
	if p.b.run.sharedIdentities.Has(&it.rec) {
		return p.linkToNewInode(ctx, it)
	}
	return p.make(ctx, it)
}

// linkToNewInode links an entry that needs a new inode to the one that another name of the same source file has got
// already, or makes the inode. For an entry that was to be linked to an older snapshot the identity is taken from the
// source now: the inode number in its record may belong to another file by then.
func (p *entryWriter) linkToNewInode(ctx context.Context, it *item) error {
	return p.linkToNewInodeOr(ctx, it, p.make)
}

// linkToNewInodeOr is linkToNewInode, where first makes the inode for the first name.
func (p *entryWriter) linkToNewInodeOr(ctx context.Context, it *item, first func(context.Context, *item) error) error {
	if it.rec.Nlink <= 1 || it.rec.Ino == 0 {
		return first(ctx, it)
	}
	key := scan.IdentityOf(&it.rec)
	if it.kept {
		now, err := p.b.source.Lstat(it.path)
		if err != nil {
			return first(ctx, it)
		}
		key = scan.Identity{Volume: p.b.source.Volumes.Known(now.Dev), Ino: now.Ino, Birth: now.Btime}
	}
	p.b.newInodes.mu.Lock()
	if p.b.newInodes.byIdentity == nil {
		p.b.newInodes.byIdentity = map[scan.Identity]*newInode{}
	}
	j := p.b.newInodes.byIdentity[key]
	if j == nil {
		j = &newInode{}
		p.b.newInodes.byIdentity[key] = j
	}
	p.b.newInodes.mu.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.path != "" {
		dir, name := record.Split(j.path)
		d, err := p.b.new.Dir(dir)
		if err != nil {
			return err
		}
		err = p.newDir.Link(d, name, it.name)
		d.Close()
		if err == nil {
			change, reason, from := it.rec.Change, it.rec.Reason, it.rec.From
			it.rec = j.rec
			if it.xattrs = j.xattrs; it.xattrs != nil {
				if err := p.b.loadXattrs(it); err != nil {
					return err
				}
			}
			it.rec.Change, it.rec.Reason, it.rec.From = change, reason, from
			it.rec.Stored, it.rec.Link = record.Joined, j.path
			p.reclassify(it)
			return nil
		}
		if file.DiskFailed(err) {
			return err
		}
	}
	if err := first(ctx, it); err != nil {
		return err
	}
	// Else another file has the name by now.
	if !it.gone && it.rec.Stored != record.Absent && scan.IdentityOf(&it.rec) == key {
		if file.XattrBytes(it.rec.Xattrs) >= heavyXattrs {
			if err := p.b.storeXattrs(it); err != nil {
				return err
			}
		}
		j.path, j.rec, j.xattrs = it.path, it.rec, it.xattrs
	}
	return nil
}

// make makes an entry with an inode of its own.
func (p *entryWriter) make(ctx context.Context, it *item) error {
	if p.b.changesInPlace(it.path, it.old, &it.rec) {
		if done, err := p.changeInPlace(ctx, it); done || err != nil {
			return err
		}
	}
	if it.saved != nil {
		if done, err := p.takeOver(it); done || err != nil {
			return err
		}
	}
	switch it.rec.Stored {
	case record.Cloned:
		if done, err := p.clone(it); done || err != nil {
			return err
		}
		it.rec.Stored = record.Copied
		if p.b.plan.clones {
			p.b.meter.Expect(it.rec.OnDisk())
		}
		return p.copy(ctx, it)
	case record.Copied:
		return p.copy(ctx, it)
	}
	return p.special(it)
}

// special makes a symbolic link, FIFO, socket or device from its record. What the destination or this
// user cannot make stays in the index alone.
func (p *entryWriter) special(it *item) error {
	var err error
	if it.rec.Kind == file.Symlink {
		err = p.newDir.Symlink(it.rec.Target, it.name)
	} else {
		err = p.newDir.Mknod(it.name, it.rec.Kind, it.rec.Rdev)
	}
	tooLong := it.rec.Kind == file.Symlink && errors.Is(err, syscall.ENAMETOOLONG) // XFS holds targets of 1,024 bytes
	if tooLong || errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
		it.rec.Stored = record.Absent
		return nil
	}
	if err != nil {
		return err
	}
	lacks, err := p.newDir.SetMetaOf(it.name, it.rec.Meta())
	p.b.losses.add(it.path, lacks)
	return err
}

// clone makes a new inode that shares its blocks with the previous snapshot's; false if that cannot be.
func (p *entryWriter) clone(it *item) (bool, error) {
	if p.b.old == nil || p.b.plain.Load() {
		return false, nil
	}
	from := it.rec.From
	if from == "" {
		from = it.path
	}
	dir, name := record.Split(from)
	d, err := p.oldFolder(dir)
	if err != nil {
		return false, nil
	}
	src, err := d.Open(name)
	if err != nil {
		return false, nil
	}
	defer src.Close()
	s, err := src.Stat()
	if err != nil || s.Size != it.rec.Size || !destination.CloseEnough(s.Mtime, it.rec.Mtime) {
		return false, nil
	}
	it.rec.Took(s.Allocated)
	dst, err := p.newDir.Create(it.name)
	if err != nil {
		return false, err
	}
	if !dst.CloneFrom(src) {
		p.b.plain.Store(true)
		return false, errors.Join(dst.Close(), p.newDir.Remove(it.name))
	}
	lacks, err := dst.SetMeta(it.rec.Meta())
	p.b.losses.add(it.path, lacks)
	return true, errors.Join(err, dst.Close())
}
