package remote

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"snap/backup/backuptest"
	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/remote/vault"
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

// TestADiskThatIsGone: an error of a file says so where the whole destination is gone or is another, and not where the
// file alone is.
func TestADiskThatIsGone(t *testing.T) {
	p := backuptest.Three(t)
	root, err := file.OpenRoot(p.Dest)
	must(t, err)
	defer root.Close()
	db, err := index.Open(index.Path(p.Dest))
	must(t, err)
	defer db.Release()
	s, err := NewSource(t.Context(), p.Dest, root, db, nil)
	must(t, err)
	defer s.Close()
	if _, err := s.Open(t.Context(), 1, "none"); errors.Is(err, vault.ErrSource) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	must(t, os.Rename(p.Dest, p.Dest+"-away"))
	must(t, os.Mkdir(p.Dest, 0o755))
	if _, err := s.Open(t.Context(), 1, "none"); !errors.Is(err, vault.ErrSource) || !errors.Is(err, destination.ErrGone) {
		t.Errorf("a disk that is gone: %v", err)
	}
	must(t, os.Remove(p.Dest))
	must(t, os.Rename(p.Dest+"-away", p.Dest))
}
