package check

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"snap/internal/file"
	"snap/record"
)

// Extended attributes, ACLs among them, are compared with the record of an entry where its file system keeps them,
// once for each inode. A record does not say which of them could not be set when the entry was made. So one that is
// not there is damage only if any user and any file system could have set it.

// inodesRemembered bounds the memory for inodes whose attributes were looked at. Of more than that some are looked at
// again.
const inodesRemembered = 400_000

// attributed remembers which inodes have the attributes of their records, and of which: a hash of them.
type attributed struct {
	mu    sync.Mutex
	seed  maphash.Seed
	right map[inodeKey]uint64
}

// due reports whether the attributes of a compared path are to be compared.
func (t *treeCheck) due(s *comparedPath) bool {
	if !t.preserved.all || s.path == "" || !s.indexed || !s.there || s.err != nil || s.rec.Stored == record.Absent ||
		s.stat.Kind != s.rec.Kind || s.rec.Has(record.Capped) {
		return false
	}
	a := &t.attributed
	if s.stat.Nlink < 2 || s.stat.Kind == file.Folder || s.stat.Ino == 0 {
		return true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	of, known := a.right[inodeAt(&s.stat)]
	return !known || of != a.hash(s.rec.Xattrs)
}

// note remembers a path whose attributes are right.
func (a *attributed) note(s *comparedPath) {
	if s.stat.Nlink < 2 || s.stat.Kind == file.Folder || s.stat.Ino == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.right) < inodesRemembered {
		if a.right == nil {
			a.right = map[inodeKey]uint64{}
		}
		a.right[inodeAt(&s.stat)] = a.hash(s.rec.Xattrs)
	}
}

func (a *attributed) hash(xattrs []file.Xattr) uint64 {
	if len(xattrs) == 0 {
		return 0
	}
	if a.seed == (maphash.Seed{}) {
		a.seed = maphash.MakeSeed()
	}
	var h maphash.Hash
	h.SetSeed(a.seed)
	for _, x := range xattrs {
		h.WriteString(x.Name)
		h.WriteByte(0)
		h.Write(x.Value)
	}
	return h.Sum64()
}

// attributes says what of the attributes of the entry name in a tree is not as its record says; "" for nothing. What
// may not be read is not compared.
func (t preserved) attributes(in *file.Dir, name string, want *record.Record) (why string, err error) {
	if !t.all || want.Has(record.Capped) {
		return "", nil
	}
	have, left, err := in.XattrsLeftOf(name)
	switch {
	case file.DiskFailed(err):
		return "", err
	case err != nil || left > 0:
		return "", nil
	}
	return t.unlike(want.Xattrs, have, func(attr string) bool { return in.LacksXattr(name, attr) }), nil
}

// like reports whether the entry has the attributes that its record says, as far as that can be known.
func (t preserved) like(in *file.Dir, name string, want *record.Record) bool {
	why, err := t.attributes(in, name, want)
	return why == "" && err == nil
}

// unlike is attributes for what an entry has; lacks reports whether the entry could have an attribute and has not.
func (t preserved) unlike(want, have []file.Xattr, lacks func(attr string) bool) string {
	var all []string
	for _, x := range have {
		i := slices.IndexFunc(want, func(w file.Xattr) bool { return w.Name == x.Name })
		switch {
		case !file.OwnXattr(x.Name):
		case i < 0:
			all = append(all, fmt.Sprintf("%q was added", x.Name))
		case string(want[i].Value) != string(x.Value) && !unmapped(&x):
			all = append(all, fmt.Sprintf("%q has another value", x.Name))
		}
	}
	for _, w := range want {
		if t.settable(w.Name) && file.XattrsFit(want) && lacks(w.Name) {
			all = append(all, fmt.Sprintf("%q is missing", w.Name))
		}
	}
	if n := len(all) - 3; n > 0 {
		all = append(all[:3], fmt.Sprintf("%d more differ", n))
	}
	if len(all) == 0 {
		return ""
	}
	return "of its extended attributes " + strings.Join(all, ", ")
}

// settable reports whether who made the snapshot could set an attribute. Who may not see those of the system
// (trusted) sees none, so that they say nothing where they are missing.
func (t preserved) settable(name string) bool {
	return file.OwnXattr(name) && !strings.HasPrefix(name, "trusted.") && (t.user == 0 || name != "security.capability")
}

// unmapped reports whether an ACL names somebody who has no number here, as in a user namespace.
func unmapped(x *file.Xattr) bool {
	if !strings.HasPrefix(x.Name, "system.posix_acl_") || len(x.Value) < 4 {
		return false
	}
	const user, group = 2, 8
	for b := x.Value[4:]; len(b) >= 8; b = b[8:] {
		tag, id := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint32(b[4:])
		if (tag == user || tag == group) && id == 1<<32-1 {
			return true
		}
	}
	return false
}
