package check

import (
	"context"
	"errors"
	"fmt"

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
	return s, makeSpecial(m.work.Dir, s.name, want)
}

func makeSpecial(in *file.Dir, name string, want *record.Record) (err error) {
	if want.Kind == file.Symlink {
		err = in.Symlink(want.Target, name)
	} else {
		err = in.Mknod(name, want.Kind, want.Rdev)
	}
	if err == nil {
		err = in.KeepXattrsOf(name, want.Xattrs)
	}
	if err == nil {
		_, err = in.SetMetaOf(name, want.Meta())
	}
	return err
}

// cloneTo makes name in a folder of another subvolume what the replacement stock is.
func (m *repairer) cloneTo(in *file.Dir, name, stock string, want *record.Record) error {
	if want.Kind != file.Regular {
		return makeSpecial(in, name, want)
	}
	src, err := m.work.Dir.Open(stock)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := in.Create(name)
	if err != nil {
		return err
	}
	if !dst.CloneFrom(src) {
		err = cannot("the file system does not share blocks between the two")
	}
	if err == nil {
		err = dst.KeepXattrs(want.Xattrs)
	}
	if err == nil {
		_, err = dst.SetMeta(want.Meta())
	}
	if err == nil {
		err = dst.Sync()
	}
	return errors.Join(err, dst.Close())
}

// copy makes a new inode with the bytes of src and the metadata of want, on the disk when it returns; false
// if the bytes are not those that want's hash proves.
func (m *repairer) copy(ctx context.Context, src *file.File, want *record.Record) (name string, ok bool, err error) {
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

func (m *repairer) fill(ctx context.Context, dst, src *file.File, want *record.Record) (ok bool, err error) {
	m.reader.ready()
	m.reader.h.Begin(want.Has(record.SparseHash))
	var n int64
	if want.Size > 0 && dst.CloneFrom(src) {
		n, err = file.Hash(ctx, dst, want.Size, m.reader.h, *m.reader.buf)
	} else {
		n, _, err = file.Copy(ctx, dst, src, want.Size, m.reader.h, *m.reader.buf)
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
