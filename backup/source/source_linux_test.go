package source_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"snap/backup/source"
	"snap/internal/file"
	"snap/record"
	"snap/scan"
)

// plant makes files, and the folders on the way, in a new folder.
func plant(t *testing.T, paths ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, path := range paths {
		path = filepath.Join(dir, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(path), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestLayout: each source is looked at, and a destination in one is accepted only where filters leave it out.
func TestLayout(t *testing.T) {
	top, dest := plant(t, "a/dest/x", "b/g"), t.TempDir()
	no := func(string) (bool, error) { return false, nil }
	asked := ""
	yes := func(rel string) (bool, error) { asked = rel; return true, nil }
	var layout *source.LayoutError
	for _, c := range []struct {
		roots record.Roots
		dest  string
	}{
		{record.Roots{"b", "a"}, "a/dest"}, // in a source
		{record.Roots{"a", "b"}, "b"},      // is a source
		{record.Roots{"a", "b/g"}, "b"},    // a source is in it
		{nil, ""},
		{nil, "a"},
	} {
		if _, err := source.CheckLayout(top, c.roots, filepath.Join(top, c.dest), no); !errors.As(err, &layout) {
			t.Errorf("%q to %q: %v", c.roots, c.dest, err)
		}
	}
	_, err := source.CheckLayout(top, record.Roots{"a", "b"}, filepath.Join(top, "a/dest"), yes)
	if err != nil || asked != "a/dest" {
		t.Error(asked, err)
	}
	if _, err := source.CheckLayout(top, record.Roots{"a", "b/g"}, dest, no); err != nil {
		t.Error(err)
	}
}

// TestLook: what is there at the moment, in the sources alone.
func TestLook(t *testing.T) {
	top := plant(t, "a/in/f", "b/g", "c/h")
	s, err := source.Open(top, scan.Options{Roots: record.Roots{"a", "c/h"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for path, kind := range map[string]file.Kind{
		"": file.Folder, "a": file.Folder, "a/in/f": file.Regular, "c": file.Folder, "c/h": file.Regular,
		"b": file.None, "b/g": file.None, "a/nothing": file.None, "a/in/f/below": file.None,
	} {
		now, err := s.Lstat(path)
		if now.Kind != kind || s.Missing(path) != (kind == file.None) || (err == nil) != (kind != file.None) {
			t.Errorf("%q: %v, %v", path, now.Kind, err)
		}
	}
	// A folder that was removed and made again is another one: only Vanished opens it again.
	if err := errors.Join(os.Rename(top+"/a/in", top+"/a/was"), os.Mkdir(top+"/a/in", 0o755)); err != nil {
		t.Fatal(err)
	}
	if !s.Vanished("a/in/f") || s.Vanished("a/was/f") {
		t.Error("a folder that was exchanged is taken for the one that it was")
	}
}

// TestVolumes: no number of a file system is given twice, and the last one is remembered.
func TestVolumes(t *testing.T) {
	top := plant(t, "f")
	number := func(prev *record.Header) (n uint32, kept record.Volumes) {
		s, err := source.Open(top, scan.Options{}, prev)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for it, err := range s.Walk(t.Context(), 1) {
			if err != nil {
				t.Fatal(err)
			}
			n = s.VolumeOf(it.Stat.Dev)
			if s.Volumes.Known(it.Stat.Dev) != n || s.Volumes.Number(s.Volumes.ID(n)) != n {
				t.Errorf("%d is %d by its device", n, s.Volumes.Known(it.Stat.Dev))
			}
		}
		return n, s.Volumes.Kept()
	}
	first, kept := number(nil)
	if first != 1 || len(kept) != 1 {
		t.Fatalf("the first is %d of %v", first, kept)
	}
	if again, _ := number(&record.Header{Volumes: kept}); again != first {
		t.Errorf("then it is %d", again)
	}
	if other, kept := number(&record.Header{Volumes: record.Volumes{7: "gone"}}); other != 8 || len(kept) != 1 {
		t.Errorf("beside another that had 7 it is %d of %v", other, kept)
	}
}
