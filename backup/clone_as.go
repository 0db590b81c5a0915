package backup

import (
	"errors"

	"snap/destination"
	"snap/internal/file"
	"snap/record"
)

// cloneAs makes the entry as in the new folder one of its own that shares the blocks of name in from, a tree that
// cannot be linked to, if that is what want says. Names of one inode there are names of one here.
func (p *entryWriter) cloneAs(from *file.Dir, name, as string, want *record.Record) (refused, err error) {
	s, err := from.Lstat(name)
	if file.DiskFailed(err) {
		return nil, err
	}
	if err != nil {
		return err, nil
	}
	if s.Kind != want.Kind || s.Rdev != want.Rdev || s.Kind == file.Regular &&
		(s.Size != want.Size || !destination.CloseEnough(s.Mtime, want.Mtime)) {
		return errAltered, nil
	}
	if want.Nlink < 2 || s.Nlink < 2 {
		return p.cloneOne(from, name, as, want)
	}
	base := &p.b.base
	base.mu.Lock()
	defer base.mu.Unlock()
	key := oldName{s.Dev, s.Ino}
	if first, ok := base.clones[key]; ok {
		dir, name := record.Split(first)
		d, err := p.b.new.Dir(dir)
		if err != nil {
			return nil, err
		}
		defer d.Close()
		return nil, p.newDir.Link(d, name, as)
	}
	if refused, err = p.cloneOne(from, name, as, want); refused == nil && err == nil {
		if base.clones == nil {
			base.clones = map[oldName]string{}
		}
		base.clones[key] = record.Join(p.newPath, as)
	}
	return refused, err
}

var errUncloned = errors.New("it can be neither linked to nor cloned from there")

// cloneOne is cloneAs for one name.
func (p *entryWriter) cloneOne(from *file.Dir, name, as string, want *record.Record) (refused, err error) {
	if want.Kind != file.Regular {
		return p.remake(as, want)
	}
	src, err := from.Open(name)
	if file.DiskFailed(err) {
		return nil, err
	}
	if err != nil {
		return err, nil
	}
	defer src.Close()
	dst, err := p.newDir.CreateMode(as, want.Mode)
	if err != nil {
		return nil, err
	}
	if !dst.CloneFrom(src) {
		return errUncloned, errors.Join(dst.Close(), p.newDir.Remove(as))
	}
	_, err = dst.SetMeta(want.Meta())
	return nil, errors.Join(err, dst.Close())
}

// remake makes a symbolic link, FIFO, socket or device from a record.
func (p *entryWriter) remake(as string, want *record.Record) (refused, err error) {
	if want.Kind == file.Symlink {
		err = p.newDir.Symlink(want.Target, as)
	} else {
		err = p.newDir.Mknod(as, want.Kind, want.Rdev)
	}
	if err != nil {
		return nil, err
	}
	_, err = p.newDir.SetMetaOf(as, want.Meta())
	return nil, err
}
