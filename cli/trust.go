package cli

import "snap/index"

// A large index takes some tenths of a second to prove when it is opened. What this user's commands have proved
// or written they remember by its fingerprint, beside the known destinations: that list is the user's own,
// while the destination may be on a disk that somebody else has written to.

// trusted are the fingerprints of indexes at dest that were proved or written by this user's commands; disks
// may take turns there.
func (c *call) trusted(dest string) (all []string) {
	list, _ := readKnown(c.knownFile()) // what cannot be read is warned of where it matters
	for _, k := range list {
		if k.Path == dest && k.Index != "" {
			all = append(all, k.Index)
		}
	}
	return all
}

// proved remembers the index of dest for the next command, if it is one to remember and dest is known. It
// is there to save time: where it fails the next command takes its time, and nothing is said.
func (c *call) proved(dest string, db *index.DB) {
	mark := db.Fingerprint()
	if mark == "" {
		return
	}
	list, err := readKnown(c.knownFile())
	if err != nil {
		return
	}
	id, err := db.ID(c.ctx)
	if err != nil {
		return
	}
	for i := range list {
		if k := &list[i]; k.ID == id && k.Path == dest && k.Index != mark {
			k.Index = mark
			_ = writeKnown(c.knownFile(), list)
			return
		}
	}
}
