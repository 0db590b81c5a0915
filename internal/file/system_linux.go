package file

import (
	"encoding/hex"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

func (d *Dir) system() (SystemInfo, error) {
	var s unix.Statfs_t
	if _, err := retry(func() (int, error) { return 0, unix.Fstatfs(d.fd, &s) }); err != nil {
		return SystemInfo{}, err
	}
	kind, known := systems[uint32(s.Type)]
	if !known {
		kind.name = fmt.Sprintf("%#x", uint32(s.Type))
	}
	return SystemInfo{
		ID: systemID(d.fd, &s, kind.name), Type: kind.name, Pseudo: kind.pseudo, Network: kind.network,
		ReadOnly:   s.Flags&unix.ST_RDONLY != 0,
		FreeBytes:  s.Bavail * uint64(s.Frsize), // f_bsize is only the best size of a read
		RootsBytes: (max(s.Bfree, s.Bavail) - s.Bavail) * uint64(s.Frsize),
		TotalBytes: s.Blocks * uint64(s.Frsize), BlockSize: int64(s.Frsize),
		FreeInodes: s.Ffree, HasInodes: s.Files > 0 && kind.name != "btrfs",
	}, nil
}

// systemID is the file system's own UUID where the kernel tells it (6.9 and later), else statfs's id, which ext4 and
// btrfs derive from the UUID and XFS from the device number. On btrfs always the latter: subvolumes share the UUID
// and number their inodes alone, and the id tells them apart. A wrong id costs one read of each file, never data.
func systemID(fd int, s *unix.Statfs_t, name string) string {
	const getUUID = 0x80111500 // FS_IOC_GETFSUUID
	var u struct {
		len  uint8
		uuid [16]byte
	}
	fsid := fmt.Sprintf("%08x%08x", uint32(s.Fsid.Val[0]), uint32(s.Fsid.Val[1]))
	err := again(func() error {
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), getUUID, uintptr(unsafe.Pointer(&u))); errno != 0 {
			return errno
		}
		return nil
	})
	switch {
	case err == nil && u.len == 16 && u.uuid != [16]byte{} && name != "btrfs":
		return name + ":" + hex.EncodeToString(u.uuid[:])
	case s.Fsid.Val[0] != 0 || s.Fsid.Val[1] != 0:
		return name + ":" + fsid
	}
	return ""
}

type system struct {
	name    string
	pseudo  bool
	network bool
}

// systems names the file systems by their magic numbers (linux/magic.h).
var systems = map[uint32]system{
	unix.EXT4_SUPER_MAGIC: {name: "ext4"}, unix.XFS_SUPER_MAGIC: {name: "xfs"}, unix.BTRFS_SUPER_MAGIC: {name: "btrfs"},
	unix.TMPFS_MAGIC: {name: "tmpfs"}, unix.OVERLAYFS_SUPER_MAGIC: {name: "overlay"}, 0x2fc12fc1: {name: "zfs"},
	unix.F2FS_SUPER_MAGIC: {name: "f2fs"}, unix.MSDOS_SUPER_MAGIC: {name: "vfat"}, unix.EXFAT_SUPER_MAGIC: {name: "exfat"},
	0x5346544e: {name: "ntfs"}, 0x7366746e: {name: "ntfs3"}, 0xca451a4e: {name: "bcachefs"},
	unix.SQUASHFS_MAGIC: {name: "squashfs"}, unix.ISOFS_SUPER_MAGIC: {name: "iso9660"},
	unix.NFS_SUPER_MAGIC: {name: "nfs", network: true}, unix.SMB_SUPER_MAGIC: {name: "smb", network: true},
	unix.SMB2_SUPER_MAGIC: {name: "smb2", network: true},
	unix.CIFS_SUPER_MAGIC: {name: "cifs", network: true}, unix.FUSE_SUPER_MAGIC: {name: "fuse", network: true},
	unix.V9FS_MAGIC:       {name: "9p", network: true},
	unix.CEPH_SUPER_MAGIC: {name: "ceph", network: true}, unix.AFS_SUPER_MAGIC: {name: "afs", network: true},
	unix.PROC_SUPER_MAGIC: {name: "proc", pseudo: true}, unix.SYSFS_MAGIC: {name: "sysfs", pseudo: true},
	unix.CGROUP_SUPER_MAGIC:  {name: "cgroup", pseudo: true},
	unix.CGROUP2_SUPER_MAGIC: {name: "cgroup2", pseudo: true}, unix.DEBUGFS_MAGIC: {name: "debugfs", pseudo: true},
	unix.TRACEFS_MAGIC:      {name: "tracefs", pseudo: true},
	unix.DEVPTS_SUPER_MAGIC: {name: "devpts", pseudo: true}, unix.BPF_FS_MAGIC: {name: "bpf", pseudo: true},
	unix.SECURITYFS_MAGIC: {name: "securityfs", pseudo: true},
	unix.PSTOREFS_MAGIC:   {name: "pstore", pseudo: true}, unix.EFIVARFS_MAGIC: {name: "efivarfs", pseudo: true},
	0x62656570:         {name: "configfs", pseudo: true},
	unix.SELINUX_MAGIC: {name: "selinuxfs", pseudo: true}, 0x65735543: {name: "fusectl", pseudo: true},
	0x19800202:           {name: "mqueue", pseudo: true},
	unix.HUGETLBFS_MAGIC: {name: "hugetlbfs", pseudo: true}, 0x67596969: {name: "rpc_pipefs", pseudo: true},
	unix.BINFMTFS_MAGIC: {name: "binfmt_misc", pseudo: true},
	unix.NSFS_MAGIC:     {name: "nsfs", pseudo: true}, 0x187: {name: "autofs", pseudo: true},
}

// brokenHere are errors of a broken file system that other systems do not have.
var brokenHere = []error{unix.ENOMEDIUM, unix.ESHUTDOWN, unix.EUCLEAN, unix.EREMOTEIO, unix.EHOSTDOWN}
