//go:build darwin || freebsd

package file

import (
	"io/fs"
	"os"
	"syscall"
	"time"
)

const (
	oNonblock = syscall.O_NONBLOCK
	oNofollow = syscall.O_NOFOLLOW
)

// identify adds to s which file it is.
func (s *Stat) identify(info fs.FileInfo, _ string, _ bool) error {
	x := info.Sys().(*syscall.Stat_t)
	s.UID, s.GID, s.Nlink = x.Uid, x.Gid, uint32(x.Nlink)
	s.Ctime = At(time.Unix(x.Ctimespec.Unix()))
	s.Btime = At(time.Unix(x.Birthtimespec.Unix()))
	s.Dev, s.Ino = uint64(x.Dev), uint64(x.Ino)
	s.sized(s.Size, uint64(x.Rdev))
	return nil
}

func (s *Stat) identifyOpen(info fs.FileInfo, _ *os.File) error { return s.identify(info, "", false) }

// chtimes sets the modification time and leaves the access time alone.
func chtimes(path string, _ *os.File, mtime time.Time) error {
	return os.Chtimes(path, time.Time{}, mtime)
}
