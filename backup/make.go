package backup

import (
	"errors"
	"io/fs"
	"sync"
	"syscall"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
)

// newInodes remembers where the new inode of each source file with several names is in this snapshot.
type newInodes struct {
	mu         sync.Mutex
	byIdentity map[identity]*newInode
}

type newInode struct {
	mu   sync.Mutex
	path string // "" until it is made
	rec  index.Record

	xattrs *storedXattrs // its attributes, if they are heavy
}

// makeOrLink makes an entry that needs a new inode as the plan says.
func (p *entryWriter) makeOrLink(it *item) error {
	if p.sharedIdentities.has(&it.rec) {
		return p.linkToNewInode(it)
	}
	return p.make(it)
}

// linkToNewInode links an entry that needs a new inode to the one that another name of the same source file has got
// already, or makes the inode. For an entry that was to be linked to an older snapshot the identity is taken from the
// source now: the inode number in its record may belong to another file by then.
func (p *entryWriter) linkToNewInode(it *item) error { return p.linkToNewInodeOr(it, p.make) }

// linkToNewInodeOr is linkToNewInode, where first makes the inode for the first name.
func (p *entryWriter) linkToNewInodeOr(it *item, first func(*item) error) error {
	if it.rec.Nlink <= 1 || it.rec.Ino == 0 {
		return first(it)
	}
	key := identityOf(&it.rec)
	if it.kept {
		now, err := p.lstat(it.path)
		if err != nil {
			return first(it)
		}
		key = identity{p.vols.known(now.Dev), now.Ino, now.Btime}
	}
	p.newInodes.mu.Lock()
	if p.newInodes.byIdentity == nil {
		p.newInodes.byIdentity = map[identity]*newInode{}
	}
	j := p.newInodes.byIdentity[key]
	if j == nil {
		j = &newInode{}
		p.newInodes.byIdentity[key] = j
	}
	p.newInodes.mu.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.path != "" {
		dir, name := index.Split(j.path)
		d, err := p.new.Dir(dir)
		if err != nil {
			return err
		}
		err = p.newDir.Link(d, name, it.name)
		d.Close()
		if err == nil {
			change, reason, from := it.rec.Change, it.rec.Reason, it.rec.From
			it.rec = j.rec
			if it.xattrs = j.xattrs; it.xattrs != nil {
				if err := p.loadXattrs(it); err != nil {
					return err
				}
			}
			it.rec.Change, it.rec.Reason, it.rec.From = change, reason, from
			it.rec.Stored, it.rec.Link = index.Joined, j.path
			p.reclassify(it)
			return nil
		}
		if file.DiskFailed(err) {
			return err
		}
	}
	if err := first(it); err != nil {
		return err
	}
	if !it.gone && it.rec.Stored != index.Absent && identityOf(&it.rec) == key { // else another file has the name by now
		if file.XattrBytes(it.rec.Xattrs) >= heavyXattrs {
			if err := p.storeXattrs(it); err != nil {
				return err
			}
		}
		j.path, j.rec, j.xattrs = it.path, it.rec, it.xattrs
	}
	return nil
}

// make makes an entry with an inode of its own.
func (p *entryWriter) make(it *item) error {
	if it.saved != nil {
		if done, err := p.takeOver(it); done || err != nil {
			return err
		}
	}
	switch it.rec.Stored {
	case index.Cloned:
		if done, err := p.clone(it); done || err != nil {
			return err
		}
		it.rec.Stored = index.Copied
		return p.copy(it)
	case index.Copied:
		return p.copy(it)
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
		it.rec.Stored = index.Absent
		return nil
	}
	if err != nil {
		return err
	}
	lacks, err := p.newDir.SetMetaOf(it.name, it.rec.Meta())
	p.losses.add(it.path, lacks)
	return err
}

// clone makes a new inode that shares its blocks with the previous snapshot's; false if that cannot be.
func (p *entryWriter) clone(it *item) (bool, error) {
	if p.old == nil || p.plain.Load() {
		return false, nil
	}
	from := it.rec.From
	if from == "" {
		from = it.path
	}
	dir, name := index.Split(from)
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
		p.plain.Store(true)
		return false, errors.Join(dst.Close(), p.newDir.Remove(it.name))
	}
	lacks, err := dst.SetMeta(it.rec.Meta())
	p.losses.add(it.path, lacks)
	return true, errors.Join(err, dst.Close())
}
