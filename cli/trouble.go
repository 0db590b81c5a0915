package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"snap/backup/source"
	"snap/internal/quote"
)

// troubleHint says what to do about a failure of the system at a place, "the destination" or "the target", which is the folder
// dir, as user; "" where the error says enough.
func troubleHint(err error, place, dir string, user int) string {
	root := user == 0
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
		return "not even root may do that: is something immutable (i) or append-only (a)? To see: lsattr -d " + attributesOf(err, dir) + "; chattr -i -a ends it"
	case errors.Is(err, syscall.EACCES) && root:
		return "not even root may do that: on a network or FUSE mount root may be nobody, and SELinux or AppArmor may forbid it (see dmesg)"
	case errors.Is(err, fs.ErrPermission):
		return "this user may not do that; who may: ls -ld " + attributesOf(err, dir)
	}
	return ""
}

// attributesOf are the words for a shell of what stands in the way: what the error names, or what there is of the way to it, and
// dir.
func attributesOf(err error, dir string) string {
	p := (*fs.PathError)(nil)
	if !errors.As(err, &p) || !filepath.IsAbs(p.Path) {
		return quote.Word(dir)
	}
	path := p.Path
	for path != filepath.Dir(path) {
		if _, err := os.Lstat(path); err == nil { // what this user cannot look at is not what stands in the way
			break
		}
		path = filepath.Dir(path)
	}
	if path == dir {
		return quote.Word(dir)
	}
	words := quote.Word(path)
	if in := filepath.Dir(path); in != dir && within(dir, in) != "" { // or the folder that it is in stands in the way
		words += " " + quote.Word(in)
	}
	return words + " " + quote.Word(dir)
}

// missingHint says what to do about a source that cannot be backed up.
func missingHint(e *source.MissingError) string {
	info, err := os.Lstat(e.Path)
	switch {
	case err == nil && info.Mode()&fs.ModeSymlink != 0 && errors.Is(e.Err, fs.ErrNotExist):
		return "it is a symbolic link that leads nowhere; is a disk not mounted?"
	case errors.Is(e.Err, fs.ErrNotExist) && e.Several:
		return "is its disk mounted? To go on without it, name the others, with --source-moved"
	case errors.Is(e.Err, fs.ErrNotExist):
		return "name the folder or file to back up; is its disk mounted?"
	}
	return troubleHint(e.Err, "the source", e.Path, os.Geteuid())
}
