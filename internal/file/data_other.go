//go:build !linux

package file

import (
	"io"
	"io/fs"
	"os"
)

type fileHandle = *os.File

func (d *Dir) openFile(name string, follow bool) (*os.File, error) {
	var s Stat
	if err := d.statName(name, follow, &s); err != nil {
		return nil, err
	}
	if s.Kind != Regular {
		return nil, ErrNotRegular
	}
	flags := os.O_RDONLY | oNonblock
	if !follow {
		flags |= oNofollow
	}
	f, err := os.OpenFile(join(d.path, name), flags, 0)
	return f, bare(err)
}

func (d *Dir) create(name string, perm uint32) (*os.File, error) {
	f, err := os.OpenFile(join(d.path, name), os.O_RDWR|os.O_CREATE|os.O_EXCL, fs.FileMode(perm))
	return f, bare(err)
}

func (f *File) stat(s *Stat) error { return statOpen(f.fd, s) }

func statOpen(f *os.File, s *Stat) error {
	info, err := f.Stat()
	if err != nil {
		return bare(err)
	}
	s.tell(info)
	return bare(s.identifyOpen(info, f))
}

func (f *File) read(p []byte) (int, error) {
	n, err := f.fd.Read(p)
	if err == io.EOF {
		err = nil
	}
	return n, bare(err)
}

func (f *File) write(p []byte) (int, error) {
	n, err := f.fd.Write(p)
	return n, bare(err)
}

func (f *File) sync() error { return bare(f.fd.Sync()) }

func (f *File) close() error { return bare(f.fd.Close()) }

func (f *File) beginWriting(off, n int64) {}

func (f *File) uncache() {}

func (f *File) clone(*File) bool { return false }

// nextData says that all of it is data.
func (f *File) nextData(off, size int64) (start, end int64) { return off, size }

func (f *File) pread(p []byte, off int64) (int, error) {
	n, err := f.fd.ReadAt(p, off)
	if err == io.EOF {
		err = nil
	}
	return n, bare(err)
}

func (f *File) pwrite(p []byte, off int64) error {
	_, err := f.fd.WriteAt(p, off)
	return bare(err)
}

func (f *File) setSize(size int64) error { return bare(f.fd.Truncate(size)) }

// makeHole cannot.
func (f *File) makeHole(off, n int64) (bool, error) { return false, nil }
