package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"snap/cli/exit"
	"snap/cli/settings"
	"snap/internal/filetest"
)

// mounts is a mount point, two disks for it, and a source.
type mounts struct {
	*testing.T
	dir, mnt, src string
}

func newMounts(t *testing.T) *mounts {
	filetest.NeedRoot(t)
	dir := t.TempDir()
	m := &mounts{t, dir, filepath.Join(dir, "mnt"), filepath.Join(dir, "src")}
	for _, name := range []string{"mnt", "src", "A", "B"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	m.change("one")
	return m
}

func (m *mounts) mount(disk string) {
	m.Helper()
	filetest.Bind(m.T, filepath.Join(m.dir, disk), m.mnt)
}

func (m *mounts) umount() {
	m.Helper()
	if err := syscall.Unmount(m.mnt, 0); err != nil {
		m.Fatal(err)
	}
}

func (m *mounts) change(text string) {
	m.Helper()
	if err := os.WriteFile(filepath.Join(m.src, "file"), []byte(text), 0o600); err != nil {
		m.Fatal(err)
	}
}

// snap runs a command line that ends with this code and says want; "!…": it does not.
func (m *mounts) snap(code int, want, line string) {
	m.Helper()
	var out, errs bytes.Buffer
	args := append([]string{"snap"}, strings.Fields(strings.NewReplacer("MNT", m.mnt, "SRC", m.src).Replace(line))...)
	env := testEnv("", &out, &errs)
	env.LookupEnv = func(key string) (string, bool) {
		if key == "XDG_STATE_HOME" {
			return filepath.Join(m.dir, "state"), true
		}
		return "", false
	}
	got := Run(context.Background(), env, args)
	not, no := strings.CutPrefix(want, "!")
	all := out.String() + errs.String()
	if got != code || strings.Contains(all, not) == no && want != "" {
		m.Errorf("%s: exit code %d, want %d and %q:\n%s", line, got, code, want, all)
	}
}

// TestUnmountedPlace: what is below a mount point while its disk is elsewhere is not taken for that disk, be it empty or
// a destination of its own. Disks that take turns go on, and are told.
func TestUnmountedPlace(t *testing.T) {
	m := newMounts(t)
	m.mount("A")
	m.snap(0, "", "init MNT")
	m.snap(0, "", "backup MNT SRC")
	m.umount()
	m.snap(exit.Refused, "is its disk not mounted?", "init MNT")
	m.snap(exit.Refused, "snap init "+m.mnt+" --here", "backup MNT SRC")
	m.snap(0, "", "init --here MNT")
	m.snap(0, "!another", "backup MNT SRC")
	m.snap(0, "another is there now", "destinations")
	m.snap(0, `"presence":"replaced"`, "destinations --json")
	m.mount("A")
	m.snap(0, "another disk than last time", "backup MNT SRC")
	m.snap(0, "!another", "backup") // the one path is one choice
	m.umount()
	m.snap(exit.Refused, "Is that not mounted?", "backup MNT SRC")
	m.snap(exit.Refused, "Is that not mounted?", "init MNT")
	m.snap(exit.Refused, "Is that not mounted?", "backup")

	m.mount("B") // a new disk at the mount point is one
	m.snap(0, "!not mounted", "init MNT")
	m.snap(0, "!another", "backup MNT SRC")
	m.umount()
	m.mount("A")
	m.snap(0, "another disk than last time", "backup MNT SRC")
	m.snap(0, "!another", "backup MNT SRC")
}

// TestEmptiedPlace: a destination that was removed, or emptied, is made again without being asked twice.
func TestEmptiedPlace(t *testing.T) {
	m := newMounts(t)
	for _, left := range []string{"nothing", "folder"} {
		m.snap(0, "", "init MNT")
		m.snap(0, "", "backup MNT SRC")
		if err := os.RemoveAll(m.mnt); err != nil {
			t.Fatal(err)
		}
		if left == "folder" {
			if err := os.Mkdir(m.mnt, 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	m.snap(0, "!not mounted", "init MNT")
	m.snap(0, "", "init MNT")
	m.snap(0, "", "backup MNT SRC")
}

// TestDiskTakenOut: the disk goes while a backup runs. That is said, and nothing is written in its place.
func TestDiskTakenOut(t *testing.T) {
	for _, changed := range []bool{true, false} {
		m := newMounts(t)
		m.mount("A")
		m.snap(0, "", "init MNT")
		m.snap(0, "", "backup MNT SRC")
		options := filepath.Join(m.mnt, settings.OptionsFile)
		if err := os.WriteFile(options, []byte("before = umount -l "+m.mnt+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if changed {
			m.change("two, and longer")
		}
		m.snap(exit.Failed, m.mnt+" is gone: was its disk taken out?", "backup MNT SRC")
		if left, err := os.ReadDir(m.mnt); err != nil || len(left) > 0 {
			t.Errorf("in the mount point: %v, %v", left, err)
		}
		m.mount("A")
		if err := os.WriteFile(options, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		m.snap(exit.Partial, "!index", "status -d "+m.mnt)
		m.snap(0, "", "backup MNT SRC")
		m.snap(0, "", "check -d "+m.mnt)
	}
}
