//go:build !linux

package file

import (
	"io/fs"
	"os"
)

func (d *Dir) stat(s *Stat) error { return stat(d.path, true, s) }

func (d *Dir) statName(name string, follow bool, s *Stat) error {
	return stat(join(d.path, name), follow, s)
}

// stat fills s; its error is bare.
func stat(path string, follow bool, s *Stat) error {
	look := os.Lstat
	if follow {
		look = os.Stat
	}
	info, err := look(path)
	if err != nil {
		return bare(err)
	}
	s.tell(info)
	return bare(s.identify(info, path, follow))
}

// tell takes over what every system tells.
func (s *Stat) tell(info fs.FileInfo) {
	m := info.Mode()
	*s = Stat{Kind: kindOf(m), Mode: uint16(m.Perm()), Nlink: 1, Mtime: At(info.ModTime())}
	if m&fs.ModeSetuid != 0 {
		s.Mode |= 0o4000
	}
	if m&fs.ModeSetgid != 0 {
		s.Mode |= 0o2000
	}
	if m&fs.ModeSticky != 0 {
		s.Mode |= 0o1000
	}
	s.sized(info.Size(), 0)
	s.Allocated = s.Size
}

func kindOf(m fs.FileMode) Kind {
	switch m.Type() {
	case 0:
		return Regular
	case fs.ModeDir:
		return Folder
	case fs.ModeSymlink:
		return Symlink
	case fs.ModeNamedPipe:
		return FIFO
	case fs.ModeSocket:
		return Socket
	case fs.ModeDevice | fs.ModeCharDevice:
		return CharDevice
	case fs.ModeDevice:
		return BlockDevice
	}
	return None
}

// DeviceNumbers are the major and minor number of a device as Linux packs them: snapshots of devices are made there.
func DeviceNumbers(rdev uint64) (major, minor uint32) {
	return uint32(rdev>>8&0xfff | rdev>>32&0xfffff000), uint32(rdev&0xff | rdev>>12&0xffffff00)
}
