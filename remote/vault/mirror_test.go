package vault

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"snap/internal/file"
)

// TestASweepLeavesWhatOthersWrite: a copy tidies the mirror while a question writes a head into it. What a dead run has
// left goes when it is old.
func TestASweepLeavesWhatOthersWrite(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	left := filepath.Join(dir, "head-DEAD.new")
	must(os.WriteFile(left, []byte("half"), 0o600))
	before := time.Now().Add(-2 * sweepAfter)
	must(os.Chtimes(left, before, before))
	copying, err := openMirror(dir)
	must(err)
	defer copying.close()
	asking, err := openMirror(dir)
	must(err)
	defer asking.close()
	unlock, err := copying.lock()
	must(err)
	defer unlock()
	must(asking.make(headFile, func(f *file.File) error {
		if err := copying.sweep(nil); err != nil {
			return err
		}
		_, err := f.Write([]byte("whole"))
		return err
	}))
	if got, err := asking.read(headFile, 100); string(got) != "whole" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := os.Lstat(left); err == nil {
		t.Error("what a dead run has left is still there")
	}
}
