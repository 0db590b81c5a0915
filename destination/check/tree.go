package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"snap/internal/file"
	"snap/internal/stream"
	"snap/record"
)

// treeCheck is the check of one snapshot's tree. Nothing of it counts before the snapshot turns out to be
// there still.
type treeCheck struct {
	*checker
	preserved preserved
	tree      *file.Tree
	found     []*fault
	files     int64
	unhashed  int64 // files without a hash
	names     sharing
	open      []openFolder
	subvolume bool
	standsFor *fault // the fault that stands for everything below its path: missing, extra or unreadable
}

// openFolder is a folder that the check is in.
type openFolder struct {
	path      string
	what      Fault // what is wrong with the folder itself, reported when it is left
	why       []string
	explained bool // something in it is missing, extra or of another type, which explains its time
}

// tree checks the tree at a position.
func (c *checker) tree(ctx context.Context, pos int) error {
	h := &c.snaps[pos]
	top, err := c.d.Root.OpenDir(h.Name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			c.faults.in(pos, unreadFault("", err))
		}
		return nil
	}
	defer top.Close()
	stat, err := top.Stat()
	if err != nil {
		return err
	}
	t := &treeCheck{checker: c, preserved: preserved{c.keepsAll, c.maker(h, stat.UID)}, names: sharing{},
		tree: file.NewTree(top, 64, (*file.Dir).EnterDir)}
	defer t.tree.Close()
	if err := t.checkSeal(top, h.Name); err != nil {
		return err
	}
	before := c.at
	for lot, err := range stream.Ordered(ctx, c.o.Jobs, batchesWindow, t.batches(ctx, h, top), t.look) {
		if err != nil {
			return c.treeError(ctx, h, err)
		}
		for i := range lot.paths {
			t.addPath(&lot.paths[i])
		}
		if n := len(lot.paths); n > 0 {
			c.at.Files, c.at.Bytes, c.at.Path = c.at.Files+int64(n), c.res.BytesRead, lot.paths[n-1].path
			c.o.Progress(c.at)
		}
	}
	t.leave("")
	if !c.o.Repair {
		now, err := c.header(ctx, h.Seq)
		if err != nil {
			return c.indexError(err)
		}
		s, err := c.d.Root.Lstat(h.Name)
		if now == nil || now.Name != h.Name || err != nil || !file.MayBeSame(&s, &stat) { // deleted meanwhile
			c.at = before
			return nil
		}
	}
	for _, f := range t.found {
		c.faults.in(pos, f)
	}
	if t.subvolume {
		c.subvolumes = true
	} else {
		c.shared.add(t.names)
	}
	c.res.Files += t.files
	c.res.Unproved += t.unhashed
	return nil
}

// checkSeal makes sure that a snapshot that is a subvolume is read-only. A repair has found it so: recovery was there
// before.
func (t *treeCheck) checkSeal(top *file.Dir, name string) (err error) {
	if t.subvolume, err = top.IsSubvolume(); err != nil || !t.subvolume {
		return err
	}
	sealed, err := top.Sealed()
	if err != nil || sealed && !(t.o.Repair && slices.Contains(t.d.Unsealed, name)) {
		return err
	}
	f := &fault{what: FaultWritable, why: "is not read-only"}
	if !t.o.Repair {
		t.found = append(t.found, f)
		return nil
	}
	if f.whole, f.names = true, []string{name}; t.read.pass == 0 {
		t.faults.add(f)
	}
	return nil
}

// treeError takes an error that ended the check of a tree: damage of the index is a finding.
func (c *checker) treeError(ctx context.Context, h *record.Header, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, record.ErrDamaged) && !c.o.Repair {
		if now, herr := c.header(ctx, h.Seq); herr == nil && now == nil {
			return nil // deleted meanwhile
		}
	}
	return c.indexError(err)
}

// addPath judges one path; paths come in key order.
func (t *treeCheck) addPath(s *comparedPath) {
	t.leave(s.path)
	if s.there {
		t.files++
	}
	t.read.note(s)
	t.names.note(s)
	if t.standsFor != nil {
		if s.path != t.standsFor.path && record.Within(s.path, t.standsFor.path) {
			if t.standsFor.what != FaultUnread && t.standsFor.what != Unchecked {
				t.standsFor.below++
			}
			return
		}
		t.standsFor = nil
	}
	want := s.indexed && held(&s.rec)
	switch {
	case !want && !s.there:
	case !s.there:
		t.explain()
		t.standFor(&fault{what: FaultMissing, path: s.path, why: "is missing"})
	case !want:
		t.explain()
		why := "was not there when the snapshot was made"
		if s.indexed {
			why = "could not be backed up, and yet something is there"
		}
		t.standFor(&fault{what: FaultExtra, path: s.path, why: why})
	case s.err != nil && !(s.rec.Has(record.Unreadable) && errors.Is(s.err, fs.ErrPermission)):
		t.standFor(unreadFault(s.path, s.err))
	default:
		t.judge(s)
	}
}

// judge compares an entry that both have.
func (t *treeCheck) judge(s *comparedPath) {
	var what Fault
	var why []string
	if s.path != "" { // the top folder is for its owner alone, and has times of its own
		what, why = t.preserved.differences(&s.rec, &s.stat)
	} else if s.stat.Kind != file.Folder {
		what, why = FaultType, []string{"is no folder"}
	}
	if s.unlike != "" {
		what, why = cmp.Or(what, FaultAttributes), append(why, s.unlike)
	} else if s.attrs {
		t.attributed.note(s)
	}
	if what == FaultType {
		t.explain()
		t.standFor(&fault{what: what, path: s.path, why: joinWhy(why)})
		return
	}
	switch {
	case (s.rec.Kind == file.Symlink || s.attrs && !s.readsInode) && s.failed != nil:
		t.found = append(t.found, unreadFault(s.path, s.failed))
		return
	case s.rec.Kind == file.Symlink && s.target != s.rec.Target:
		what, why = FaultTarget, append([]string{fmt.Sprintf("leads to %q, not to %q", s.target, s.rec.Target)}, why...)
	case s.compareBytes && what != FaultSize:
		if worse, text := t.read.prove(s); worse != "" {
			what, why = worse, []string{text}
		}
	}
	if s.compareBytes && !s.rec.Has(record.Hashed) {
		t.unhashed++
	}
	if s.rec.Kind == file.Folder {
		t.open = append(t.open, openFolder{path: s.path, what: what, why: why})
		return
	}
	if what != "" {
		t.found = append(t.found, &fault{what: what, path: s.path, why: joinWhy(why), inode: inodeAt(&s.stat)})
	}
}

// standFor notes a fault that stands for everything below its path.
func (t *treeCheck) standFor(f *fault) {
	t.standsFor = f
	t.found = append(t.found, f)
}

// explain notes that the folder on top had its entries changed.
func (t *treeCheck) explain() {
	if n := len(t.open); n > 0 {
		t.open[n-1].explained = true
	}
}

// leave closes, and reports, the open folders that path is not in; "" closes all.
func (t *treeCheck) leave(path string) {
	for n := len(t.open); n > 0; n = len(t.open) {
		f := &t.open[n-1]
		if path != "" && record.Within(path, f.path) {
			return
		}
		t.open = t.open[:n-1]
		if f.what != "" && !(f.what == FaultTime && len(f.why) == 1 && f.explained) {
			t.found = append(t.found, &fault{what: f.what, path: f.path, why: joinWhy(f.why)})
		}
	}
}

// unreadFault is the fault of something in a tree that cannot be read.
func unreadFault(path string, err error) *fault {
	what := FaultUnread
	if errors.Is(err, fs.ErrPermission) {
		what = Unchecked
	}
	return &fault{what: what, path: path, why: "cannot be read: " + file.Reason(err).Error()}
}
