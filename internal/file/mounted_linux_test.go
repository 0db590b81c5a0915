package file

import "testing"

func TestListsMount(t *testing.T) {
	const text = "24 1 8:1 / / rw - ext4 /dev/sda1 rw\n31 24 0:44 / /home/u/my\\040vault\\134x rw,nosuid - " +
		"fuse.gocryptfs /home/u/c rw,user_id=1000\n"
	for path, want := range map[string]bool{"/home/u/my vault\\x": true, "/": true, "/home/u": false,
		"/home/u/my vault\\x/y": false} {
		if got := listsMount(text, path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// TestOptionsOf: they are those of the innermost mount that a path is on, and of mounts at one place of the one on top.
func TestOptionsOf(t *testing.T) {
	const mounts = `22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw,errors=remount-ro
30 22 8:2 / /mnt rw - ext4 /dev/sdb1 rw
31 30 8:3 / /mnt/stick rw,nosuid shared:7 master:1 - vfat /dev/sdc1 rw,umask=0000
32 30 8:4 / /mnt/my\040disk rw - ntfs3 /dev/sdd1 rw,dmask=000
33 30 8:5 / /mnt/my\040disk rw - cifs //server/share rw,dir_mode=0777,noperm
half a line
`
	for path, want := range map[string]string{
		"/":                   "rw,errors=remount-ro",
		"/home/mnt/stick":     "rw,errors=remount-ro",
		"/mnt":                "rw",
		"/mnt/sticks":         "rw",
		"/mnt/stick":          "rw,umask=0000",
		"/mnt/stick/a/b":      "rw,umask=0000",
		"/mnt/my disk/backup": "rw,dir_mode=0777,noperm",
	} {
		if got := optionsOf(mounts, path); got != want {
			t.Errorf("%s: %q, not %q", path, got, want)
		}
	}
	if got := optionsOf("", "/"); got != "" {
		t.Errorf("%q of nothing", got)
	}
	d, err := OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if got := d.MountOptions(); got == "" {
		t.Error("a real folder has no options")
	}
}
