package destination

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// Where the file system has subvolumes, a snapshot may be one (Store): the next begins as a copy of it that costs
// nothing, and changes what has changed. It is read-only from the moment that it is published: sealed. A sealed one
// cannot be moved to another folder, so that what moves it breaks the seal first, and recovery puts it on again.

// Store says what the trees of snapshots are.
type Store uint8

// The kinds.
const (
	// AutoStore is Subvolumes for a destination without snapshots, if they work there, and else what the newest
	// snapshot is.
	AutoStore  Store = iota
	HardLinks        // folders; what is unchanged is linked to the snapshot before
	Subvolumes       // subvolumes; if they do not work there, folders
)

var storeNames = [...]string{"auto", "hardlink", "subvolume"}

// Stores are the names of the kinds.
func Stores() []string { return storeNames[:] }

// String is the name of a kind, as settings have it.
func (s Store) String() string { return storeNames[s] }

// ParseStore is the kind with this name.
func ParseStore(name string) (Store, error) {
	for s, n := range storeNames {
		if n == name {
			return Store(s), nil
		}
	}
	return 0, errors.New("must be auto, hardlink or subvolume")
}

// StoreFor is what the next tree is to be: HardLinks or Subvolumes. all are the complete snapshots, oldest first.
func (d *Destination) StoreFor(want Store, all []record.Header) Store {
	if want != AutoStore {
		return want
	}
	for i := len(all) - 1; i >= 0; i-- {
		top, err := d.Root.EnterDir(all[i].Name)
		if err != nil {
			continue
		}
		is, err := top.IsSubvolume()
		top.Close()
		if err == nil && is {
			return Subvolumes
		}
		return HardLinks
	}
	return Subvolumes
}

// TrySubvolume makes an empty subvolume called name in dir. The error says why subvolumes do not work there; it is
// file.DiskFailed if it says nothing of that.
func TrySubvolume(dir *file.Dir, name string) error {
	if err := dir.MakeSubvolume(name); err != nil {
		return err
	}
	made, err := dir.OpenDir(name)
	if err == nil {
		err = errors.Join(made.Seal(true), made.Seal(false), made.Close())
	}
	if err != nil {
		_ = dir.Rmdir(name) // else what made dir removes it
	}
	return err
}

// CanSubvolumes is nil if the destination can keep snapshots as subvolumes, and else why not.
func (d *Destination) CanSubvolumes() error {
	const name = "probe-subvolume"
	_ = d.Tmp.Rmdir(name)
	err := TrySubvolume(d.Tmp, name)
	if err == nil {
		err = removeTree(context.Background(), d.Tmp, name, 1)
	}
	return err
}

// unseal ends that the tree called name is read-only, if it is a subvolume. One that is not there is no error.
func unseal(in *file.Dir, name string) error {
	_, err := setSeal(in, name, false)
	return err
}

// setSeal makes the tree called name read-only, or ends that, if it is a subvolume, and reports whether it was not so.
func setSeal(in *file.Dir, name string, sealed bool) (changed bool, err error) {
	tree, err := in.OpenHere(name)
	if errors.Is(err, fs.ErrPermission) { // a folder that this user cannot read; subvolumes are made by its owner
		return false, nil
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, file.ErrMounted) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer tree.Close()
	if is, err := tree.IsSubvolume(); err != nil || !is {
		return false, err
	}
	was, err := tree.Sealed()
	if err != nil || was == sealed {
		return false, err
	}
	return true, tree.Seal(sealed)
}

// Writable does f, which changes the published tree called name, with its seal broken meanwhile.
func (d *Destination) Writable(name string, f func() error) error {
	changed, err := setSeal(d.Root, name, false)
	if err != nil {
		return err
	}
	err = f()
	if changed {
		_, serr := setSeal(d.Root, name, true)
		err = errors.Join(err, serr)
	}
	return err
}

// sealAll seals what is not: a run that was to move a tree, or to change it, was killed, or somebody has broken the seal.
func (d *Destination) sealAll(ctx context.Context) error {
	if info, err := d.Root.System(); err != nil || info.Type != "btrfs" {
		return err
	}
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return err
	}
	for i := range all {
		h := &all[i]
		if h.State != record.Complete {
			continue
		}
		var changed bool
		err := d.RetryWithoutReserve(func() (err error) {
			if writable, err := d.writable(h.Name); err != nil || !writable {
				return err
			}
			if err := d.DropMending(ctx, h); err != nil {
				return err
			}
			changed, err = setSeal(d.Root, h.Name, true)
			return err
		})
		if errors.Is(err, fs.ErrPermission) {
			continue // another user made it
		}
		if err != nil {
			return err
		}
		if changed {
			d.Unsealed = append(d.Unsealed, h.Name)
		}
	}
	return nil
}

// writable reports whether the tree called name is a subvolume that is not read-only.
func (d *Destination) writable(name string) (bool, error) {
	tree, err := d.Root.EnterDir(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer tree.Close()
	if is, err := tree.IsSubvolume(); err != nil || !is {
		return false, err
	}
	listed, err := tree.EnterSelf()
	if err != nil {
		return false, err
	}
	defer listed.Close()
	sealed, err := listed.Sealed()
	return !sealed && err == nil, err
}

// UnsealedError: snapshots could be written to, and cannot any more.
type UnsealedError struct{ Names []string }

func (e *UnsealedError) Error() string {
	if len(e.Names) == 1 {
		return fmt.Sprintf("snapshot %s was not read-only, and is again: snap check says whether it was changed", e.Names[0])
	}
	return fmt.Sprintf("%d snapshots were not read-only, and are again, the first is %s: snap check says whether they were "+
		"changed", len(e.Names), e.Names[0])
}

// subvolumeAt reports whether name in dir is a subvolume.
func subvolumeAt(dir *file.Dir, name string) (bool, error) {
	s, err := dir.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && s.Kind != file.Folder {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	d, err := enterUnlocked(dir, name)
	if errors.Is(err, file.ErrMounted) || errors.Is(err, fs.ErrPermission) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer d.Close()
	return d.IsSubvolume()
}

// dropSubvolume removes the subvolume called name at once, which is open as tree; false if it is to be emptied.
func dropSubvolume(in *file.Dir, name string, tree *file.Dir) (bool, error) {
	if is, err := tree.IsSubvolume(); err != nil || !is {
		return false, err
	}
	if sealed, err := tree.Sealed(); err == nil && sealed {
		if err := tree.Seal(false); err != nil {
			return false, err
		}
	}
	return in.RemoveSubvolume(name) == nil, nil // else it is no right of this user, or another one is in it
}

// mendingName is a folder at the top of a tree in which a repair makes what it puts in its place.
const mendingName = ".snap-mending"

// Mending makes that folder, if need be, and opens it.
func (d *Destination) Mending(top *file.Dir, h *record.Header) (*file.Dir, error) {
	if own, err := d.mendsIn(context.Background(), h); err != nil || !own {
		return nil, cmp.Or(err, fmt.Errorf("snapshot %s has a %s of its own", h.Name, mendingName))
	}
	return OpenOrMake(top, mendingName)
}

// DropMending removes it again, if it is there.
func (d *Destination) DropMending(ctx context.Context, h *record.Header) error {
	if own, err := d.mendsIn(ctx, h); err != nil || !own {
		return err
	}
	top, err := d.Root.OpenDir(h.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer top.Close()
	return RemoveAny(ctx, top, mendingName)
}

// mendsIn reports whether the folder is a repair's, and not of the source.
func (d *Destination) mendsIn(ctx context.Context, h *record.Header) (bool, error) {
	_, _, err := d.DB.Lookup(ctx, h.Seq, mendingName)
	if errors.Is(err, index.ErrNotFound) {
		return true, nil
	}
	return false, err
}

// NextStore is what the next snapshot is to be, if want is asked for, and why, for people.
func (d *Destination) NextStore(ctx context.Context, want Store) (next Store, why string, err error) {
	all, err := d.DB.Snapshots(ctx)
	if err != nil {
		return next, "", err
	}
	next = d.StoreFor(want, all)
	if next == HardLinks {
		if want == AutoStore {
			return next, "as the snapshots that are there", nil
		}
		return next, "as store = hardlink says", nil
	}
	if err := d.CanSubvolumes(); err != nil {
		if errors.Is(err, errors.ErrUnsupported) {
			return HardLinks, "the file system has no subvolumes", nil
		}
		return HardLinks, "subvolumes do not work there: " + file.Reason(err).Error(), nil
	}
	why = "an unchanged file costs nothing"
	if want == Subvolumes && len(all) > 0 && d.StoreFor(AutoStore, all) == HardLinks {
		why += "; the next one shares the bytes of the snapshots before, once"
	}
	return next, why, nil
}
