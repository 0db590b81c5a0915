package file

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

type fileHandle = int

func (d *Dir) openFile(name string, follow bool) (int, error) {
	flags := unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	if !follow {
		flags |= unix.O_NOFOLLOW
	}
	fd, err := openat(d.fd, name, flags|unix.O_NOATIME, 0)
	if err == unix.EPERM { // only the owner may leave the access time alone
		fd, err = openat(d.fd, name, flags, 0)
	}
	switch err {
	case unix.ELOOP, unix.ENXIO:
		return -1, ErrNotRegular
	case unix.EWOULDBLOCK:
		return d.openLeased(name, flags)
	}
	return fd, err
}

// openLeased opens a file on which another process, a file server say, holds a lease: it waits until
// that is given back. Looking at it first keeps this from waiting for a FIFO.
func (d *Dir) openLeased(name string, flags int) (int, error) {
	h, err := openat(d.fd, name, unix.O_PATH|unix.O_CLOEXEC|flags&unix.O_NOFOLLOW, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(h)
	var s Stat
	if err := statx(h, "", unix.AT_EMPTY_PATH, &s); err != nil {
		return -1, err
	}
	if s.Kind != Regular {
		return -1, ErrNotRegular
	}
	self := fmt.Sprintf("/proc/self/fd/%d", h)
	return retry(func() (int, error) { return unix.Open(self, unix.O_RDONLY|unix.O_NOCTTY|unix.O_CLOEXEC, 0) })
}

func (d *Dir) create(name string, perm uint32) (int, error) {
	return openat(d.fd, name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, perm)
}

func (f *File) stat(s *Stat) error { return statx(f.fd, "", unix.AT_EMPTY_PATH, s) }

func statOpen(f *os.File, s *Stat) error { return statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, s) }

func (f *File) read(p []byte) (int, error) {
	n, err := retry(func() (int, error) { return unix.Read(f.fd, p) })
	return max(n, 0), err
}

func (f *File) write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n, err := retry(func() (int, error) { return unix.Write(f.fd, p[done:]) })
		if err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

func (f *File) sync() error { return again(func() error { return unix.Fsync(f.fd) }) }

func (f *File) close() error { return unix.Close(f.fd) }

func (f *File) clone(src *File) bool {
	return again(func() error { return unix.IoctlFileClone(f.fd, src.fd) }) == nil
}

// beginWriting is advice: what fails is told by the sync.
func (f *File) beginWriting(off, n int64) {
	_ = unix.SyncFileRange(f.fd, off, n, unix.SYNC_FILE_RANGE_WRITE)
}

func (f *File) uncache() { _ = unix.Fadvise(f.fd, 0, 0, unix.FADV_DONTNEED) }

// nextData is the first range at or after off, and before size, that holds data: [start, end). start ==
// end when there is none; both are then size, or where the file ends if that is before. A file system
// that cannot tell says that all of it is data.
func (f *File) nextData(off, size int64) (start, end int64) {
	start, err := f.seek(off, unix.SEEK_DATA)
	if err == unix.ENXIO { // a hole up to the end, or past the end
		if end, err = f.seek(0, unix.SEEK_END); err == nil {
			size = min(size, max(off, end))
		}
		return size, size
	}
	if err != nil || start < off {
		return off, size
	}
	if start >= size {
		return size, size
	}
	end, err = f.seek(start, unix.SEEK_HOLE)
	if err != nil || end <= start || end > size {
		end = size
	}
	return start, end
}

func (f *File) seek(off int64, whence int) (at int64, err error) {
	err = again(func() error {
		at, err = unix.Seek(f.fd, off, whence)
		return err
	})
	return at, err
}

func (f *File) pread(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		n, err := retry(func() (int, error) { return unix.Pread(f.fd, p[done:], off+int64(done)) })
		if err != nil {
			return done, err
		}
		if n == 0 {
			break
		}
		done += n
	}
	return done, nil
}

func (f *File) pwrite(p []byte, off int64) error {
	for len(p) > 0 {
		n, err := retry(func() (int, error) { return unix.Pwrite(f.fd, p, off) })
		if err != nil {
			return err
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

func (f *File) setSize(size int64) error {
	return again(func() error { return unix.Ftruncate(f.fd, size) })
}

// makeHole makes a hole within the length of the file; false where the file system cannot.
func (f *File) makeHole(off, n int64) (bool, error) {
	err := again(func() error {
		return unix.Fallocate(f.fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n)
	})
	if err == unix.EOPNOTSUPP || err == unix.ENOSYS {
		return false, nil
	}
	return err == nil, err
}
