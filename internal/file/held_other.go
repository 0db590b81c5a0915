//go:build !linux

package file

// heldHandle is empty: what is held is its path.
type heldHandle struct{}

func (d *Dir) hold(name string) (heldHandle, error) {
	var s Stat
	return heldHandle{}, d.statName(name, false, &s)
}

func (h *Held) close() error { return nil }

func (h *Held) target() target { return entry{path: h.path} }

func (h *Held) xattrs() ([]Xattr, int, error) { return nil, 0, nil }

// KeepXattrs removes the extended attributes that keep does not name; here there are none.
func (h *Held) KeepXattrs(keep []Xattr) error { return nil }
