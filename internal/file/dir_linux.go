package file

import (
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Dir is an open folder. Names given to its methods are single elements. It is safe for use by several
// goroutines until Close.
type Dir struct {
	fd   int
	path string // for error messages
	node *node  // set when a Tree keeps it open
}

const openDir = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC | unix.O_NONBLOCK

// OpenRoot opens a folder by a path that the user named, following symbolic links.
func OpenRoot(path string) (*Dir, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, pathError("open", path, err)
	}
	fd, err := retry(func() (int, error) { return unix.Open(abs, openDir, 0) })
	if err != nil {
		return nil, pathError("open", path, err)
	}
	return newDir(fd, abs), nil
}

func newDir(fd int, path string) *Dir { return &Dir{fd: fd, path: path} }

// Path is where the folder was found, for messages.
func (d *Dir) Path() string { return d.path }

// Close gives the handle back.
func (d *Dir) Close() error {
	if d.node != nil {
		d.node.release()
		return nil
	}
	return pathError("close", d.path, unix.Close(d.fd))
}

// OpenDir opens the folder name for listing, never through a symbolic link.
func (d *Dir) OpenDir(name string) (*Dir, error) {
	return d.openDir(name, openDir|unix.O_NOFOLLOW)
}

// EnterDir opens the folder name without the right to list it: enough to reach what is in it, also
// where its mode forbids reading.
func (d *Dir) EnterDir(name string) (*Dir, error) {
	return d.openDir(name, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC|unix.O_NOFOLLOW)
}

// FollowDir opens the folder name, or the folder that the symbolic link name leads to.
func (d *Dir) FollowDir(name string) (*Dir, error) { return d.openDir(name, openDir) }

func (d *Dir) openDir(name string, flags int) (*Dir, error) {
	fd, err := openat(d.fd, name, flags, 0)
	if err != nil {
		return nil, pathError("open", join(d.path, name), err)
	}
	return newDir(fd, join(d.path, name)), nil
}

// Stat is fstat of the folder itself.
func (d *Dir) Stat() (Stat, error) {
	var s Stat
	err := statx(d.fd, "", unix.AT_EMPTY_PATH|unix.AT_SYMLINK_NOFOLLOW, &s)
	return s, pathError("stat", d.path, err)
}

// Lstat says what name is.
func (d *Dir) Lstat(name string) (Stat, error) {
	var s Stat
	err := statx(d.fd, name, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT, &s)
	return s, pathError("lstat", join(d.path, name), err)
}

// StatAll fills in the Stat, or the Err, of each entry: Lstat without an allocation for each.
func (d *Dir) StatAll(entries []Entry) {
	for i := range entries {
		e := &entries[i]
		if err := statx(d.fd, e.Name, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT, &e.Stat); err != nil {
			e.Err = pathError("lstat", join(d.path, e.Name), err)
		}
	}
}

// FollowStat says what name is, or what the symbolic link name leads to.
func (d *Dir) FollowStat(name string) (Stat, error) {
	var s Stat
	err := statx(d.fd, name, unix.AT_NO_AUTOMOUNT, &s)
	return s, pathError("stat", join(d.path, name), err)
}

// Entries lists the folder, sorted by name as bytes, each name once, without "." and "..". Stat is not
// filled in but for Stat.Kind, which is None where the file system does not tell it here.
func (d *Dir) Entries() ([]Entry, error) {
	if _, err := unix.Seek(d.fd, 0, unix.SEEK_SET); err != nil {
		return nil, pathError("readdir", d.path, err)
	}
	buf := make([]byte, 32<<10)
	var names []byte // one arena for all names: one allocation, not one a name
	type span struct {
		off, end uint32
		kind     Kind
	}
	var spans []span
	for {
		n, err := retry(func() (int, error) { return unix.Getdents(d.fd, buf) })
		if err != nil {
			return nil, pathError("readdir", d.path, err)
		}
		if n <= 0 {
			break
		}
		for p := buf[:n]; len(p) > 19; {
			size := *(*uint16)(unsafe.Pointer(&p[16]))
			ent := p[:size]
			p = p[size:]
			name := ent[19:]
			for i, c := range name {
				if c == 0 {
					name = name[:i]
					break
				}
			}
			if *(*uint64)(unsafe.Pointer(&ent[0])) == 0 && ent[18] == 0 || string(name) == "." || string(name) == ".." || len(name) == 0 {
				continue
			}
			off := uint32(len(names))
			names = append(names, name...)
			spans = append(spans, span{off, uint32(len(names)), dirTypes[ent[18]&15]})
		}
	}
	entries := make([]Entry, len(spans))
	all := unsafe.String(unsafe.SliceData(names), len(names)) // never written again
	for i, s := range spans {
		entries[i].Name, entries[i].Stat.Kind = all[s.off:s.end], s.kind
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		switch {
		case a.Name < b.Name:
			return -1
		case a.Name > b.Name:
			return 1
		}
		return 0
	})
	// A rename while the folder is read can show a name twice.
	return slices.CompactFunc(entries, func(a, b Entry) bool { return a.Name == b.Name }), nil
}

var dirTypes = [16]Kind{unix.DT_REG: Regular, unix.DT_DIR: Folder, unix.DT_LNK: Symlink, unix.DT_FIFO: FIFO,
	unix.DT_SOCK: Socket, unix.DT_CHR: CharDevice, unix.DT_BLK: BlockDevice}

// Readlink is the target of the symbolic link name.
func (d *Dir) Readlink(name string) (string, error) {
	for size := 256; ; size *= 4 {
		buf := make([]byte, size)
		n, err := unix.Readlinkat(d.fd, name, buf)
		if err != nil {
			return "", pathError("readlink", join(d.path, name), err)
		}
		if n < size {
			return string(buf[:n]), nil
		}
	}
}

// Mkdir makes the folder name, for its owner alone.
func (d *Dir) Mkdir(name string) error {
	return pathError("mkdir", join(d.path, name), unix.Mkdirat(d.fd, name, 0o700))
}

// Symlink makes a symbolic link name that leads to target.
func (d *Dir) Symlink(target, name string) error {
	return pathError("symlink", join(d.path, name), unix.Symlinkat(target, d.fd, name))
}

// Mknod makes a FIFO, a socket or a device, for its owner alone.
func (d *Dir) Mknod(name string, kind Kind, rdev uint64) error {
	mode := map[Kind]uint32{FIFO: unix.S_IFIFO, Socket: unix.S_IFSOCK, CharDevice: unix.S_IFCHR, BlockDevice: unix.S_IFBLK}[kind]
	if mode == 0 {
		return pathError("mknod", join(d.path, name), unix.EINVAL)
	}
	return pathError("mknod", join(d.path, name), unix.Mknodat(d.fd, name, mode|0o600, int(rdev)))
}

// Link makes name in d another name of the file old in from. It never follows a symbolic link and never
// replaces.
func (d *Dir) Link(from *Dir, old, name string) error {
	var a, b [256]byte
	p, err := cstring(&a, old)
	if err != nil {
		return pathError("link", join(from.path, old), err)
	}
	q, err := cstring(&b, name)
	if err != nil {
		return pathError("link", join(d.path, name), err)
	}
	_, _, errno := unix.Syscall6(unix.SYS_LINKAT, uintptr(from.fd), uintptr(unsafe.Pointer(p)), uintptr(d.fd), uintptr(unsafe.Pointer(q)), 0, 0)
	if errno != 0 {
		return pathError("link", join(d.path, name), errno)
	}
	return nil
}

// Remove removes the file, link or special file name.
func (d *Dir) Remove(name string) error {
	return pathError("remove", join(d.path, name), unix.Unlinkat(d.fd, name, 0))
}

// Rmdir removes the empty folder name.
func (d *Dir) Rmdir(name string) error {
	return pathError("rmdir", join(d.path, name), unix.Unlinkat(d.fd, name, unix.AT_REMOVEDIR))
}

// Rename moves name to newName in to. It never replaces: fs.ErrExist says that newName is taken.
func (d *Dir) Rename(name string, to *Dir, newName string) error {
	err := unix.Renameat2(d.fd, name, to.fd, newName, unix.RENAME_NOREPLACE)
	if err == unix.EINVAL || err == unix.ENOSYS { // a file system without RENAME_NOREPLACE
		var s Stat
		if err = statx(to.fd, newName, unix.AT_SYMLINK_NOFOLLOW, &s); err == nil {
			err = unix.EEXIST
		} else if err == unix.ENOENT {
			err = unix.Renameat(d.fd, name, to.fd, newName)
		}
	}
	return pathError("rename", join(d.path, name), err)
}

// Replace moves name to newName in to, taking the place of what is there.
func (d *Dir) Replace(name string, to *Dir, newName string) error {
	return pathError("rename", join(d.path, name), unix.Renameat(d.fd, name, to.fd, newName))
}

// Sync makes the folder's own entries durable (fsync).
func (d *Dir) Sync() error {
	err := unix.Fsync(d.fd)
	if err == unix.EINVAL { // file systems that cannot sync a folder
		return nil
	}
	return pathError("fsync", d.path, err)
}

// SyncSystem makes everything on the folder's file system durable (syncfs). It reports write errors
// since the handle was opened, once: an error is final, a second call may well say success.
func (d *Dir) SyncSystem() error {
	return pathError("syncfs", d.path, unix.Syncfs(d.fd))
}

// SetMeta sets the folder's own owner, xattrs, mode and modification time, and says what could not be
// set.
func (d *Dir) SetMeta(m *Meta) (Lost, error) { return setMeta(d.fd, d.path, m) }

// Xattrs are the extended attributes of the folder itself.
func (d *Dir) Xattrs() ([]Xattr, error) { return fdXattrs(d.fd, d.path) }

// Is reports whether d is the folder that s describes.
func (d *Dir) Is(s *Stat) bool {
	t, err := d.Stat()
	return err == nil && SameFile(&t, s)
}

// cstring puts s, closed by a NUL, into buf, so that a hot call does not allocate.
func cstring(buf *[256]byte, s string) (*byte, error) {
	if len(s) >= len(buf) {
		return nil, unix.ENAMETOOLONG
	}
	for i := 0; i < len(s); i++ {
		if s[i] == 0 {
			return nil, unix.EINVAL
		}
		buf[i] = s[i]
	}
	buf[len(s)] = 0
	return &buf[0], nil
}

func openat(fd int, name string, flags int, perm uint32) (int, error) {
	return retry(func() (int, error) { return unix.Openat(fd, name, flags, perm) })
}

// retry repeats a call that a signal interrupted.
func retry(f func() (int, error)) (int, error) {
	for {
		n, err := f()
		if err != unix.EINTR {
			return n, err
		}
	}
}

// noStatx remembers that a sandbox forbids statx, as old seccomp filters do.
var noStatx atomic.Bool

const statMask = unix.STATX_BASIC_STATS | unix.STATX_BTIME | unix.STATX_MNT_ID

// statx fills s; its error is a bare errno.
func statx(fd int, name string, flags int, s *Stat) error {
	var buf [256]byte
	p, err := cstring(&buf, name)
	if err != nil {
		return err
	}
	if noStatx.Load() {
		return fstatat(fd, name, flags, s)
	}
	var x unix.Statx_t
	for {
		_, _, errno := unix.Syscall6(unix.SYS_STATX, uintptr(fd), uintptr(unsafe.Pointer(p)), uintptr(flags), statMask, uintptr(unsafe.Pointer(&x)), 0)
		runtime.KeepAlive(p)
		switch errno {
		case 0:
		case unix.EINTR:
			continue
		case unix.ENOSYS, unix.EPERM:
			noStatx.Store(true)
			return fstatat(fd, name, flags, s)
		default:
			return errno
		}
		break
	}
	*s = Stat{
		Kind: kindOf(uint32(x.Mode)), Mode: x.Mode & 0o7777, UID: x.Uid, GID: x.Gid, Nlink: x.Nlink,
		Mtime: Time{x.Mtime.Sec, int32(x.Mtime.Nsec)}, Ctime: Time{x.Ctime.Sec, int32(x.Ctime.Nsec)},
		Dev: unix.Mkdev(x.Dev_major, x.Dev_minor), Ino: x.Ino, Mount: x.Mnt_id,
	}
	if x.Mask&unix.STATX_BTIME != 0 {
		s.Btime = Time{x.Btime.Sec, int32(x.Btime.Nsec)}
	}
	s.sized(int64(x.Size), unix.Mkdev(x.Rdev_major, x.Rdev_minor))
	return nil
}

func fstatat(fd int, name string, flags int, s *Stat) error {
	var x unix.Stat_t
	if err := unix.Fstatat(fd, name, &x, flags); err != nil {
		return err
	}
	*s = Stat{
		Kind: kindOf(x.Mode), Mode: uint16(x.Mode & 0o7777), UID: x.Uid, GID: x.Gid, Nlink: uint32(x.Nlink),
		Mtime: Time{int64(x.Mtim.Sec), int32(x.Mtim.Nsec)}, Ctime: Time{int64(x.Ctim.Sec), int32(x.Ctim.Nsec)},
		Dev: uint64(x.Dev), Ino: x.Ino,
	}
	s.sized(x.Size, uint64(x.Rdev))
	return nil
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

func kindOf(mode uint32) Kind {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return Regular
	case unix.S_IFDIR:
		return Folder
	case unix.S_IFLNK:
		return Symlink
	case unix.S_IFIFO:
		return FIFO
	case unix.S_IFSOCK:
		return Socket
	case unix.S_IFCHR:
		return CharDevice
	case unix.S_IFBLK:
		return BlockDevice
	}
	return None
}

// EnterSelf is another handle on the same folder.
func (d *Dir) EnterSelf() (*Dir, error) {
	fd, err := openat(d.fd, ".", openDir, 0)
	if err != nil {
		return nil, pathError("open", d.path, err)
	}
	return newDir(fd, d.path), nil
}
