//go:build unix

package file

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// openLimit is how many files this process may have open at once.
func openLimit() int {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return manyOpen
	}
	return int(min(uint64(r.Cur), 1<<20))
}

// Plain opens no symbolic link, and waits for nobody at the other end of a FIFO.
const Plain = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// maxSteps is how many elements and links a path may lead through.
const maxSteps = 255

// ReachOfOthers is the first element of an absolute path that another user than root owns or can put in place, links
// included; "" if root alone says where the path leads. What is not there is made by root, where nobody else may write.
func ReachOfOthers(path string) string { return ReachOfOthersThan(path, 0) }

// ReachOfOthersThan is ReachOfOthers for a user beside root: the first element that anybody else than these two owns or
// can put in place. A group of the user's own number is that user alone, as systems make one for each user; but an
// access list may name anybody.
func ReachOfOthersThan(path string, user int) string {
	rest := strings.Split(strings.TrimPrefix(filepath.Clean(path), "/"), "/")
	at, open := "/", false // open: others may make entries in at, but not rename those that are there
	for range maxSteps {
		info, err := os.Lstat(at)
		switch {
		case err != nil && os.IsNotExist(err) && open:
			return at
		case err != nil: // root's own folders lead there; what is wrong is told when it is opened
			return ""
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok || st.Uid != 0 && int(st.Uid) != user {
			return at
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			to, err := os.Readlink(at)
			if err != nil {
				return at
			}
			if !filepath.IsAbs(to) {
				to = filepath.Join(filepath.Dir(at), to)
			}
			rest = append(strings.Split(strings.TrimPrefix(filepath.Clean(to), "/"), "/"), rest...)
			at, open = "/", false
			continue
		}
		writable := info.Mode().Perm()&0o002 != 0 ||
			info.Mode().Perm()&0o020 != 0 && (st.Gid != 0 && int(st.Gid) != user || hasAccessList(at))
		if open = writable && info.IsDir() && info.Mode()&fs.ModeSticky != 0; writable && !open {
			return at
		}
		for len(rest) > 0 && rest[0] == "" {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			return ""
		}
		at, rest = filepath.Join(at, rest[0]), rest[1:]
	}
	return path
}
