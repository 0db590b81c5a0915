package destination

import (
	"errors"
	"hash/maphash"
	"path"
	"strings"
	"sync"

	"snap/internal/file"
	"snap/record"
)

// The copy of a file in an older snapshot may have another mode or owner than its record for two reasons. Somebody
// has changed it, and then the new snapshot must not share it. Or the destination cannot store them: a disk without
// owners, a file server that maps them, a user who may not give files away. Which of the two it is shows when an
// entry like it is made again.

// MetaTrials remembers what became of the modes and owners that were tried. Its zero value has tried none.
type MetaTrials struct {
	mu   sync.Mutex
	dir  *file.Dir // in the work folder, nil until something is tried
	seed maphash.Seed
	done map[tried]outcome
}

// tried is all that what a file system stores may depend on. Some go by the end of the name.
type tried struct {
	kind     file.Kind
	mode     uint16
	uid, gid uint32
	ext      string
	acls     uint64
}

// outcome is what a trial came to.
type outcome struct {
	stat file.Stat
	lost file.Lost
}

// trialsKept bounds the memory for outcomes.
const trialsKept = 10_000

// Stores reports whether the destination stores an entry called name with the mode and owner of want as got shows
// them. Where something cannot be set here nothing is known, and got is accepted.
func (t *MetaTrials) Stores(work *file.Dir, name string, want *record.Record, got *file.Stat) (bool, error) {
	o, err := t.outcome(work, name, want)
	if err != nil {
		return false, err
	}
	mode := want.Kind == file.Symlink || o.lost&file.LostMode != 0 || got.Mode == o.stat.Mode
	owner := o.lost&file.LostOwner != 0 || got.UID == o.stat.UID && got.GID == o.stat.GID
	return mode && owner, nil
}

func (t *MetaTrials) outcome(work *file.Dir, name string, want *record.Record) (o outcome, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dir == nil {
		if t.dir, err = OpenOrMake(work, "trials"); err != nil {
			return o, err
		}
		t.dir.KeepXattrs(nil) // no default ACL of the destination
		t.seed, t.done = maphash.MakeSeed(), map[tried]outcome{}
	}
	meta := want.Meta()
	meta.Xattrs = acls(meta.Xattrs)
	key := tried{want.Kind, want.Mode, want.UID, want.GID, path.Ext(name), 0}
	if len(meta.Xattrs) > 0 {
		var h maphash.Hash
		h.SetSeed(t.seed)
		for _, x := range meta.Xattrs {
			h.WriteString(x.Name)
			h.WriteByte(0)
			h.Write(x.Value)
		}
		key.acls = h.Sum64()
	}
	o, ok := t.done[key]
	if !ok {
		if o, err = t.try(name, want, meta); err != nil {
			return o, err
		}
		if len(t.done) == trialsKept {
			clear(t.done)
		}
		t.done[key] = o
	}
	return o, nil
}

// try makes an entry with the metadata, looks at it and removes it. Where it cannot be made, nothing can be known.
func (t *MetaTrials) try(name string, want *record.Record, meta *file.Meta) (o outcome, err error) {
	var f *file.File
	switch want.Kind {
	case file.Regular:
		f, err = t.dir.CreateMode(name, want.Mode)
	case file.Symlink:
		err = t.dir.Symlink("nowhere", name)
	default:
		err = t.dir.Mknod(name, want.Kind, want.Rdev)
	}
	if err != nil {
		if file.DiskFailed(err) {
			return o, err
		}
		return outcome{lost: file.LostMode | file.LostOwner}, nil
	}
	if f != nil {
		o.lost, err = f.SetMeta(meta)
		err = errors.Join(err, f.Close())
	} else {
		o.lost, err = t.dir.SetMetaOf(name, meta)
	}
	if err == nil {
		o.stat, err = t.dir.Lstat(name)
	}
	return o, errors.Join(err, t.dir.Remove(name))
}

// acls are the attributes that change a mode.
func acls(all []file.Xattr) (some []file.Xattr) {
	for _, x := range all {
		if strings.HasPrefix(x.Name, "system.") {
			some = append(some, x)
		}
	}
	return some
}

// Close closes the folder of the trials.
func (t *MetaTrials) Close() {
	if t.dir != nil {
		t.dir.Close()
	}
}
