package check

import (
	"context"
	"errors"
	"fmt"
	"io"

	"snap/internal/file"
	"snap/record"
)

// replacement is a finished entry in the work folder, to be linked to where it belongs.
type replacement struct {
	name  string
	from  string   // what it was made from, if that is no file of a tree
	tree  treePath // else that file
	inode inodeKey // and its inode
}

// ownBytes is what a file with the right content was repaired from.
const ownBytes = "its own bytes"

// originText says what the entry at, where have stands, was repaired from.
func (m *repairer) originText(s *replacement, at treePath, have *file.Stat) string {
	switch {
	case s.from != "":
		return s.from
	case s.tree == at, have.Kind == file.Regular && have.Ino != 0 && inodeAt(have) == s.inode:
		return ownBytes
	case s.tree.path != at.path:
		return fmt.Sprintf("%q in snapshot %s", s.tree.path, m.snaps[s.tree.pos].Name)
	}
	return "snapshot " + m.snaps[s.tree.pos].Name
}

// newName is a free name in the work folder.
func (m *repairer) newName() string {
	m.names++
	return fmt.Sprintf("mend-%d", m.names)
}

// replacementFor is the entry that a record describes, finished in the work folder.
func (m *repairer) replacementFor(ctx context.Context, at treePath, want *record.Record,
	strays bool) (s replacement, err error) {
	key := identityOf(at.path, want)
	if s, ok := m.replacements[key]; ok {
		return s, nil
	}
	if want.Kind == file.Regular {
		s, err = m.regular(ctx, at, want, strays)
	} else {
		s, err = m.special(want)
	}
	if err == nil {
		m.replacements[key] = s
	}
	return s, err
}

// special makes a symbolic link, FIFO, socket or device from its record.
func (m *repairer) special(want *record.Record) (replacement, error) {
	s := replacement{name: m.newName(), from: "the index"}
	var err error
	if want.Kind == file.Symlink {
		err = m.work.Dir.Symlink(want.Target, s.name)
	} else {
		err = m.work.Dir.Mknod(s.name, want.Kind, want.Rdev)
	}
	if err == nil {
		err = m.work.Dir.KeepXattrsOf(s.name, want.Xattrs)
	}
	if err == nil {
		_, err = m.work.Dir.SetMetaOf(s.name, want.Meta())
	}
	return s, err
}

// copy makes a new inode with the bytes of src and the metadata of want, on the disk when it returns; false
// if the bytes are not those that want's hash proves.
func (m *repairer) copy(ctx context.Context, src io.Reader, want *record.Record) (name string, ok bool, err error) {
	name = m.newName()
	dst, err := m.work.Dir.Create(name)
	if err != nil {
		return "", false, err
	}
	if ok, err = m.fill(ctx, dst, src, want); ok && err == nil {
		err = dst.Sync()
	}
	if err = errors.Join(err, dst.Close()); !ok || err != nil {
		return "", false, errors.Join(err, m.work.Dir.Remove(name))
	}
	return name, true, nil
}

func (m *repairer) fill(ctx context.Context, dst *file.File, src io.Reader, want *record.Record) (ok bool, err error) {
	m.reader.ready()
	m.reader.h.Begin(want.Has(record.SparseHash))
	var n int64
	switch here, ok := src.(*file.File); {
	case !ok:
		n, err = file.CopyStream(ctx, dst, src, record.Plus(want.Size, 1), m.reader.h, *m.reader.buf, func(int64) {})
	case want.Size > 0 && dst.CloneFrom(here):
		n, err = file.Hash(ctx, dst, want.Size, m.reader.h, *m.reader.buf)
	default:
		n, _, err = file.Copy(ctx, dst, here, want.Size, m.reader.h, *m.reader.buf)
	}
	if read := (*file.ReadError)(nil); errors.As(err, &read) {
		return false, nil
	}
	if err != nil || n != want.Size || [32]byte(m.reader.h.Sum(nil)) != want.Hash {
		return false, err
	}
	if err := dst.KeepXattrs(want.Xattrs); err != nil {
		return false, err
	}
	_, err = dst.SetMeta(want.Meta())
	return err == nil, err
}
