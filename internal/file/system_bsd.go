//go:build darwin || freebsd

package file

import (
	"syscall"
)

func (d *Dir) system() (SystemInfo, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.path, &s); err != nil {
		return SystemInfo{}, err
	}
	const readOnly, local = 0x1, 0x1000 // MNT_RDONLY, MNT_LOCAL of sys/mount.h
	name := make([]byte, 0, len(s.Fstypename))
	for _, c := range s.Fstypename {
		if c == 0 {
			break
		}
		name = append(name, byte(c))
	}
	kind := string(name)
	return SystemInfo{
		Type:       kind,
		Pseudo:     kind == "devfs" || kind == "procfs" || kind == "fdescfs" || kind == "autofs",
		Network:    s.Flags&local == 0,
		ReadOnly:   s.Flags&readOnly != 0,
		FreeBytes:  uint64(max(int64(s.Bavail), 0)) * uint64(s.Bsize),
		TotalBytes: uint64(s.Blocks) * uint64(s.Bsize),
		FreeInodes: uint64(max(int64(s.Ffree), 0)), HasInodes: s.Files > 0,
	}, nil
}
