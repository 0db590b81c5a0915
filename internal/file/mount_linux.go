package file

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

func (d *Dir) mounted(name string) bool {
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", d.fd))
	if err != nil {
		return false
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	return err == nil && listsMount(string(mounts), join(path, name))
}

// listsMount reports whether a text like /proc/self/mountinfo has a mount at path: the fifth field of a line.
func listsMount(text, path string) bool {
	at := mountEscapes.Replace(path)
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 4 && f[4] == at {
			return true
		}
	}
	return false
}

func (d *Dir) mountOptions() string {
	path, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", d.fd))
	if err != nil {
		return ""
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	return optionsOf(string(mounts), path)
}

// optionsOf are the file system's own options in the line of the mount that path is on: the last field. Of mounts at
// one place the last is on top.
func optionsOf(text, path string) (options string) {
	path = mountEscapes.Replace(path)
	longest := 0
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 10 {
			continue
		}
		at := strings.TrimSuffix(f[4], "/")
		if n := len(at) + 1; n >= longest && (path == at || strings.HasPrefix(path, at+"/")) {
			longest, options = n, f[len(f)-1]
		}
	}
	return options
}

// mountEscapes are what the kernel escapes in names there.
var mountEscapes = strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`)

func (d *Dir) session() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	var x unix.Statx_t
	_, err = retry(func() (int, error) {
		return 0, unix.Statx(d.fd, "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID_UNIQUE, &x)
	})
	if err != nil || x.Mask&unix.STATX_MNT_ID_UNIQUE == 0 {
		return ""
	}
	return fmt.Sprintf("%s/%d", strings.TrimSpace(string(boot)), x.Mnt_id)
}

// openHere opens a folder of the same mount. Before Linux 5.6, and where the call is forbidden, the mounts are
// compared.
func (d *Dir) openHere(name string) (dirHandle, error) {
	how := unix.OpenHow{Flags: openList, Resolve: unix.RESOLVE_NO_XDEV | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_BENEATH}
	fd, err := retry(func() (int, error) { return unix.Openat2(d.fd, name, &how) })
	switch err {
	case unix.EXDEV:
		return fd, ErrMounted
	case unix.ENOSYS, unix.EPERM:
		return d.openCompared(name)
	}
	return fd, err
}
