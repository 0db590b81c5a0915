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
	t := ownerChange{me: me}
	defer func() {
		if t.taken.Entries > 0 {
			d.Taken = &t.taken
		}
	}()
	if err := t.folder(d.Root); err != nil {
		return err
	}
	for _, name := range append([]string{LatestName}, settingsNames...) {
		if err := t.entry(ctx, d.Root, name); err != nil {
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
				if err := t.entry(ctx, dir, name); err != nil {
					return err
				}
			}
		}
	}
	if err := d.Root.SyncSystem(); err != nil {
		return err
	}
	return t.entry(ctx, d.Meta, index.Name)
}

// Taken is what became of a destination that was taken over.
type Taken struct {
	From    uint32 // whose it was
	Entries int    // files and folders that were given to the new owner; 0 in a rehearsal
}

// ownerChange gives things to the user whom this process makes files for.
type ownerChange struct {
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
func (t *ownerChange) entry(ctx context.Context, dir *file.Dir, name string) error {
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
		return t.count(s.UID, t.copy(ctx, dir, name))
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
func (t *ownerChange) copy(ctx context.Context, dir *file.Dir, name string) error {
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
	_, _, err = file.Copy(ctx, dst, src, s.Size, file.NewDigest(), *buf)
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
