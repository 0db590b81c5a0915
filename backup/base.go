package backup

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"snap/destination"
	"snap/internal/file"
	"snap/record"
)

// base is what the new tree begins as. Its zero value is an empty tree: everything is linked to the previous snapshot,
// cloned or copied. Where the two are subvolumes it is a copy of the previous one: what is unchanged is there, and what
// the plan changes gives way first (displace), so that the rest of a build finds each place free.
type base struct {
	copied bool // the tree began as a copy of the previous one
	look   bool // the previous one could be written to: what is unchanged is looked at

	wanted  record.PathSet // paths whose old inode gets another name
	shared  record.PathSet // of them, those whose inode gets several
	moved   record.PathSet // what was displaced and is kept until the tree is built
	keptIn  string         // the folder in the tree where that is; its names are hashes of the old paths
	hasKept bool

	mu     sync.Mutex
	clones map[oldName]string // of files with several names: where a clone of an inode in another tree is
}

// oldName is an inode in an older tree.
type oldName struct{ dev, ino uint64 }

// begin makes the tree in the work folder and opens it.
func (b *builder) begin(ctx context.Context) (tree *file.Dir, err error) {
	r := b.run
	all := r.complete()
	if r.d.StoreFor(r.o.Store, all) == destination.Subvolumes {
		if err := b.beginSubvolume(); file.DiskFailed(err) {
			return nil, err
		} else if err != nil && (r.o.Store == destination.Subvolumes || len(all) > 0) {
			r.problem("", &NoSubvolumesError{file.Reason(err)}, true)
		}
	}
	if tree, err = destination.OpenOrMake(b.work, destination.TreeName); err != nil {
		return nil, err
	}
	if tree.KeepXattrs(nil) == nil { // else all that is made in it would inherit the destination's default ACL
		tree.Chmod(0o700)
	}
	return tree, nil
}

// beginSubvolume makes the tree a copy of the previous one, if that is a subvolume, or an empty subvolume.
func (b *builder) beginSubvolume() error {
	if b.prev == nil {
		return destination.TrySubvolume(b.work, destination.TreeName)
	}
	if is, err := b.prev.IsSubvolume(); err != nil || !is {
		return errors.Join(err, destination.TrySubvolume(b.work, destination.TreeName))
	}
	from, err := b.prev.EnterSelf()
	if err != nil {
		return err
	}
	defer from.Close()
	if err := b.work.SnapshotSubvolume(from, destination.TreeName); err != nil {
		return err
	}
	b.base.copied = true
	b.base.look = slices.Contains(b.run.d.Unsealed, b.run.prev.Name)
	if len(b.run.d.Unsealed) > 0 {
		b.run.problem("", &destination.UnsealedError{Names: b.run.d.Unsealed}, true)
	}
	b.base.keptIn = ".snap-" + strings.ToLower(rand.Text())
	return nil
}

// NoSubvolumesError: the snapshot was to be a subvolume and is a folder.
type NoSubvolumesError struct{ Err error }

func (e *NoSubvolumesError) Error() string {
	return "subvolumes do not work there (" + e.Err.Error() +
		"): this snapshot is a folder, with hard links where they can be"
}
func (e *NoSubvolumesError) Unwrap() error { return e.Err }

// enter opens a folder of the new tree. One that was copied may forbid it; it gets its metadata back in the end.
func (b *builder) enter(parent *file.Dir, name string) (*file.Dir, error) {
	d, err := parent.OpenDir(name)
	if errors.Is(err, fs.ErrPermission) && b.base.copied && parent.Unlock(name) == nil {
		d, err = parent.OpenDir(name)
	}
	return d, err
}
