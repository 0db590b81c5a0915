package file

import (
	"os"
	"strconv"
)

// MakeDir makes the folder name, for its owner alone, and opens it. Nobody else has put another in its place:
// ErrExchanged.
func (d *Dir) MakeDir(name string) (*Dir, error) {
	if err := d.Mkdir(name); err != nil {
		return nil, err
	}
	sub, err := d.OpenDir(name)
	if err != nil {
		return nil, err
	}
	mine, err := d.justMade(sub, name)
	if err == nil && !mine {
		err = d.fail("mkdir", name, ErrExchanged)
	}
	if err != nil {
		sub.Close()
		return nil, err
	}
	return sub, nil
}

// justMade reports whether sub can be what mkdir made as name: an empty folder, this process's own and closed to all
// others. What another user has put there belongs to him, and what was there before and is empty, closed and this
// user's may as well be used. Where owners and modes are not kept as they are set, as on FAT, it has to have those that
// a new file gets.
func (d *Dir) justMade(sub *Dir, name string) (bool, error) {
	s, err := sub.Stat()
	if err != nil {
		return false, err
	}
	if entries, err := sub.Entries(); err != nil || len(entries) > 0 {
		return false, err
	}
	if int(s.UID) == os.Geteuid() && s.Mode&0o077 == 0 {
		return true, nil
	}
	probe := name + ".probe" + strconv.Itoa(os.Getpid())
	f, err := d.Create(probe)
	if err != nil {
		return false, err
	}
	defer d.Remove(probe)
	defer f.Close()
	p, err := f.Stat()
	return s.UID == p.UID && (s.Mode&0o077 == 0 || p.Mode&0o077 != 0), err
}

// MkdirMode makes the folder name with these permissions, less those of the umask.
func (d *Dir) MkdirMode(name string, perm uint16) error {
	return d.fail("mkdir", name, d.mkdirMode(name, uint32(perm&0o777)))
}

// Moved tells the open folder d that it is the entry name of in by now.
func (d *Dir) Moved(in *Dir, name string) { d.path = join(in.path, name) }

// Exchange gives name to what is newName in to, and newName to what is name, at once. Where the system cannot, it
// returns errors.ErrUnsupported.
func (d *Dir) Exchange(name string, to *Dir, newName string) error {
	return d.fail("rename", name, d.exchange(name, to, newName))
}
