package restore

import (
	"fmt"

	"snap/internal/file"
	"snap/record"
)

// An existing folder is never given to another user: whoever may rename entries of the target could have put any folder
// of root's in the place of the one that was backed up.

// mayGive says with an error why the existing folder f, which is d, does not get m.
func (w *writer) mayGive(f *folder, d *file.Dir, m *file.Meta) error {
	if f.made || f.bare || !w.run.who.privileged {
		return nil
	}
	now := record.Record{Stat: f.stat}
	var err error
	if now.Xattrs, err = d.Xattrs(); err != nil {
		return err
	}
	if marked(now.Xattrs, m) {
		return nil
	}
	want := record.Record{Stat: file.Stat{Kind: m.Kind, Mode: m.Mode, UID: m.UID, GID: m.GID}, Xattrs: m.Xattrs}
	if w.run.cannot(f.stat.Dev)&file.LostOwner != 0 {
		want.UID, want.GID = now.UID, now.GID
	}
	var parent *file.Stat
	if f.parent != nil {
		parent = &f.parent.stat
	}
	return givesAway(&want, &now, parent, w.run.who.uid)
}

// givesAway says with an error why an existing folder, now, in the folder parent (nil: not known) must not become want,
// when the privileged user me restores.
func givesAway(want, now *record.Record, parent *file.Stat, me uint32) error {
	switch {
	case now.UID != want.UID || now.GID != want.GID:
		return fmt.Errorf("%w: it belongs to %d:%d, in the snapshot to %d:%d", ErrOwner, now.UID, now.GID, want.UID, want.GID)
	case parent != nil && !now.SameOwnerMode(want) && renamedBy(parent, now.UID, me):
		return fmt.Errorf("%w: it lies in a folder of another user, who may have put it there", ErrOwner)
	}
	return nil
}

// renamedBy reports whether somebody else than owner and me may rename what is in the folder parent.
func renamedBy(parent *file.Stat, owner, me uint32) bool {
	foreign := parent.UID != owner && parent.UID != me && parent.UID != 0
	return foreign || parent.Mode&0o002 != 0 && parent.Mode&0o1000 == 0
}

// replaces reports whether an existing empty folder of another owner than recorded gives way to a new one.
func (w *writer) replaces(f *folder, in *file.Dir, have *existing) bool {
	if !w.run.who.privileged || !f.known || !f.chosen || f.carrier {
		return false
	}
	m := w.run.meta(&f.record)
	if m.UID == have.UID && m.GID == have.GID || w.run.cannot(have.Dev)&file.LostOwner != 0 {
		return false
	}
	d, err := in.OpenDir(f.name)
	if err != nil {
		return false
	}
	defer d.Close()
	s, err := d.Stat()
	parent, perr := in.Stat()
	mounted := s.Dev != parent.Dev || s.Mount != parent.Mount
	empty := err == nil && perr == nil && !mounted && !exchanged(&have.Stat, &s) && isEmpty(d)
	return empty && setsMeta(&f.record, &existing{Stat: have.Stat, Empty: true}, w.run.o.Overwrite)
}

// isBare reports whether the folder at a path has nothing in it but what a new file system has.
func (w *writer) isBare(to string) bool {
	d, err := w.run.target.Dir(to)
	if err != nil {
		return false
	}
	defer d.Close()
	entries, err := d.Entries()
	if err != nil {
		return false
	}
	for i := range entries {
		if entries[i].Name != "lost+found" {
			return false
		}
	}
	return true
}

func (w *writer) isEmptyAt(to string) bool {
	d, err := w.run.target.Dir(to)
	if err != nil {
		return false
	}
	defer d.Close()
	return isEmpty(d)
}
