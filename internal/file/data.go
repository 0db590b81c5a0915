package file

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// File is an open regular file.
type File struct {
	fd   fileHandle
	path string
	pace Pacer

	moved func(n int64) // hears how many bytes were read, unless nil
}

// Pacer slows down reading. Wait waits until n bytes more may be read; Piece is how many to ask for at a time.
type Pacer interface {
	Wait(ctx context.Context, n int64) error
	Piece() int64
}

// Pace has Copy, CopyToEnd and Hash read f no faster than p allows; nil: as fast as they can. Holes cost nothing.
func (f *File) Pace(p Pacer) { f.pace = p }

// Watch has Copy, CopyToEnd and Hash call moved for every piece of f that was read; nil: nobody. Holes are not read.
func (f *File) Watch(moved func(n int64)) { f.moved = moved }

// tell tells how many bytes were read.
func (f *File) tell(n int) {
	if f.moved != nil {
		f.moved(int64(n))
	}
}

// wait waits until the next bytes of f may be read, at most n of them, and returns how many.
func (f *File) wait(ctx context.Context, n int64) (int64, error) {
	if f.pace == nil {
		return n, ctx.Err()
	}
	n = min(n, f.pace.Piece())
	return n, f.pace.Wait(ctx, n)
}

// Open opens the regular file name for reading: never through a link, never waiting for a FIFO's other
// end, without touching its access time where the system allows that.
func (d *Dir) Open(name string) (*File, error) { return d.openRegular(name, false) }

// OpenFollow is Open for the regular file that the symbolic link name leads to.
func (d *Dir) OpenFollow(name string) (*File, error) { return d.openRegular(name, true) }

func (d *Dir) openRegular(name string, follow bool) (*File, error) {
	fd, err := d.openFile(name, follow)
	if err != nil {
		return nil, d.fail("open", name, err)
	}
	f := &File{fd: fd, path: join(d.path, name)}
	s, err := f.Stat()
	if err == nil && s.Kind != Regular {
		err = d.fail("open", name, ErrNotRegular)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Create makes the new file name for writing, for its owner alone.
func (d *Dir) Create(name string) (*File, error) { return d.CreateMode(name, 0o600) }

// CreateMode is Create with these permissions, less those of the umask: SetMeta need not change what is right at
// once. For folders that nobody else may enter.
func (d *Dir) CreateMode(name string, perm uint16) (*File, error) {
	fd, err := d.create(name, uint32(perm&0o777))
	if err != nil {
		return nil, d.fail("create", name, err)
	}
	return &File{fd: fd, path: join(d.path, name)}, nil
}

// Stat is fstat of the open file.
func (f *File) Stat() (Stat, error) {
	var s Stat
	err := f.stat(&s)
	return s, pathError("stat", f.path, err)
}

// StatOpen is the stat record of a file that another package has opened.
func StatOpen(f *os.File) (Stat, error) {
	var s Stat
	err := statOpen(f, &s)
	return s, pathError("stat", f.Name(), err)
}

// Path is where the file was found, for messages.
func (f *File) Path() string { return f.path }

// Read reads on from the file's position. It returns 0, io.EOF at the end.
func (f *File) Read(p []byte) (int, error) {
	n, err := f.read(p)
	if err == nil && n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, pathError("read", f.path, err)
}

// Write writes all of p.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.write(p)
	return n, pathError("write", f.path, err)
}

// Sync makes the file durable (fsync).
func (f *File) Sync() error { return pathError("fsync", f.path, f.sync()) }

// Close closes the file. A close that fails after writing is a failed write.
func (f *File) Close() error { return pathError("close", f.path, f.close()) }

// CloneFrom makes f share the bytes of src, where the file system can (FICLONE).
func (f *File) CloneFrom(src *File) bool { return f.clone(src) }

// HasHoles reports whether the file system says that some of the first size bytes are a hole.
func (f *File) HasHoles(size int64) bool {
	start, end := f.nextData(0, size)
	return start > 0 || end < size
}

// Uncache lets the system forget what it holds of the file in memory, where it can: a later read then
// comes from the disk, and a large file drives nothing else out. What is not on the disk yet stays.
func (f *File) Uncache() { f.uncache() }

// ReadAt reads into p from off; fewer bytes mean the end. The file's position stays, and nobody is told.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.readAt(p, off)
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// readAt is ReadAt, for which the end is no error.
func (f *File) readAt(p []byte, off int64) (int, error) {
	n, err := f.pread(p, off)
	return n, pathError("read", f.path, err)
}

// writeAt writes all of p at off.
func (f *File) writeAt(p []byte, off int64) error {
	return pathError("write", f.path, f.pwrite(p, off))
}

// Truncate sets the length, which makes a hole of what was never written.
func (f *File) Truncate(size int64) error {
	return pathError("truncate", f.path, f.setSize(size))
}

// RefusePipe is an error if opening path would wait for a writer, as a FIFO does.
func RefusePipe(path string) error {
	if info, err := os.Stat(path); err == nil && info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket) != 0 {
		return fmt.Errorf("%s: is no regular file", path)
	}
	return nil
}
