package replica

import (
	"errors"
	"io/fs"
	"syscall"
	"testing"
)

// TestADyingDisk: one file after the other that cannot be read ends a run, and so does what concerns no file; files
// that are read between, or are not there, do not.
func TestADyingDisk(t *testing.T) {
	of := func(errno syscall.Errno) error { return &fs.PathError{Op: "read", Path: "a", Err: errno} }
	d := &Disk{}
	if d.Failed(of(syscall.EMFILE)) == nil {
		t.Error("too many open files concern one file")
	}
	for range 2 * failing {
		if err := d.Failed(of(syscall.ENOENT)); err != nil {
			t.Fatalf("files that are not there: %v", err)
		}
	}
	for i := range 3 * failing {
		if i%(failing-1) == 0 {
			d.Read()
		}
		if err := d.Failed(of(syscall.EIO)); err != nil {
			t.Fatalf("the disk reads: %v", err)
		}
	}
	d.Read()
	for i := range failing {
		if err := d.Failed(of(syscall.EIO)); errors.Is(err, ErrDying) != (i == failing-1) {
			t.Fatalf("file %d: %v", i, err)
		}
	}
}
