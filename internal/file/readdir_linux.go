package file

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

func (d *Dir) readdir() ([]Entry, error) {
	if err := again(func() error { _, err := unix.Seek(d.fd, 0, unix.SEEK_SET); return err }); err == unix.EBADF {
		return nil, unix.EACCES // a handle of a folder that may be entered and not read
	} else if err != nil {
		return nil, err
	}
	buf := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buf)
	var l listing
	for {
		n, err := retry(func() (int, error) { return unix.Getdents(d.fd, buf[:]) })
		if err != nil {
			return nil, err
		}
		if n <= 0 {
			return l.entries(), nil
		}
		l.add(buf[:n])
	}
}

var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// listing gathers what getdents64 tells. All names share one arena: one allocation, not one a name.
type listing struct {
	names []byte
	spans []span
}

type span struct {
	off, end uint32
	kind     Kind
}

// add takes in a buffer of struct linux_dirent64: inode and offset of 8 bytes each, the record's length
// in 2, the type in 1, then the name and at least one NUL. An entry without an inode number (some FUSE
// programs tell none) is an entry all the same.
func (l *listing) add(p []byte) {
	const reclen, dtype, dname = 16, 18, 19
	l.names = slices.Grow(l.names, len(p))
	l.spans = slices.Grow(l.spans, len(p)/32)
	for len(p) > dname {
		ent := p[:binary.NativeEndian.Uint16(p[reclen:])]
		p = p[len(ent):]
		name := ent[dname:]
		if i := bytes.IndexByte(name, 0); i >= 0 {
			name = name[:i]
		}
		if len(name) == 0 || string(name) == "." || string(name) == ".." {
			continue
		}
		off := uint32(len(l.names))
		l.names = append(l.names, name...)
		l.spans = append(l.spans, span{off, uint32(len(l.names)), dirTypes[ent[dtype]&15]})
	}
}

// entries are sorted, each name once: a rename while the folder is read can show one twice.
func (l *listing) entries() []Entry {
	all := unsafe.String(unsafe.SliceData(l.names), len(l.names)) // never written again
	name := func(s span) string { return all[s.off:s.end] }
	slices.SortFunc(l.spans, func(a, b span) int { return strings.Compare(name(a), name(b)) })
	l.spans = slices.CompactFunc(l.spans, func(a, b span) bool { return name(a) == name(b) })
	entries := make([]Entry, len(l.spans))
	for i, s := range l.spans {
		entries[i].Name, entries[i].Stat.Kind = name(s), s.kind
	}
	return entries
}

var dirTypes = [16]Kind{unix.DT_REG: Regular, unix.DT_DIR: Folder, unix.DT_LNK: Symlink, unix.DT_FIFO: FIFO,
	unix.DT_SOCK: Socket, unix.DT_CHR: CharDevice, unix.DT_BLK: BlockDevice}
