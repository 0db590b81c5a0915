package backup

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io/fs"
	"sync"
	"syscall"
	"time"

	"snap/index"
	"snap/internal/file"
)

// placer makes entries for one task. It keeps the folders it used last, since neighbours share them.
type placer struct {
	*builder
	ctx     context.Context
	newPath string
	newDir  *file.Dir
	oldPath string
	oldDir  *file.Dir
	h       hash.Hash
}

func (p *placer) close() {
	for _, d := range []*file.Dir{p.newDir, p.oldDir} {
		if d != nil {
			d.Close()
		}
	}
}

// place makes one entry in the new tree. An error is the destination's; what ails the source or the
// older copy is noted in the item.
func (p *placer) place(it *item) error {
	if p.newDir == nil || p.newPath != it.dir.path {
		if p.newDir != nil {
			p.newDir.Close()
			p.newDir = nil
		}
		d, err := p.new.Dir(it.dir.path)
		if err != nil {
			return err
		}
		p.newDir, p.newPath = d, it.dir.path
	}
	switch {
	case !it.changed:
		return p.link(it, it.path, &it.rec)
	case it.rec.Stored == index.Linked && it.rec.From == "":
		return p.link(it, it.path, nil)
	case it.rec.Stored == index.Linked:
		return p.link(it, it.rec.From, nil)
	}
	return p.join(it)
}

// oldFolder is the folder at path in the previous snapshot's tree.
func (p *placer) oldFolder(path string) (*file.Dir, error) {
	if p.oldDir != nil && p.oldPath == path {
		return p.oldDir, nil
	}
	if p.oldDir != nil {
		p.oldDir.Close()
		p.oldDir = nil
	}
	d, err := p.old.Dir(path)
	if err == nil {
		p.oldDir, p.oldPath = d, path
	}
	return d, err
}

// link makes the entry a hard link of the previous snapshot's entry at from, if that still is what the
// index says; want is its record, nil if it has the size and time of the new one. Else the entry is made
// afresh.
func (p *placer) link(it *item, from string, want *index.Record) error {
	if want == nil {
		want = &it.rec
	}
	if p.old == nil {
		return p.afresh(it, index.OldCopyDamaged, nil)
	}
	dir, name := index.Split(from)
	d, err := p.oldFolder(dir)
	if err == nil {
		err = p.newDir.Link(d, name, it.name)
	}
	if err != nil {
		switch {
		case errors.Is(err, syscall.EMLINK):
			return p.afresh(it, index.LinkLimit, nil)
		case fatal(err):
			return err
		}
		return p.afresh(it, index.OldCopyDamaged, &AlteredError{p.prev.Name, from, unwrapPath(err)})
	}
	got, err := p.newDir.Lstat(it.name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil && p.is(it.name, &got, want) {
		return nil
	}
	if err := p.newDir.Remove(it.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return p.afresh(it, index.OldCopyDamaged, &AlteredError{p.prev.Name, from, errAltered})
}

// is reports whether the entry name in the new folder, of which lstat says got, can be what want says.
func (p *placer) is(name string, got *file.Stat, want *index.Record) bool {
	if got.Kind != want.Kind || got.Rdev != want.Rdev {
		return false
	}
	if want.Kind == file.Symlink { // its size and times are not reliable everywhere; its target is all it is
		target, err := p.newDir.Readlink(name)
		return err == nil && target == want.Target
	}
	return got.Size == want.Size && closeEnough(got.Mtime, want.Mtime)
}

var errAltered = errors.New("not as it was backed up")

// AlteredError: the copy in an older snapshot is not what the index says, or cannot be linked.
type AlteredError struct {
	Snapshot, Path string
	Err            error
}

func (e *AlteredError) Error() string {
	return "the copy in snapshot " + e.Snapshot + " cannot be used (" + e.Err.Error() + "): copied afresh"
}
func (e *AlteredError) Unwrap() error { return e.Err }

// closeEnough reports whether a file system may have stored want as got: exactly, cut to its coarser
// clock (2 s at most, on FAT), or at the end of its range.
func closeEnough(got, want file.Time) bool {
	if got == want {
		return true
	}
	const end32 = 1<<31 - 1
	if d := want.Sec - got.Sec; got.Nsec == 0 && d >= -2 && d <= 2 {
		return true
	}
	return got.Nsec == 0 && (got.Sec == end32 && want.Sec > end32 || got.Sec == -end32-1 && want.Sec < got.Sec)
}

// fatal reports whether an error of a link or of an old copy is the destination's own, so that going on
// makes no sense.
func fatal(err error) bool {
	for _, e := range [...]error{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EIO, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE, syscall.EEXIST} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// afresh makes an entry anew that was to be linked.
func (p *placer) afresh(it *item, why index.Reason, note error) error {
	it.note = note
	if !it.changed {
		old := it.rec
		it.old, it.changed = &old, true
		it.rec.Change, it.rec.Reason, it.rec.From, it.rec.To = index.Silent, why, "", ""
	}
	it.rec.Stored = index.Copied
	if it.rec.Kind != file.Regular {
		it.rec.Stored = index.Made
	}
	return p.join(it)
}

// joins remembers, of each source inode with several names that got a new inode in this snapshot, where
// that inode is.
type joins struct {
	mu sync.Mutex
	of map[inode]*join
}

type join struct {
	mu   sync.Mutex
	path string // "" until it is made
	rec  index.Record
}

// join makes an entry that needs a new inode, or links it to the one that another name of the same
// source file got.
func (p *placer) join(it *item) error {
	if it.rec.Nlink <= 1 || it.rec.Ino == 0 {
		return p.make(it)
	}
	p.joins.mu.Lock()
	if p.joins.of == nil {
		p.joins.of = map[inode]*join{}
	}
	key := inodeOf(&it.rec)
	j := p.joins.of[key]
	if j == nil {
		j = &join{}
		p.joins.of[key] = j
	}
	p.joins.mu.Unlock()
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
			it.rec.Change, it.rec.Reason, it.rec.From, it.rec.Stored = change, reason, from, index.Linked
			p.judgeAgain(it)
			return nil
		}
		if !errors.Is(err, syscall.EMLINK) {
			return err
		}
	}
	if err := p.make(it); err != nil {
		return err
	}
	if !it.gone && it.rec.Stored != index.Absent {
		j.path, j.rec = it.path, it.rec
	}
	return nil
}

// make makes an entry with an inode of its own.
func (p *placer) make(it *item) error {
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
func (p *placer) special(it *item) error {
	var err error
	if it.rec.Kind == file.Symlink {
		err = p.newDir.Symlink(it.rec.Target, it.name)
	} else {
		err = p.newDir.Mknod(it.name, it.rec.Kind, it.rec.Rdev)
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
		it.rec.Stored = index.Absent
		return nil
	}
	if err != nil {
		return err
	}
	_, err = p.newDir.SetMetaOf(it.name, it.rec.Meta())
	return err
}

// clone makes a new inode that shares its blocks with the previous snapshot's; false if that cannot be.
func (p *placer) clone(it *item) (bool, error) {
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
	if s, err := src.Stat(); err != nil || s.Size != it.rec.Size || !closeEnough(s.Mtime, it.rec.Mtime) {
		return false, nil
	}
	dst, err := p.newDir.Create(it.name)
	if err != nil {
		return false, err
	}
	if !dst.CloneFrom(src) {
		p.plain.Store(true)
		return false, errors.Join(dst.Close(), p.newDir.Remove(it.name))
	}
	_, err = dst.SetMeta(it.rec.Meta())
	return true, errors.Join(err, dst.Close())
}

// copyTries is how often a file is read that changes while it is read.
const copyTries = 3

// copy reads the file from the source and makes it in the new tree.
func (p *placer) copy(it *item) error {
	src, err := p.openItem(it)
	if err != nil {
		return p.failed(it, err)
	}
	defer src.Close()
	dst, err := p.newDir.Create(it.name)
	if err != nil {
		return err
	}
	if p.h == nil {
		p.h = sha256.New()
	}
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	var stat file.Stat
	steady := false
	for try := 0; try < copyTries && !steady; try++ {
		if try > 0 {
			if err := pause(p.ctx, time.Duration(try)*100*time.Millisecond); err != nil {
				return errors.Join(err, dst.Close())
			}
			if err := dst.Truncate(0); err != nil {
				return errors.Join(err, dst.Close())
			}
		}
		p.h.Reset()
		var n int64
		if stat, err = src.Stat(); err == nil {
			n, err = file.Copy(p.ctx, dst, src, stat.Size, p.h, *buf)
		}
		var after file.Stat
		if err == nil {
			after, err = src.Stat()
		}
		if err != nil {
			if w := (*file.WriteError)(nil); errors.As(err, &w) || p.ctx.Err() != nil {
				return errors.Join(err, dst.Close())
			}
			if err := errors.Join(dst.Close(), p.newDir.Remove(it.name)); err != nil {
				return err
			}
			return p.failed(it, err)
		}
		steady = n == stat.Size && sameState(&stat, &after)
		stat.Size = n
	}
	rec := &it.rec
	volume := rec.Volume
	rec.Stat, rec.Volume, rec.Stored = stat, volume, index.Copied
	p.stamp(rec)
	p.h.Sum(rec.Hash[:0])
	rec.Flags |= index.Hashed
	if !steady {
		rec.Flags |= index.Inconsistent | index.Racy
		it.problem = errUnsteady
	}
	if rec.Xattrs, err = src.Xattrs(); err != nil {
		it.problem = err
	}
	_, err = dst.SetMeta(rec.Meta())
	if err := errors.Join(err, dst.Close()); err != nil {
		return err
	}
	p.copied.Add(rec.Size)
	p.judgeAgain(it)
	return nil
}

var errUnsteady = errors.New("changed again and again while it was read; the copy may be a mixture")

func (p *placer) openItem(it *item) (*file.File, error) {
	d, err := p.tree.Dir(it.dir.path)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return p.openSource(d, it.name)
}

// failed notes an entry that could not be read: gone by now, or not to be read.
func (p *placer) failed(it *item, err error) error {
	if p.ctx.Err() != nil {
		return p.ctx.Err()
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, file.ErrNotRegular) {
		it.gone = true
		it.rec = index.Record{Change: index.Removed, Reason: index.VanishedMeanwhile}
		return nil
	}
	it.problem = err
	it.rec.Stored, it.rec.Reason = index.Absent, index.UnreadableNow
	it.rec.Flags = index.Unreadable
	if it.rec.Change == index.Silent {
		it.rec.Change = index.Modified
	}
	return nil
}

// judgeAgain corrects the change of a copied file by what the copy has shown: the content may be the
// old one after all, or a new one although nothing seemed to change.
func (p *placer) judgeAgain(it *item) {
	rec, old := &it.rec, it.old
	if old == nil || old.Kind != rec.Kind || !old.Has(index.Hashed) || rec.Kind != file.Regular {
		return
	}
	same := old.SameContent(rec)
	switch {
	case rec.Change == index.Modified && same && !old.SameOwnerMode(rec):
		rec.Change, rec.Reason = index.Metadata, index.OwnerOrMode
	case rec.Change == index.Modified && same && old.Mtime != rec.Mtime:
		rec.Change, rec.Reason = index.Metadata, index.TimeOnly
	case rec.Change == index.Silent && !same:
		rec.Change, rec.Reason = index.Modified, index.ContentDiffers
	}
}

// pause waits, or ends with the context.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
