package file

import (
	"io/fs"
	"os"
	"syscall"
	"time"
)

// Windows has neither: a name that is a link or a pipe has been refused before it is opened.
const oNonblock, oNofollow = 0, 0

// identify adds to s which file it is.
func (s *Stat) identify(_ fs.FileInfo, path string, follow bool) error {
	p, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	flags := uint32(syscall.FILE_FLAG_BACKUP_SEMANTICS) // without it no folder can be opened
	if !follow {
		flags |= syscall.FILE_FLAG_OPEN_REPARSE_POINT
	}
	const share = syscall.FILE_SHARE_READ | syscall.FILE_SHARE_WRITE | syscall.FILE_SHARE_DELETE
	h, err := syscall.CreateFile(p, 0, share, nil, syscall.OPEN_EXISTING, flags, 0)
	if err != nil {
		return err
	}
	defer syscall.CloseHandle(h)
	return s.identifyHandle(h)
}

func (s *Stat) identifyOpen(_ fs.FileInfo, f *os.File) error {
	return s.identifyHandle(syscall.Handle(f.Fd()))
}

func (s *Stat) identifyHandle(h syscall.Handle) error {
	var x syscall.ByHandleFileInformation
	if err := syscall.GetFileInformationByHandle(h, &x); err != nil {
		return err
	}
	s.Nlink = x.NumberOfLinks
	s.Mtime = At(time.Unix(0, x.LastWriteTime.Nanoseconds()))
	s.Btime = At(time.Unix(0, x.CreationTime.Nanoseconds()))
	s.Dev, s.Ino = uint64(x.VolumeSerialNumber), uint64(x.FileIndexHigh)<<32|uint64(x.FileIndexLow)
	return nil
}

// chtimes sets the modification time and leaves the access time alone. On an open file it goes through
// the handle: closing that would else set the time of the last write.
func chtimes(path string, f *os.File, mtime time.Time) error {
	if f == nil {
		return os.Chtimes(path, time.Time{}, mtime)
	}
	t := syscall.NsecToFiletime(mtime.UnixNano())
	return syscall.SetFileTime(syscall.Handle(f.Fd()), nil, nil, &t)
}
