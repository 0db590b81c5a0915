package file

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What is forgotten takes no memory until it is touched, and then is what it was.
func TestForgetMapped(t *testing.T) {
	const size = 4 << 20
	want := bytes.Repeat([]byte("content "), size/8)
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, want, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(b)
	faults := func() int64 {
		var u unix.Rusage
		unix.Getrusage(unix.RUSAGE_SELF, &u)
		return int64(u.Minflt) // 32 bits on some systems
	}
	look := func() int64 {
		before := faults()
		if !bytes.Equal(b, want) {
			t.Error("the content is another")
		}
		return faults() - before
	}
	look()
	kept := look()
	ForgetMapped(uintptr(unsafe.Pointer(&b[0])), size)
	if again := look(); again < kept+size/(2<<20) {
		t.Errorf("%d page faults, %d when nothing was forgotten", again, kept)
	}
}
