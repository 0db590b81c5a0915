package destination

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
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
	if err != nil {
		return err
	}
	defer root.Close()
	return (&Destination{Path: path, Root: root}).checkOwner(true)
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

// takeOver makes this user the owner of the destination: of its folder, the settings, .snap and all in it. The trees
// stay as they are: their files are published, and whoever made them owns their top folders. The next backup links
// nothing to them.
//
// A folder comes before what is in it, so that nobody exchanges that meanwhile. The index comes last: as long as it is
// another's the destination is refused, to both, and this can be begun again.
func (d *Destination) takeOver(ctx context.Context) error {
	me, err := d.ownerOfNew()
	if err != nil {
		return err
	}
	d.DropInterrupted(ctx)
	t := ownerChange{ctx: ctx, me: me}
	defer func() {
		if t.taken.Entries > 0 {
			d.Taken = &t.taken
		}
	}()
	if err := t.folder(d.Root); err != nil {
		return err
	}
	for _, name := range append([]string{LatestName}, settingsNames...) {
		if err := t.entry(d.Root, name); err != nil {
			return err
		}
	}
	for _, dir := range []*file.Dir{d.Meta, d.Tmp, d.Trash, d.ChangesDir} {
		if err := t.folder(dir); err != nil {
			return err
		}
		entries, err := dir.Entries()
		if err != nil {
			return err
		}
		for i := range entries {
			if name := entries[i].Name; dir != d.Meta || name != index.Name {
				if err := t.entry(dir, name); err != nil {
					return err
				}
			}
		}
	}
	if err := d.Root.SyncSystem(); err != nil {
		return err
	}
	return t.entry(d.Meta, index.Name)
}

// Taken is what became of a destination that was taken over.
type Taken struct {
	From    uint32 // whose it was
	Entries int    // files and folders that were given to the new owner; 0 in a rehearsal
}

// ownerChange gives things to the user whom this process makes files for.
type ownerChange struct {
	ctx   context.Context
	me    uint32
	taken Taken
}

// count counts an entry that was given away by the user from, if err is nil, and returns err.
func (t *ownerChange) count(from uint32, err error) error {
	if err == nil {
		t.taken.From = from
		t.taken.Entries++
	}
	return err
}

func (t *ownerChange) folder(dir *file.Dir) error {
	s, err := dir.Stat()
	if err != nil || s.UID == t.me {
		return err
	}
	return t.count(s.UID, dir.Chown(os.Geteuid(), os.Getegid()))
}

// entry takes the entry name of dir, if there is one. A file with several names is replaced by a copy: the other
// names may be anywhere. What is in a folder stays.
func (t *ownerChange) entry(dir *file.Dir, name string) error {
	s, err := dir.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil || s.UID == t.me:
		return err
	case s.Kind == file.Folder:
		sub, err := dir.OpenDir(name)
		if err != nil {
			return err
		}
		defer sub.Close()
		return t.folder(sub)
	case s.Kind == file.Regular && s.Nlink > 1:
		return t.count(s.UID, t.copy(dir, name))
	case s.Kind == file.Regular || name == LatestName:
		h, err := dir.HoldNew(name, s.Kind)
		if err != nil {
			return err
		}
		defer h.Close()
		return t.count(s.UID, h.Chown(os.Geteuid(), os.Getegid()))
	}
	return &GuardError{
		Why:  fmt.Sprintf("%s/%s is a %s of another user's", dir.Path(), name, KindText(s.Kind)),
		Hint: "replace it by a file, or remove it, and take over again",
	}
}

// copy replaces the file name by a copy.
func (t *ownerChange) copy(dir *file.Dir, name string) error {
	src, err := dir.Open(name)
	if err != nil {
		return err
	}
	defer src.Close()
	s, err := src.Stat()
	if err != nil {
		return err
	}
	fresh := name + "-" + strings.ToLower(rand.Text())
	dst, err := dir.Create(fresh)
	if err != nil {
		return err
	}
	buf := file.Buffers.Get().(*[]byte)
	defer file.Buffers.Put(buf)
	_, _, err = file.Copy(t.ctx, dst, src, s.Size, file.NewDigest(), *buf)
	if err == nil {
		_, err = dst.SetMeta(&file.Meta{Kind: s.Kind, Mode: s.Mode, UID: t.me, GID: uint32(os.Getegid()), Mtime: s.Mtime})
	}
	if err = errors.Join(err, dst.Sync(), dst.Close()); err == nil {
		err = dir.Replace(fresh, dir, name)
	}
	if err != nil {
		err = errors.Join(err, dir.Remove(fresh))
	}
	return err
}

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
