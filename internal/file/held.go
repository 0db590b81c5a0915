package file

import "errors"

// ErrExchanged says that a name no longer leads to what was just made or seen under it.
var ErrExchanged = errors.New("was exchanged for something else meanwhile")

// Held is an entry that is held by a handle, whatever becomes of its name: what is set through it is set on no other.
// Elsewhere than on Linux it is its path.
type Held struct {
	fd   heldHandle
	path string
}

// Hold holds the entry name, of whatever kind, without opening it.
func (d *Dir) Hold(name string) (*Held, error) {
	fd, err := d.hold(name)
	if err != nil {
		return nil, d.fail("open", name, err)
	}
	return &Held{fd, join(d.path, name)}, nil
}

// HoldNew holds an entry that was just made: one of this kind, with no other name. ErrExchanged if it is not.
func (d *Dir) HoldNew(name string, kind Kind) (*Held, error) {
	h, err := d.Hold(name)
	if err != nil {
		return nil, err
	}
	s, err := h.Stat()
	if err == nil && (s.Kind != kind || s.Nlink > 1 && kind != Folder) {
		err = d.fail("open", name, ErrExchanged)
	}
	if err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// Stat says what is held.
func (h *Held) Stat() (Stat, error) {
	var s Stat
	err := h.target().stat(&s)
	return s, pathError("stat", h.path, err)
}

// Xattrs are the extended attributes of what is held.
func (h *Held) Xattrs() ([]Xattr, error) {
	all, _, err := h.xattrs()
	return all, err
}

// SetMeta sets owner, xattrs, mode and modification time, and says what could not be set.
func (h *Held) SetMeta(m *Meta) (Lost, error) { return setMeta(h.target(), h.path, m) }

// Close gives the handle back.
func (h *Held) Close() error { return pathError("close", h.path, h.close()) }

// SetMetaOf is SetMeta for an entry that cannot be opened and was just made: a symbolic link or a special file.
func (d *Dir) SetMetaOf(name string, m *Meta) (Lost, error) {
	h, err := d.HoldNew(name, m.Kind)
	if err != nil {
		return 0, err
	}
	defer h.Close()
	return h.SetMeta(m)
}

// KeepXattrsOf is KeepXattrs for an entry that cannot be opened.
func (d *Dir) KeepXattrsOf(name string, keep []Xattr) error {
	h, err := d.Hold(name)
	if err != nil {
		return err
	}
	defer h.Close()
	return h.KeepXattrs(keep)
}
