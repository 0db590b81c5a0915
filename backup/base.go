package backup

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
	"sync"
	"syscall"

	"snap/destination"
	"snap/index"
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
	all := make([]record.Header, 0, len(r.older))
	for _, h := range r.older {
		all = append(all, *h)
	}
	slices.SortFunc(all, func(a, b record.Header) int { return int(a.Seq) - int(b.Seq) })
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
	return "subvolumes do not work there (" + e.Err.Error() + "): this snapshot is a folder, with hard links where they can be"
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

// leaving yields what the plan puts in the place of something that the previous snapshot has, or takes away.
func (r *run) leaving(ctx context.Context, p *plan) iter.Seq2[merged, error] {
	if p.lostAny {
		return r.entries(ctx, p)
	}
	return func(yield func(merged, error) bool) {
		for e, err := range p.All() {
			if err != nil {
				yield(merged{}, err)
				return
			}
			old, _, err := r.d.DB.Lookup(ctx, r.seq, e.Path)
			if errors.Is(err, index.ErrNotFound) {
				continue
			}
			if !yield(merged{&record.Entry{Path: e.Path, Record: old}, e}, err) || err != nil {
				return
			}
		}
	}
}

// displace makes way in a copied tree: what leaves its place is removed or, if it is a folder or an inode that gets
// another name, moved aside.
func (b *builder) displace(ctx context.Context) error {
	if !b.base.copied {
		return nil
	}
	for e, err := range b.plan.All() {
		if err != nil {
			return err
		}
		if e.Stored == record.Linked && e.From != "" {
			b.base.wanted.Add(e.From)
		}
	}
	gone := "" // the last folder that was moved aside, with all that is in it
	for m, err := range b.run.leaving(ctx, b.plan) {
		if err != nil {
			return err
		}
		if m.old == nil || m.new == nil || !inTree(&m.old.Record) || gone != "" && record.Within(m.old.Path, gone) ||
			b.stays(m.old.Path, &m.old.Record, &m.new.Record) {
			continue
		}
		if m.old.Kind == file.Folder {
			gone = m.old.Path
		}
		if err := b.aside(m.old); err != nil {
			return err
		}
	}
	return nil
}

// inTree reports whether a tree has something for the record.
func inTree(r *record.Record) bool { return r.Exists() && r.Stored != record.Absent }

// stays reports whether the old entry keeps its place, though it has a new record.
func (b *builder) stays(path string, old, now *record.Record) bool {
	switch {
	case !inTree(now):
		return false
	case old.Kind == file.Folder && now.Kind == file.Folder:
		return true
	case now.Stored == record.Linked:
		return now.From == "" && now.Reason != record.Returned
	}
	return b.changesInPlace(path, old, now)
}

// changesInPlace reports whether a file gets other metadata and keeps its inode: it has but one name, in both trees.
func (b *builder) changesInPlace(path string, old, now *record.Record) bool {
	return b.base.copied && now.Stored == record.Cloned && now.From == "" && old != nil && old.Kind == file.Regular &&
		inTree(old) && old.Nlink <= 1 && now.Nlink <= 1 && !b.base.wanted.Has(path)
}

// aside removes an entry of a copied tree from its place.
func (b *builder) aside(old *record.Entry) error {
	dir, name := record.Split(old.Path)
	d, err := b.new.Dir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	if old.Kind != file.Folder && !b.base.wanted.Has(old.Path) {
		return free(d, name)
	}
	kept, err := b.kept()
	if err != nil {
		return err
	}
	defer kept.Close()
	move := func() error { return d.Rename(name, kept, keptName(old.Path)) }
	if err = opened(d, move); errors.Is(err, fs.ErrPermission) && old.Kind == file.Folder && d.Unlock(name) == nil {
		err = move() // another folder is put above it, which its mode forbids
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	b.base.moved.Add(old.Path)
	return err
}

// opened does f, which changes d, once more with d opened up if its mode forbids it. It gets its metadata in the end.
func opened(d *file.Dir, f func() error) error {
	err := f()
	if errors.Is(err, fs.ErrPermission) && d.Chmod(0o700) == nil {
		err = f()
	}
	return err
}

// openUp gives this user every right on a folder of a copied tree, which gets its metadata in the end.
func openUp(d *file.Dir) error {
	s, err := d.Stat()
	if err != nil || s.Mode&0o700 == 0o700 {
		return err
	}
	return d.Chmod(0o700)
}

// free removes the file name of a copied tree, if it is there.
func free(d *file.Dir, name string) error {
	err := opened(d, func() error { return d.Remove(name) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// kept is the folder for what is moved aside.
func (b *builder) kept() (*file.Dir, error) {
	if !b.base.hasKept {
		top, err := b.new.Dir("")
		if err != nil {
			return nil, err
		}
		defer top.Close()
		if err := top.Mkdir(b.base.keptIn); err != nil {
			return nil, err
		}
		b.base.hasKept = true
	}
	return b.new.Dir(b.base.keptIn)
}

// keptName is what an entry is called that is moved aside.
func keptName(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:16])
}

// whereIs is where what was at path in the previous snapshot is now in a copied tree.
func (b *builder) whereIs(path string) string {
	for at := path; at != ""; at, _ = record.Split(at) {
		if b.base.moved.Has(at) {
			return record.Join(b.base.keptIn, keptName(at)) + path[len(at):]
		}
	}
	return path
}

// dropDisplaced removes what was moved aside.
func (b *builder) dropDisplaced(ctx context.Context, tree *file.Dir) error {
	if !b.base.hasKept {
		return nil
	}
	if err := destination.RemoveAny(ctx, tree, b.base.keptIn); err != nil {
		return fmt.Errorf("what this backup took out of the tree: %w", err)
	}
	return nil
}

// linkHere makes the entry what the copied tree has at from, if that still is what the index says; want is its record.
func (p *entryWriter) linkHere(ctx context.Context, it *item, from string, want *record.Record) error {
	if from == it.path {
		if !p.b.base.look {
			return nil
		}
		refused, err := p.lookAt(it.name, want)
		if err != nil || refused == nil {
			return err
		}
		if err := p.makeWay(ctx, it); err != nil {
			return err
		}
		return p.copyInstead(ctx, it, record.OldCopyDamaged, &AlteredError{p.b.run.prev.Name, from, refused})
	}
	dir, name := record.Split(p.b.whereIs(from))
	d, refused := p.b.new.Dir(dir)
	if file.DiskFailed(refused) {
		return refused
	}
	if refused == nil {
		var err error
		refused, err = p.linkAs(d, name, it.name, want)
		d.Close()
		if err != nil || refused == nil {
			return err
		}
	}
	if errors.Is(refused, syscall.EMLINK) {
		return p.copyInstead(ctx, it, record.LinkLimit, nil)
	}
	return p.copyInstead(ctx, it, record.OldCopyDamaged, &AlteredError{p.b.run.prev.Name, from, file.Reason(refused)})
}

// lookAt looks whether the entry name is what its record says; refused says why it is not.
func (p *entryWriter) lookAt(name string, want *record.Record) (refused, err error) {
	got, err := p.newDir.Lstat(name)
	switch {
	case file.DiskFailed(err):
		return nil, err
	case err != nil:
		return file.Reason(err), nil
	case !p.matches(name, &got, want):
		return errAltered, nil
	case ownerAndMode(want, &got):
		return nil, nil
	}
	if stored, err := p.b.metaTrials.Stores(p.b.work, name, want, &got); stored || err != nil {
		return nil, err
	}
	return errGivenAway, nil
}

// makeWay removes what has the place of an entry, whatever that is.
func (p *entryWriter) makeWay(ctx context.Context, it *item) error {
	return opened(p.newDir, func() error { return destination.RemoveAny(ctx, p.newDir, it.name) })
}

// changeInPlace gives a file of a copied tree other metadata; false if it is not what its old record says.
func (p *entryWriter) changeInPlace(ctx context.Context, it *item) (bool, error) {
	s, err := p.newDir.Lstat(it.name)
	if file.DiskFailed(err) {
		return false, err
	}
	if err != nil || s.Kind != file.Regular || s.Nlink > 1 || s.Size != it.old.Size ||
		!destination.CloseEnough(s.Mtime, it.old.Mtime) {
		return false, p.makeWay(ctx, it)
	}
	it.rec.Took(s.Allocated)
	if err := p.newDir.KeepXattrsOf(it.name, it.rec.Xattrs); err != nil {
		return false, err
	}
	lacks, err := p.newDir.SetMetaOf(it.name, it.rec.Meta())
	p.b.losses.add(it.path, lacks)
	return true, err
}

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
