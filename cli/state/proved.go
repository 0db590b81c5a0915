package state

import (
	"context"

	"snap/index"
)

// A large index takes some tenths of a second to prove when it is opened. What this user's commands have proved
// or written they remember by its fingerprint, beside the known destinations: that list is the user's own,
// while the destination may be on a disk that somebody else has written to.

// Trusted are the fingerprints of indexes at dest that were proved or written by this user's commands; disks
// may take turns there.
func (u *User) Trusted(dest string) (all []string) {
	list, _ := u.Known() // what cannot be read is warned of where it matters
	for _, k := range list {
		if k.Path == dest && k.Index != "" {
			all = append(all, k.Index)
		}
	}
	return all
}

// Proved remembers the index of dest for the next command, if it is one to remember and dest is known. It
// is there to save time: where it fails the next command takes its time, and nothing is said.
func (u *User) Proved(ctx context.Context, dest string, db *index.DB) {
	mark := db.Fingerprint()
	if mark == "" {
		return
	}
	list, err := u.Known()
	if err != nil {
		return
	}
	id, err := db.ID(ctx)
	if err != nil {
		return
	}
	for i := range list {
		if k := &list[i]; k.ID == id && k.Path == dest && k.Index != mark {
			k.Index = mark
			_ = Write(u.KnownFile(), list)
			return
		}
	}
}
