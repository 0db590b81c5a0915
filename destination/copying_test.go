package destination

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"snap/internal/file"
	"snap/record"
)

// TestCopyingHolds: what a running copy reads is held, all of it, and by nobody once the copy has ended or was killed.
func TestCopyingHolds(t *testing.T) {
	dest := t.TempDir()
	if err := os.MkdirAll(RemoteDir(dest, "b2"), 0o700); err != nil {
		t.Fatal(err)
	}
	root, err := file.OpenRoot(dest)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	held := func() (all []uint64) {
		t.Helper()
		copying, err := Copying(root)
		if err != nil {
			t.Fatal(err)
		}
		for seq := range uint64(5) {
			if by, running := HeldBy(&record.Header{Seq: seq}, nil, copying); by != nil && running && by.Remote == "b2" {
				all = append(all, seq)
			}
		}
		return all
	}
	if got := held(); got != nil {
		t.Errorf("no copy runs, and %v are held", got)
	}
	end, err := HoldFrom(dest, "b2", Hold{Seq: 3, Name: "three"})
	if err != nil {
		t.Fatal(err)
	}
	if got := held(); len(got) != 2 || got[0] != 3 {
		t.Errorf("held are %v, want 3 and 4", got)
	}
	if _, err := HoldFrom(dest, "b2", Hold{Seq: 4}); !errors.Is(err, ErrCopying) {
		t.Errorf("a second copy: %v", err)
	}
	path := filepath.Join(RemoteDir(dest, "b2"), copyingFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil { // as one that was killed leaves it
		t.Fatal(err)
	}
	if got := held(); got != nil {
		t.Errorf("the copy was killed, and %v are held", got)
	}
}
