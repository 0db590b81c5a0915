package query_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"snap/backup/backuptest"
	"snap/query"
	"snap/record"
)

// Another front end than the command line can list snapshots, follow a file and read it, by this package alone.
func TestASecondFrontEnd(t *testing.T) {
	p := backuptest.Three(t)
	d, err := query.Open(t.Context(), p.Dest, query.Options{Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if len(d.Snapshots) != 3 {
		t.Fatalf("%d snapshots", len(d.Snapshots))
	}
	for i := range d.Snapshots {
		if state := d.State(&d.Snapshots[i]); state != record.Complete {
			t.Errorf("%s is %s", d.Snapshots[i].Name, state)
		}
	}
	versions := 0
	for found, err := range d.Find(t.Context(), &query.Filter{Patterns: []string{"each.txt"}}) {
		if err != nil {
			t.Fatal(err)
		}
		versions += len(found)
	}
	if versions != 3 {
		t.Errorf("%d versions of each.txt", versions)
	}
	if path, steps, err := d.History(t.Context(), "docs/old.txt", true); err != nil || path != "docs/old.txt" ||
		len(steps) != 2 || steps[1].Change != record.Moved {
		t.Errorf("history of %q: %+v, %v", path, steps, err)
	}
	h, path, err := d.Entry(t.Context(), "latest:each.txt")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(p.Src, "each.txt"))
	if err != nil {
		t.Fatal(err)
	}
	read := func() ([]byte, error) {
		f, err := d.OpenFile(t.Context(), h, path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		return io.ReadAll(f)
	}
	if got, err := read(); err != nil || string(got) != string(want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	if err := os.WriteFile(filepath.Join(p.Dest, h.Name, path), make([]byte, len(want)), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := read(); !errors.Is(err, query.ErrDamaged) {
		t.Errorf("a damaged file is read as %q, %v", got, err)
	}
	if _, err := d.OpenFile(t.Context(), h, ""); err == nil {
		t.Error("a folder is opened as a file")
	}
}
