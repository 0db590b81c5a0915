package exit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"snap/backup/source"
	"snap/internal/quote"
)

// TestHintsFit: what to do depends on what it is and on who asks.
func TestHintsFit(t *testing.T) {
	dir := t.TempDir()
	at := func(path string, err error) error {
		return fmt.Errorf("x: %w", &fs.PathError{Op: "mkdir", Path: path, Err: err})
	}
	for _, c := range []struct {
		err  error
		user int
		want string // what the hint holds; "" for no hint
	}{
		{at("/x", syscall.ENOSPC), 0, "df -i"}, {at("/x", syscall.EDQUOT), 1000, "quota"},
		{at("/x", syscall.EROFS), 0, "dmesg"}, {at("/x", syscall.EIO), 0, "dmesg"},
		{at("/x", syscall.ESTALE), 0, "mount it again"}, {at("/x", syscall.EMFILE), 0, "ulimit -n"},
		{at("/x", syscall.EFBIG), 0, "ulimit -f"},
		{at(filepath.Join(dir, "a", "b"), syscall.EPERM), 0, "lsattr -d " + dir + ";"},
		{at(os.TempDir(), syscall.EPERM), 0, "lsattr -d " + os.TempDir() + " " + dir},
		{at(dir, syscall.EACCES), 0, "SELinux"}, {at(dir, syscall.EPERM), 1000, "ls -ld " + dir},
		{at(dir, syscall.EACCES), 1000, "ls -ld " + dir},
		{at("relative", syscall.EPERM), 0, "lsattr -d " + dir + ";"}, {errors.New("y"), 0, ""},
		{at("/x", syscall.EINVAL), 0, ""},
	} {
		if got := SystemHint(c.err, "the destination", dir, c.user); !strings.Contains(got, c.want) ||
			c.want == "" && got != "" || !quote.Harmless(got) {
			t.Errorf("%v, user %d: %q, want %q", c.err, c.user, got, c.want)
		}
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("nowhere", link); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{link: "is its disk mounted?",
		filepath.Join(dir, "none"): "is its disk mounted?"} {
		if got := missingHint(&source.MissingError{Path: path, Err: fs.ErrNotExist}); !strings.Contains(got, want) {
			t.Errorf("%s: %q", path, got)
		}
	}
}
