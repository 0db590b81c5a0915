package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// troubleHint says what to do about a failure of the system at a place, "the destination" or "the target", as user; "" where
// the error says enough.
func troubleHint(err error, place string, user int) string {
	root := user == 0
	path := place
	if p := (*fs.PathError)(nil); errors.As(err, &p) && p.Path != "" {
		path = shellWord(p.Path)
	}
	switch {
	case errors.Is(err, syscall.EDQUOT):
		return "the quota for " + place + " is used up, though the disk may have room: see quota -s, and free some space there"
	case errors.Is(err, syscall.ENOSPC):
		return place + " is full: df -h says how full, df -i whether it has no inodes left"
	case errors.Is(err, syscall.EROFS):
		return place + " is mounted read-only. The system does that by itself after an error of the disk: see dmesg, and check the file system before mounting it again"
	case errors.Is(err, syscall.EIO):
		return "the disk, or the connection to it, has trouble: see dmesg"
	case errors.Is(err, syscall.ESTALE), errors.Is(err, syscall.ENOTCONN), errors.Is(err, syscall.ETIMEDOUT), errors.Is(err, syscall.EHOSTDOWN):
		return "what is mounted there does not answer: unmount it, and mount it again"
	case errors.Is(err, syscall.EFBIG):
		return "a file is larger than the file system of " + place + ", or ulimit -f, allows"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many files are open: see ulimit -n"
	case errors.Is(err, syscall.EPERM) && root:
		return fmt.Sprintf("not even root may do that: lsattr -d shows whether it, or the folder it is in, is immutable (i) or append-only (a); chattr -i -a ends that: %s", path)
	case errors.Is(err, syscall.EACCES) && root:
		return "not even root may do that: on a network or FUSE mount root may be nobody, and SELinux or AppArmor may forbid it (see dmesg)"
	case errors.Is(err, fs.ErrPermission):
		return "this user may not do that; who may: ls -ld " + path
	}
	return ""
}
