package file

import (
	"io"

	"golang.org/x/sys/unix"
)

// File is an open regular file.
type File struct {
	fd   int
	path string
}

// Open opens the regular file name for reading: never through a link, never waiting for a FIFO's other
// end, without touching its access time where the system allows that.
func (d *Dir) Open(name string) (*File, error) {
	return d.open(name, unix.O_NOFOLLOW)
}

// OpenFollow is Open for the regular file that the symbolic link name leads to.
func (d *Dir) OpenFollow(name string) (*File, error) { return d.open(name, 0) }

func (d *Dir) open(name string, extra int) (*File, error) {
	path := join(d.path, name)
	flags := unix.O_RDONLY | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC | extra
	fd, err := openat(d.fd, name, flags|unix.O_NOATIME, 0)
	if err == unix.EPERM {
		fd, err = openat(d.fd, name, flags, 0)
	}
	if err == unix.ELOOP || err == unix.ENXIO {
		err = ErrNotRegular
	}
	if err != nil {
		return nil, pathError("open", path, err)
	}
	f := &File{fd, path}
	if s, err := f.Stat(); err != nil || s.Kind != Regular {
		f.Close()
		if err == nil {
			err = pathError("open", path, ErrNotRegular)
		}
		return nil, err
	}
	return f, nil
}

// Create makes the new file name for writing, for its owner alone.
func (d *Dir) Create(name string) (*File, error) {
	fd, err := openat(d.fd, name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, pathError("create", join(d.path, name), err)
	}
	return &File{fd, join(d.path, name)}, nil
}

// Stat is fstat of the open file.
func (f *File) Stat() (Stat, error) {
	var s Stat
	err := statx(f.fd, "", unix.AT_EMPTY_PATH, &s)
	return s, pathError("stat", f.path, err)
}

// Path is where the file was found, for messages.
func (f *File) Path() string { return f.path }

// Read reads on from the file's position. It returns 0, io.EOF at the end.
func (f *File) Read(p []byte) (int, error) {
	n, err := retry(func() (int, error) { return unix.Read(f.fd, p) })
	if err != nil {
		return max(n, 0), pathError("read", f.path, err)
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Write writes all of p.
func (f *File) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n, err := retry(func() (int, error) { return unix.Write(f.fd, p[done:]) })
		if err != nil {
			return done, pathError("write", f.path, err)
		}
		done += n
	}
	return done, nil
}

// Sync makes the file durable (fsync).
func (f *File) Sync() error { return pathError("fsync", f.path, unix.Fsync(f.fd)) }

// Close closes the file. A close that fails after writing is a failed write.
func (f *File) Close() error { return pathError("close", f.path, unix.Close(f.fd)) }

// Xattrs are the extended attributes of the open file.
func (f *File) Xattrs() ([]Xattr, error) { return fdXattrs(f.fd, f.path) }

// SetMeta sets owner, xattrs, mode and modification time, in the order that survives, and says what
// could not be set.
func (f *File) SetMeta(m *Meta) (Lost, error) { return setMeta(f.fd, f.path, m) }

// CloneFrom makes f share the bytes of src, where the file system can (FICLONE).
func (f *File) CloneFrom(src *File) bool {
	return unix.IoctlFileClone(f.fd, src.fd) == nil
}

// nextData is the first range at or after off that holds data: [start, end). start == size when the
// rest is a hole. A file system that cannot tell says that all of it is data.
func (f *File) nextData(off, size int64) (start, end int64) {
	start, err := unix.Seek(f.fd, off, unix.SEEK_DATA)
	if err == unix.ENXIO {
		return size, size
	}
	if err != nil || start < off {
		return off, size
	}
	if start >= size {
		return size, size
	}
	end, err = unix.Seek(f.fd, start, unix.SEEK_HOLE)
	if err != nil || end <= start || end > size {
		end = size
	}
	return start, end
}

// readAt reads into p from off; fewer bytes mean the end.
func (f *File) readAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		n, err := retry(func() (int, error) { return unix.Pread(f.fd, p[done:], off+int64(done)) })
		if err != nil {
			return done, pathError("read", f.path, err)
		}
		if n == 0 {
			break
		}
		done += n
	}
	return done, nil
}

// writeAt writes all of p at off.
func (f *File) writeAt(p []byte, off int64) error {
	for len(p) > 0 {
		n, err := retry(func() (int, error) { return unix.Pwrite(f.fd, p, off) })
		if err != nil {
			return pathError("write", f.path, err)
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// Truncate sets the length, which makes a hole of what was never written.
func (f *File) Truncate(size int64) error {
	return pathError("truncate", f.path, unix.Ftruncate(f.fd, size))
}
