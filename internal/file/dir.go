package file

import (
	"io/fs"
	"path/filepath"
	"sync"
)

// Dir is an open folder. Names given to its methods are single elements. It is safe for use by several
// goroutines until Close.
type Dir struct {
	fd      dirHandle
	path    string     // for error messages; elsewhere than on Linux it is the folder
	node    *node      // set when a Tree keeps it open
	listing sync.Mutex // Entries reads from the handle's position
}

// OpenRoot opens a folder by a path that the user named, following symbolic links.
func OpenRoot(path string) (*Dir, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, pathError("open", path, err)
	}
	fd, err := openRoot(abs)
	if err != nil {
		return nil, pathError("open", path, err)
	}
	return &Dir{fd: fd, path: abs}, nil
}

// Path is where the folder was found, for messages.
func (d *Dir) Path() string { return d.path }

// Close gives the handle back.
func (d *Dir) Close() error {
	if d.node != nil {
		d.node.release()
		return nil
	}
	return pathError("close", d.path, d.close())
}

// OpenDir opens the folder name for listing, never through a symbolic link.
func (d *Dir) OpenDir(name string) (*Dir, error) { return d.openDir(name, openList) }

// OpenHere is OpenDir for a folder on the same mount; ErrMounted says that something else is mounted there.
func (d *Dir) OpenHere(name string) (*Dir, error) {
	fd, err := d.openHere(name)
	if err != nil {
		return nil, d.fail("open", name, err)
	}
	return &Dir{fd: fd, path: join(d.path, name)}, nil
}

// openCompared opens a folder and closes it again if it is on another mount.
func (d *Dir) openCompared(name string) (dirHandle, error) {
	fd, err := d.open(name, openList)
	if err != nil {
		return fd, err
	}
	sub := &Dir{fd: fd, path: join(d.path, name)}
	above, err := d.Stat()
	if err == nil {
		var here Stat
		if here, err = sub.Stat(); err == nil && otherMount(&above, &here) {
			err = ErrMounted
		}
	}
	if err != nil {
		sub.close()
	}
	return fd, err
}

// otherMount reports whether a folder is on another mount than the one above it. A subvolume has a device number of its
// own, and need not be a mount.
func otherMount(above, here *Stat) bool {
	if above.Mount != 0 && here.Mount != 0 {
		return above.Mount != here.Mount
	}
	return above.Dev != here.Dev
}

// EnterDir opens the folder name without the right to list it: enough to reach what is in it, also
// where its mode forbids reading.
func (d *Dir) EnterDir(name string) (*Dir, error) { return d.openDir(name, openEnter) }

// FollowDir opens the folder name, or the folder that the symbolic link name leads to.
func (d *Dir) FollowDir(name string) (*Dir, error) { return d.openDir(name, openFollow) }

func (d *Dir) openDir(name string, how int) (*Dir, error) {
	fd, err := d.open(name, how)
	if err != nil {
		return nil, d.fail("open", name, err)
	}
	return &Dir{fd: fd, path: join(d.path, name)}, nil
}

// EnterSelf is another handle on the same folder, for listing.
func (d *Dir) EnterSelf() (*Dir, error) {
	fd, err := d.reopen()
	if err != nil {
		return nil, pathError("open", d.path, err)
	}
	return &Dir{fd: fd, path: d.path}, nil
}

// Stat is fstat of the folder itself.
func (d *Dir) Stat() (Stat, error) {
	var s Stat
	err := d.stat(&s)
	return s, pathError("stat", d.path, err)
}

// Is reports whether d is the folder that s describes, as far as the system tells: see MayBeSame.
func (d *Dir) Is(s *Stat) bool {
	var t Stat
	return d.stat(&t) == nil && MayBeSame(&t, s)
}

// Lstat says what name is.
func (d *Dir) Lstat(name string) (Stat, error) {
	var s Stat
	err := d.statName(name, false, &s)
	return s, d.fail("lstat", name, err)
}

// FollowStat says what name is, or what the symbolic link name leads to.
func (d *Dir) FollowStat(name string) (Stat, error) {
	var s Stat
	err := d.statName(name, true, &s)
	return s, d.fail("stat", name, err)
}

// StatAll fills in the Stat, or the Err, of each entry: Lstat without an allocation for each.
func (d *Dir) StatAll(entries []Entry) {
	for i := range entries {
		e := &entries[i]
		e.Err = d.fail("lstat", e.Name, d.statName(e.Name, false, &e.Stat))
	}
}

// Entries lists the folder, sorted by name as bytes, each name once, without "." and "..". Stat is not
// filled in but for Stat.Kind, which is None where the file system does not tell it here.
func (d *Dir) Entries() ([]Entry, error) {
	d.listing.Lock()
	defer d.listing.Unlock()
	entries, err := d.readdir()
	if err != nil {
		return nil, pathError("readdir", d.path, err)
	}
	return entries, nil
}

// Readlink is the target of the symbolic link name.
func (d *Dir) Readlink(name string) (string, error) {
	target, err := d.readlink(name)
	return target, d.fail("readlink", name, err)
}

// Mkdir makes the folder name, for its owner alone.
func (d *Dir) Mkdir(name string) error { return d.fail("mkdir", name, d.mkdir(name)) }

// Symlink makes a symbolic link name that leads to target.
func (d *Dir) Symlink(target, name string) error {
	return d.fail("symlink", name, d.symlink(target, name))
}

// Mknod makes a FIFO, a socket or a device, for its owner alone. Elsewhere than on Linux it returns
// errors.ErrUnsupported.
func (d *Dir) Mknod(name string, kind Kind, rdev uint64) error {
	return d.fail("mknod", name, d.mknod(name, kind, rdev))
}

// Link makes name in d another name of the file old in from. It never follows a symbolic link and never
// replaces.
func (d *Dir) Link(from *Dir, old, name string) error {
	return d.fail("link", name, d.link(from, old, name))
}

// Remove removes the file, link or special file name.
func (d *Dir) Remove(name string) error { return d.fail("remove", name, d.unlink(name)) }

// Rmdir removes the empty folder name.
func (d *Dir) Rmdir(name string) error { return d.fail("rmdir", name, d.rmdir(name)) }

// Rename moves name to newName in to. It never replaces: fs.ErrExist says that newName is taken. Where
// the system cannot refuse by itself, newName is looked up first.
func (d *Dir) Rename(name string, to *Dir, newName string) error {
	return d.fail("rename", name, d.rename(name, to, newName))
}

// Replace moves name to newName in to, taking the place of what is there.
func (d *Dir) Replace(name string, to *Dir, newName string) error {
	return d.fail("rename", name, d.replace(name, to, newName))
}

// Sync makes the folder's own entries durable (fsync), where the system can sync a folder.
func (d *Dir) Sync() error { return pathError("fsync", d.path, d.sync()) }

// SyncSystem makes everything on the folder's file system durable (syncfs). It reports write errors
// since the handle was opened, once: an error is final, a second call may well say success. Elsewhere
// than on Linux it is Sync: what is below the folder becomes durable when the system thinks fit.
func (d *Dir) SyncSystem() error { return pathError("syncfs", d.path, d.syncSystem()) }

// SyncsSystem reports whether SyncSystem holds its promise here.
func SyncsSystem() bool { return syncsSystem }

// System describes the file system that the folder is on. A folder entered by EnterDir may be told
// another ID than one opened for listing.
func (d *Dir) System() (SystemInfo, error) {
	info, err := d.system()
	return info, pathError("statfs", d.path, err)
}

// fail is pathError for name in d; a call that succeeds joins no strings.
func (d *Dir) fail(op, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: join(d.path, name), Err: err}
}
