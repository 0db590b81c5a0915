package gone

import (
	"errors"
	"path/filepath"

	"snap/index"
	"snap/internal/file"
	"snap/record"
	"snap/scan"
)

// inodeNow is a file of the source by which it is known again under another name. A copy has another one.
type inodeNow struct {
	ino   uint64
	birth file.Time
	kind  file.Kind
	dev   uint64 // a rename does not leave the file system
}

// findRenamed looks through the source for what the newest snapshot has at other paths. What that has at the same path
// already is another name, which was there before.
func (s *search) findRenamed() error {
	wanted := map[inodeNow][]*missingPath{}
	for i := range s.found {
		m := &s.found[i]
		if r := m.lived; r != nil && m.movedTo == "" && r.Ino != 0 && r.Btime != (file.Time{}) &&
			r.Volume != record.TreeVolume {
			id := inodeNow{r.Ino, r.Btime, r.Kind, m.dev}
			wanted[id] = append(wanted[id], m)
		}
	}
	newest := s.Newest()
	root := s.now.root(newest.Source)
	if len(wanted) == 0 || root.dir == nil {
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
		id := inodeNow{it.Stat.Ino, it.Stat.Btime, it.Stat.Kind, it.Stat.Dev}
		same := wanted[id]
		if it.Err != nil || len(same) == 0 {
			continue
		}
		path := it.Path()
		old, _, err := s.DB.Lookup(s.ctx, newest.Seq, path)
		if err != nil && !errors.Is(err, index.ErrNotFound) {
			return err
		}
		if err == nil && old.Ino == id.ino && old.Btime == id.birth {
			continue
		}
		for _, m := range same {
			m.movedTo = filepath.Join(newest.Source, filepath.FromSlash(path))
		}
		if delete(wanted, id); len(wanted) == 0 {
			return nil
		}
	}
	return nil
}
