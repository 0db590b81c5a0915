package restore

import (
	"errors"
	"io/fs"

	"snap/internal/file"
	"snap/record"
)

// look is what decide needs to know of a name in a folder of the target.
func (r *run) look(d *file.Dir, name string, want file.Kind) (have existing, err error) {
	if have.Stat, err = d.Lstat(name); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return existing{}, nil
		}
		return have, err
	}
	switch {
	case have.Kind == file.Symlink && want == file.Symlink:
		have.Target, err = d.Readlink(name)
	case have.Kind == file.Folder && (want != file.Folder || r.o.Overwrite.keeps()):
		sub, err := d.OpenDir(name)
		if err != nil {
			return have, nil // what cannot be listed is not taken for empty
		}
		defer sub.Close()
		have.Empty = isEmpty(sub)
	}
	return have, err
}

func isEmpty(d *file.Dir) bool {
	entries, err := d.Entries()
	return err == nil && len(entries) == 0
}

// judge looks and decides about an entry that is not a folder; d is where it goes, nil for a folder that
// is not there. An answer of refresh means that metadata really are to be set, and can be in place. In a folder
// that this run made nothing is looked for: should somebody put something there, place finds it.
func (r *run) judge(d *file.Dir, j *job) (v verdict, have existing, err error) {
	if d != nil && !j.in.made {
		if have, err = r.look(d, j.name, j.Kind); err != nil {
			return v, have, err
		}
	}
	v = decide(&j.Record, &have, r.o.Overwrite, r.o.Delete)
	g := j.group
	if g != nil && v != absent && g.is(&have.Stat) {
		return keep, have, nil
	}
	if have.Kind != file.None && v != absent && v != refuse {
		if err := j.in.free(d, j.name, &have.Stat); err != nil {
			return v, have, err
		}
	}
	if v != refresh {
		return v, have, nil
	}
	if g != nil && g.there() {
		return replace, have, nil
	}
	if v, err = r.compare(d, j, &have); v == keep && err == nil {
		j.found(&have)
	}
	return v, have, err
}

// found notes that what exists is the file that j is a name of.
func (j *job) found(have *existing) {
	if g := j.group; g != nil {
		g.begin(j.to(), &have.Stat, nil)
	}
}

// compare says what is to be done with an entry whose content is as recorded, as far as its stat record shows: keep if
// its metadata is right too, else refresh, or replace where its inode must not be changed or a new one costs little. An
// inode is never given to another owner: somebody who may rename files there could have put it in this place.
func (r *run) compare(d *file.Dir, j *job, have *existing) (verdict, error) {
	if have.Nlink > 1 && r.inSnapshot(j, have) {
		return replace, nil
	}
	var meta file.Meta
	meta, j.lost = r.who.attains(r.meta(&j.Record), &have.Stat, r.cannot(have.Dev))
	want := record.Record{Stat: file.Stat{Kind: meta.Kind, Mode: meta.Mode, UID: meta.UID, GID: meta.GID,
		Mtime: meta.Mtime}, Xattrs: meta.Xattrs}
	now := record.Record{Stat: have.Stat}
	var err error
	if now.Xattrs, err = d.XattrsOf(j.name); err != nil && !errors.Is(err, fs.ErrPermission) {
		return replace, err
	}
	if r.o.NoXattrs {
		now.Xattrs = nil
	}
	switch {
	case err == nil && now.SameMeta(&want):
		return keep, nil
	case j.Kind != file.Regular, have.Nlink > 1: // other names are none of this restore's business
		return replace, nil
	case now.UID != want.UID || now.GID != want.GID, !j.Has(record.Hashed):
		return replace, nil
	}
	return refresh, nil
}

// inSnapshot reports whether what exists is the snapshot's own copy, as in a target made by cp -al.
func (r *run) inSnapshot(j *job, have *existing) bool {
	return r.tree != nil && r.tree.has(j.Path, &have.Stat)
}
