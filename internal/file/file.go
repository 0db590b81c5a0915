// Package file is one file as the operating system tells it: its stat record, and every system call
// about it. It is the only package with build tags.
//
// Invariants:
//
//   - Folders are entered by handle, one name at a time, and a symbolic link is never followed unless
//     the caller opens it with OpenRoot or follows it by FollowDir on purpose.
//   - Nothing blocks on a FIFO or reads a device: files are opened without blocking and must turn out to
//     be regular files.
//   - Every error is a *fs.PathError that names the full path once.
//   - A create never overwrites (O_EXCL), a plain rename never replaces.
//
// Linux has all of this. Elsewhere (darwin, freebsd, windows) a folder is its path and a look comes
// before each step, so that a tree that is changed meanwhile can lead astray; there are no xattrs,
// special files, clones or holes, and what cannot be done says errors.ErrUnsupported.
//
// A [Dir] is a folder that was entered, a [File] an open file, a [Stat] what lstat says, a [Meta] what a copy gets
// besides its bytes; a [Tree] keeps folders open by their paths. Begin to read at dir.go and data.go: the file without
// a system in its name has the promise, those with one keep it.
package file

import (
	"io/fs"
	"time"
)

// Kind is what a directory entry is. The values are stored in the index: they never change.
type Kind uint8

// The kinds of entries. None is the zero value: no entry at all.
const (
	None Kind = iota
	Regular
	Folder
	Symlink
	FIFO
	Socket
	CharDevice
	BlockDevice
)

// Kinds is the number of kinds; a stored kind at or above it comes from a newer snap or from damage.
const Kinds = 8

var kindNames = [Kinds]string{"none", "file", "dir", "symlink", "fifo", "socket", "chardev", "blockdev"}

// String is the kind as it is printed: "file", "dir", "symlink", "fifo", "socket", "chardev", "blockdev".
func (k Kind) String() string {
	if k < Kinds {
		return kindNames[k]
	}
	return "unknown"
}

// Time is a point in time with the file system's full range and precision: seconds since 1970 in UTC,
// which may be negative, and nanoseconds from 0 to 999,999,999. time.Time as int64 nanoseconds would
// end in 2262, ext4 ends in 2446.
type Time struct {
	Sec  int64
	Nsec int32
}

// At is t as a Time.
func At(t time.Time) Time { return Time{t.Unix(), int32(t.Nanosecond())} }

// Time is t in the local time zone.
func (t Time) Time() time.Time { return time.Unix(t.Sec, int64(t.Nsec)) }

// IsZero reports whether t was never set: the file system does not tell this time.
func (t Time) IsZero() bool { return t == Time{} }

// Before reports whether t is earlier than u.
func (t Time) Before(u Time) bool { return t.Sec < u.Sec || t.Sec == u.Sec && t.Nsec < u.Nsec }

// Stat is what lstat says of one entry.
type Stat struct {
	Kind  Kind
	Mode  uint16 // permission bits with setuid, setgid and sticky: 07777
	UID   uint32
	GID   uint32
	Nlink uint32
	Size  int64 // bytes; 0 but for regular files and symlinks
	Mtime Time
	Ctime Time // zero where the system has none
	Btime Time // birth; zero where the file system has none
	Dev   uint64
	Ino   uint64 // 0 where the system tells none: on some network drives, and for the root of some FUSE mounts
	Rdev  uint64 // the device's number, 0 but for devices
	Mount uint64 // the mount it was reached through, for this boot only; 0 where unknown
	Root  bool   // it is the root of that mount; false where unknown

	Allocated int64 // bytes that a regular file takes on its disk: fewer than Size where it has holes
}

// Perm is the mode as fs.FileMode with its type bits, for printing.
func (s *Stat) Perm() fs.FileMode {
	m := fs.FileMode(s.Mode & 0o777)
	if s.Mode&0o4000 != 0 {
		m |= fs.ModeSetuid
	}
	if s.Mode&0o2000 != 0 {
		m |= fs.ModeSetgid
	}
	if s.Mode&0o1000 != 0 {
		m |= fs.ModeSticky
	}
	switch s.Kind {
	case Folder:
		m |= fs.ModeDir
	case Symlink:
		m |= fs.ModeSymlink
	case FIFO:
		m |= fs.ModeNamedPipe
	case Socket:
		m |= fs.ModeSocket
	case CharDevice:
		m |= fs.ModeDevice | fs.ModeCharDevice
	case BlockDevice:
		m |= fs.ModeDevice
	}
	return m
}

// sized sets the size or device number, which other kinds have for reasons of their own.
func (s *Stat) sized(size int64, rdev uint64) {
	switch s.Kind {
	case Regular, Symlink:
		s.Size = size
	case CharDevice, BlockDevice:
		s.Rdev = rdev
	}
}

// SameFile reports whether a and b are known to be the same file within one run: raw device numbers change across
// reboots and are never compared across runs. Of files without an inode number that is known of the root of a mount
// alone.
func SameFile(a, b *Stat) bool {
	return MayBeSame(a, b) && (a.Ino != 0 || a.Root && b.Root && a.Mount == b.Mount && a.Mount != 0)
}

// MayBeSame reports whether a and b are not known to be different files: those of one file system that tells no inode
// numbers may be one and the same.
func MayBeSame(a, b *Stat) bool { return a.Dev == b.Dev && a.Ino == b.Ino }

// Xattr is one extended attribute. ACLs and capabilities are among them.
type Xattr struct {
	Name  string
	Value []byte
}

// Meta is what a file carries besides its bytes.
type Meta struct {
	Kind   Kind
	Mode   uint16
	UID    uint32
	GID    uint32
	Mtime  Time
	Xattrs []Xattr
}

// Lost says which parts of a Meta a file system or an ordinary user could not set.
type Lost uint8

// The parts that may be lost.
const (
	LostOwner Lost = 1 << iota
	LostMode
	LostXattrs
	LostTimes
	LostSetuid // setuid or setgid, which are not set where the owner is another
)

// Entry is a name in a folder and what lstat says of it, or why lstat failed.
type Entry struct {
	Name string
	Stat Stat
	Err  error
}

// SystemInfo describes the file system that a folder is on.
type SystemInfo struct {
	ID         string // the same at every mount, "" where there is none; never compare raw device numbers instead
	Type       string // "ext4", "xfs", "btrfs", "tmpfs", "nfs", …, or the magic number in hex
	Pseudo     bool   // proc, sys and their like: nothing to back up
	Network    bool   // served by another machine or by a FUSE process
	ReadOnly   bool
	FreeBytes  uint64 // what this user may still write
	RootsBytes uint64 // what only root may write beyond that, where it is known
	TotalBytes uint64 // the size of the file system
	BlockSize  int64  // what a file takes is a multiple of this; 0: not known
	FreeInodes uint64 // 0 where inodes are made as needed
	HasInodes  bool   // whether FreeInodes is a limit
}
