package query

import (
	"errors"
	"path/filepath"

	"snap/index"
	"snap/internal/file"
	"snap/record"
	"snap/scan"
)

// renames finds files that the newest snapshot has, and that are elsewhere in the source now.
type renames struct {
	*goneSearch
	byInode   map[inodeNow][]*missingPath
	byContent map[contentNow][]*missingPath
}

// inodeNow is a file of the source. A rename does not leave the file system.
type inodeNow struct {
	ino   uint64
	birth file.Time
	kind  file.Kind
	dev   uint64
}

// contentNow is what files have in common that were moved to another file system.
type contentNow struct {
	size  int64
	mtime file.Time
}

// findRenamed looks through the source for what it has at other paths.
func (s *goneSearch) findRenamed() error {
	r := &renames{s, map[inodeNow][]*missingPath{}, map[contentNow][]*missingPath{}}
	for i := range s.found {
		r.want(&s.found[i])
	}
	root := s.now.root(s.Newest().Source)
	if len(r.byInode)+len(r.byContent) == 0 || root.dir == nil {
		return nil
	}
	o := s.f.Scan
	o.Jobs = 4
	entries := int64(0)
	for it, err := range scan.Walk(s.ctx, root.dir, o) {
		if err != nil {
			return err
		}
		if entries++; s.f.Looking != nil && entries%1024 == 0 {
			s.f.Looking(entries)
		}
		if it.Err != nil {
			continue
		}
		if err := r.meet(it); err != nil {
			return err
		}
	}
	return nil
}

// want asks for what m is known by.
func (r *renames) want(m *missingPath) {
	old := m.lived
	if old == nil || m.movedTo != "" {
		return
	}
	if old.Ino != 0 && old.Btime != (file.Time{}) && old.Volume != record.TreeVolume {
		id := inodeNow{old.Ino, old.Btime, old.Kind, m.dev}
		r.byInode[id] = append(r.byInode[id], m)
	}
	if old.Kind == file.Regular && old.Size > 0 && old.Has(record.Hashed) {
		c := contentNow{old.Size, old.Mtime}
		r.byContent[c] = append(r.byContent[c], m)
	}
}

// meet compares an entry of the source. What the newest snapshot has at its path already is another name, or a copy,
// that was there before.
func (r *renames) meet(it *scan.Item) error {
	st := &it.Stat
	same := r.byInode[inodeNow{st.Ino, st.Btime, st.Kind, st.Dev}]
	alike := r.byContent[contentNow{st.Size, st.Mtime}]
	if st.Kind != file.Regular {
		alike = nil
	}
	if len(same)+len(alike) == 0 {
		return nil
	}
	path := it.Path()
	old, _, err := r.DB.Lookup(r.ctx, r.Newest().Seq, path)
	if err != nil && !errors.Is(err, index.ErrNotFound) {
		return err
	}
	there := err == nil
	source := r.Newest().Source
	at := filepath.Join(source, filepath.FromSlash(path))
	if !there || old.Ino != st.Ino || old.Btime != st.Btime {
		for _, m := range same {
			m.movedTo = at
		}
	}
	if there && old.Size == st.Size && old.Mtime == st.Mtime {
		return nil
	}
	for _, m := range alike {
		if m.movedTo != "" {
			continue
		}
		hash, err := hashOf(r.ctx, source, path, st.Size, m.lived.Has(record.SparseHash))
		if err == nil && hash == m.lived.Hash { // what cannot be read is not known to be the same
			m.movedTo = at
		}
	}
	return r.ctx.Err()
}
