package remote

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"snap/backup/backuptest"
	"snap/index"
	"snap/internal/file"
)

// TestFilesAreOpenedWithoutTheIndex: the list of snapshots is read once, not for each file.
func TestFilesAreOpenedWithoutTheIndex(t *testing.T) {
	p := backuptest.Three(t)
	root, err := file.OpenRoot(p.Dest)
	must(t, err)
	defer root.Close()
	db, err := index.Open(index.Path(p.Dest))
	must(t, err)
	defer db.Release()
	s, err := NewSource(t.Context(), p.Dest, root, db, nil)
	must(t, err)
	all, err := s.Snapshots(t.Context())
	must(t, err)
	files := map[uint64]string{}
	for i := range all {
		for e, err := range s.Listing(t.Context(), all[i].Seq) {
			must(t, err)
			if e.Kind == file.Regular {
				files[all[i].Seq] = e.Path
			}
		}
	}
	if _, err := s.Open(t.Context(), 99, "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a snapshot that is not there: %v", err)
	}
	s.DB = nil // whoever asks it from here on fails
	for seq, path := range files {
		f, err := s.Open(t.Context(), seq, path)
		must(t, err)
		must(t, f.Close())
	}
	if len(files) < 3 || filepath.IsAbs(files[1]) {
		t.Errorf("only %v was opened", files)
	}
}
