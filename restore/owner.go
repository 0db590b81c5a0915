package restore

import (
	"os/user"
	"strconv"

	"snap/index"
	"snap/internal/file"
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

// meta is what is set for a record here.
func (r *run) meta(rec *index.Record) *file.Meta {
	m := rec.Meta()
	if id, ok := r.users[m.UID]; ok {
		m.UID = id
	}
	if id, ok := r.groups[m.GID]; ok {
		m.GID = id
	}
	return m
}
