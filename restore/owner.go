package restore

import (
	"bytes"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"sync"

	"snap/internal/file"
	"snap/record"
)

// translate says which recorded owners have another number here: those whose name lookup knows. An
// unknown name keeps its number. Root is nobody else's number, and nobody becomes root.
func translate(recorded map[uint32]string, lookup func(name string) (uint32, bool)) map[uint32]uint32 {
	ids := map[uint32]uint32{}
	for id, name := range recorded {
		if here, known := lookup(name); known && name != "" && here != id && here != 0 && id != 0 {
			ids[id] = here
		}
	}
	return ids
}

func localUser(name string) (uint32, bool) {
	u, err := user.Lookup(name)
	if err != nil {
		return 0, false
	}
	return number(u.Uid)
}

func localGroup(name string) (uint32, bool) {
	g, err := user.LookupGroup(name)
	if err != nil {
		return 0, false
	}
	return number(g.Gid)
}

func number(s string) (uint32, bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil
}

// who is the user that restores.
type who struct {
	privileged bool // may give files to others
	uid        uint32
	groups     []int // that an ordinary user may give his files to
}

func whoRestores() who {
	me := who{privileged: os.Geteuid() == 0, uid: uint32(os.Geteuid())}
	if !me.privileged {
		groups, _ := os.Getgroups() // none where the system has none
		me.groups = append(groups, os.Getegid())
	}
	return me
}

// attains is what m becomes when this user sets it on what is there now, and which parts are lost.
func (me *who) attains(m *file.Meta, now *file.Stat, cannot file.Lost) (file.Meta, file.Lost) {
	a, lost := *m, file.Lost(0)
	owner := me.privileged || now.UID == me.uid && m.UID == me.uid
	group := me.privileged || now.UID == me.uid && slices.Contains(me.groups, int(m.GID))
	if cannot&file.LostOwner != 0 {
		owner, group = false, false
	}
	if !owner && a.UID != now.UID || !group && a.GID != now.GID {
		lost |= file.LostOwner
		if a.Mode&0o6000 != 0 {
			lost |= file.LostSetuid
		}
		a.Mode &^= 0o6000
	}
	if !owner {
		a.UID = now.UID
	}
	if !group {
		a.GID = now.GID
	}
	if cannot&file.LostMode != 0 && a.Mode != now.Mode {
		a.Mode, lost = now.Mode, lost|file.LostMode
	}
	return a, lost
}

// limits are what the file systems of the target have turned out not to keep, by device number.
type limits struct {
	mu sync.Mutex
	of map[uint64]file.Lost
}

// cannot says which parts of a Meta the file system with this device number does not keep, as far as this run has
// seen. An entry that lacks only these is not restored again by each run.
func (r *run) cannot(dev uint64) file.Lost {
	r.limits.mu.Lock()
	defer r.limits.mu.Unlock()
	return r.limits.of[dev]
}

// learn notes what could not be set on a new file. Of owners only a privileged user learns anything about the file
// system.
func (r *run) learn(dev uint64, lost file.Lost) {
	if lost &= file.LostOwner | file.LostMode; !r.who.privileged {
		lost &^= file.LostOwner
	}
	if lost == 0 {
		return
	}
	r.limits.mu.Lock()
	defer r.limits.mu.Unlock()
	if r.limits.of == nil {
		r.limits.of = map[uint64]file.Lost{}
	}
	r.limits.of[dev] |= lost
}

// unfinished is the extended attribute of a folder that a privileged user has made for somebody else and not finished
// yet. Its value is for whom: a restore that goes on after one that was killed gives it to nobody else.
const unfinished = "trusted.snap.unfinished"

// mark marks a folder that this run made for another user. If it cannot be marked, a later run reports the killed
// restore.
func (w *writer) mark(f *folder, d *file.Dir) {
	if m := w.run.meta(&f.record); f.sets && w.run.who.privileged && m.UID != w.run.who.uid {
		d.SetXattr(file.Xattr{Name: unfinished, Value: ownerText(m)})
	}
}

func ownerText(m *file.Meta) []byte { return fmt.Appendf(nil, "%d:%d", m.UID, m.GID) }

// marked reports whether the mark for m is among xattrs.
func marked(xattrs []file.Xattr, m *file.Meta) bool {
	return slices.ContainsFunc(xattrs, func(x file.Xattr) bool {
		return x.Name == unfinished && bytes.Equal(x.Value, ownerText(m))
	})
}

// meta is what is set for a record here.
func (r *run) meta(rec *record.Record) *file.Meta {
	m := rec.Meta()
	if r.o.NoXattrs {
		m.Xattrs = nil
	}
	if id, ok := r.users[m.UID]; ok {
		m.UID = id
	}
	if id, ok := r.groups[m.GID]; ok {
		m.GID = id
	}
	return m
}
