package file

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"snap/internal/filetest"
)

func systemAt(t *testing.T, path string) SystemInfo {
	t.Helper()
	info, err := openRootAt(t, path).System()
	check(t, err)
	return info
}

// TestSystemOfATmpfs: all that is told of it is known beforehand.
func TestSystemOfATmpfs(t *testing.T) {
	path := mount(t, "tmpfs", "size=1m,nr_inodes=100")
	info := systemAt(t, path)
	if info.Type != "tmpfs" || info.Pseudo || info.Network || info.ReadOnly || info.FreeBytes != 1<<20 ||
		!info.HasInodes || info.FreeInodes != 99 {
		t.Errorf("%+v", info)
	}
	check(t, os.Mkdir(path+"/dir", 0o700))
	sparse(t, path+"/file", 64<<10, extent{0, 64 << 10})
	info = systemAt(t, path+"/dir")
	if info.FreeBytes != 1<<20-64<<10 || info.FreeInodes != 97 {
		t.Errorf("with two files: %+v", info)
	}
	check(t, unix.Mount("", path, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	if info := systemAt(t, path); !info.ReadOnly {
		t.Errorf("read-only: %+v", info)
	}
}

// TestSystemPseudo: where there is nothing to back up.
func TestSystemPseudo(t *testing.T) {
	for path, kind := range map[string]string{"/proc": "proc", "/sys": "sysfs"} {
		var s unix.Statfs_t
		if unix.Statfs(path, &s) != nil || s.Type != unix.PROC_SUPER_MAGIC && s.Type != unix.SYSFS_MAGIC {
			t.Skipf("%s is not mounted", path)
		}
		if info := systemAt(t, path); info.Type != kind || !info.Pseudo || info.Network {
			t.Errorf("%s: %+v", path, info)
		}
	}
	if info := systemAt(t, t.TempDir()); info.Pseudo || info.ReadOnly || info.FreeBytes == 0 || info.Type == "" {
		t.Errorf("the temporary folder: %+v", info)
	}
}

// TestSystemIDStays the same through another folder, another mount and a remount, and is another for
// another file system of the same kind.
func TestSystemIDStays(t *testing.T) {
	for _, kind := range []string{"ext4", "xfs", "btrfs"} {
		t.Run(kind, func(t *testing.T) {
			path, _ := filetest.Image(t, kind, "320M")
			check(t, os.Mkdir(path+"/dir", 0o700))
			info := systemAt(t, path)
			if info.Type != kind || info.ID == "" || info.Pseudo || info.HasInodes != (kind != "btrfs") {
				t.Errorf("%+v", info)
			}
			if got := systemAt(t, path+"/dir").ID; got != info.ID {
				t.Errorf("a folder in it has %s, not %s", got, info.ID)
			}
			again := filepath.Join(t.TempDir(), "again")
			check(t, os.Mkdir(again, 0o700))
			check(t, unix.Mount(path, again, "", unix.MS_BIND, ""))
			if got := systemAt(t, again).ID; got != info.ID {
				t.Errorf("another mount has %s, not %s", got, info.ID)
			}
			check(t, unix.Unmount(again, unix.MNT_DETACH))
			second, _ := filetest.Image(t, kind, "320M")
			if other := systemAt(t, second).ID; other == info.ID {
				t.Errorf("another %s has the same id %s", kind, other)
			}
			if kind == "btrfs" { // subvolumes number their inodes alone
				if out, err := exec.Command("btrfs", "subvolume", "create", path+"/sub").CombinedOutput(); err != nil {
					t.Skipf("btrfs: %v: %s", err, out)
				}
				if sub := systemAt(t, path+"/sub").ID; sub == info.ID {
					t.Errorf("a subvolume has the same id %s", sub)
				}
			}
		})
	}
}
