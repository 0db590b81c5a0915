package destination

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"snap/index"
	"snap/internal/file"
)

// A destination has one owner, the user whom .snap, its lock and its index belong to. Nobody else writes there, root
// neither: what root makes in a user's destination that user could not remove, nor link to.

// OwnerError: the destination belongs to another user than the one who is to write there.
type OwnerError struct {
	Path  string // the destination, or what in it belongs to another user
	Owner uint32
}

func (e *OwnerError) Error() string {
	return fmt.Sprintf("%s: belongs to user %d, and only its owner writes to a destination", e.Path, e.Owner)
}

// checkWriters refuses root a destination that others may write: they could put links in the way of what is
// written there.
func (d *Destination) checkWriters() error {
	s, err := d.Root.Stat()
	if err != nil || os.Geteuid() != 0 || s.Mode&0o022 == 0 {
		return err
	}
	sys, err := d.Root.System()
	if err != nil {
		return err
	}
	if sys.Type == "vfat" || sys.Type == "exfat" { // refused for another reason, which no mount option changes
		return nil
	}
	return &GuardError{
		Why: fmt.Sprintf("%s: others than its owner may write there (mode %04o), which is not safe for a backup by root",
			d.Path, s.Mode),
		Hint: writersHint(sys.Type, d.Root.MountOptions(), d.Path),
	}
}

// CheckOwner refuses the destination at path if it is another user's, as far as that can be told without writing
// there. Open does the same, and more.
func CheckOwner(path string) error {
	root, err := file.OpenRoot(path)
	if err == nil {
		defer root.Close()
		err = (&Destination{Path: path, Root: root}).checkOwner(true)
	}
	if errors.Is(err, fs.ErrPermission) {
		return cmp.Or(closedByOwner(path), err)
	}
	return err
}

// closedByOwner says whose the folder at path is that this user may not look into, if another's.
func closedByOwner(path string) error {
	in, err := file.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil // what is known before says enough
	}
	defer in.Close()
	s, err := in.Lstat(filepath.Base(path))
	if err != nil || s.Kind != file.Folder || int(s.UID) == os.Geteuid() {
		return nil
	}
	return &OwnerError{path, s.UID}
}

// checkOwner refuses a destination of another user. A rehearsal writes nothing, not to find out either.
func (d *Destination) checkOwner(rehearsal bool) error {
	meta, err := d.Root.Lstat(MetaName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = d.checkOwns(d.Path, meta.UID, rehearsal)
	}
	if err != nil {
		return err
	}
	in, err := d.Root.EnterDir(MetaName)
	if err != nil {
		return err
	}
	defer in.Close()
	for _, name := range []string{lockName, index.Name} {
		s, err := in.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = d.checkOwns(in.Path()+"/"+name, s.UID, rehearsal)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkOwns refuses what path, which belongs to owner, if that is another user's.
func (d *Destination) checkOwns(path string, owner uint32, rehearsal bool) error {
	mine, err := d.isMine(owner, rehearsal)
	if err != nil || mine {
		return err
	}
	return &GuardError{
		Why:  (&OwnerError{path, owner}).Error(),
		Hint: "run this as that user",
		Err:  &OwnerError{path, owner},
	}
}

// isMine reports whether owner is whom the files belong to that this process makes in the destination. That need not
// be its user: a file system may show one owner for everything, and a file server makes nobody of root.
func (d *Destination) isMine(owner uint32, rehearsal bool) (bool, error) {
	me := os.Geteuid()
	if me < 0 || owner == uint32(me) {
		return true, nil // no users here; or his
	}
	info, err := d.Root.System()
	if err != nil {
		return false, err
	}
	if KeepsAll[info.Type] && info.Type != "apfs" && info.Type != "hfs" {
		// macOS can be told to ignore the owners on a disk
		return false, nil
	}
	if rehearsal {
		return true, nil // nobody knows
	}
	made, err := d.ownerOfNew()
	switch {
	case errors.Is(err, fs.ErrPermission):
		return false, nil
	case full(err): // what makes room there must be possible
		return true, nil
	}
	return owner == made, err
}

// ownerOfNew is whom a file belongs to that this process makes in the destination.
func (d *Destination) ownerOfNew() (uint32, error) {
	in, err := d.Root.EnterDir(MetaName)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	if tmp, err := in.EnterDir(TmpName); err == nil { // there, recovery removes what a killed process left
		defer tmp.Close()
		in = tmp
	}
	name := "owner-" + strings.ToLower(rand.Text())
	f, err := in.Create(name)
	if err != nil {
		return 0, err
	}
	s, err := f.Stat()
	return s.UID, errors.Join(err, f.Close(), in.Remove(name))
}

// settingsNames are the user's files in a destination.
var settingsNames = []string{"BackupOptions.txt", "Blacklist.txt", "Whitelist.txt"}

// KeepsAll are the file systems that keep modes, owners and the times of folders, links and special files
// as they are set. On others the index alone knows them, and they are not compared.
var KeepsAll = map[string]bool{
	"ext4": true, "xfs": true, "btrfs": true, "tmpfs": true, "overlay": true, "zfs": true, "f2fs": true, "bcachefs": true,
	"apfs": true, "hfs": true, "ufs": true,
}

// EnterOwn enters the tree of a snapshot, if it was made by the owner of the destination: another could change, by
// names that he has elsewhere, what is linked to his files; and they have not the owners that those in the source
// have.
func (d *Destination) EnterOwn(name string) (*file.Dir, error) {
	tree, err := d.Root.EnterDir(name)
	if err != nil {
		return nil, err
	}
	made, err := tree.Stat()
	if err == nil {
		var own file.Stat
		if own, err = d.Meta.Stat(); err == nil && made.UID != own.UID {
			err = ErrForeign
		}
	}
	if err != nil {
		tree.Close()
		return nil, err
	}
	return tree, nil
}

var ErrForeign = errors.New("another user made it")

func KindText(k file.Kind) string {
	switch k {
	case file.Folder:
		return "folder"
	case file.Symlink:
		return "symbolic link"
	}
	return k.String()
}
