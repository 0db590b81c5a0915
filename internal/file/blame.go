package file

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"
)

// Side is where a call failed: where is read, or where is written.
type Side uint8

// The sides.
const (
	Source Side = iota
	Destination
)

// Blame is what a failed call concerns.
type Blame uint8

// What it may be, from the least to the most.
const (
	OnePath    Blame = iota // this entry: it is told, and the others go on
	CannotHold              // this entry, which the file system holds under no such name, of no such kind or size
	WholeRun                // all that is still to come: the run ends
)

// BlameOf decides whether err, of a call on that side, concerns one path or the whole run. The call is the Op of the
// *fs.PathError in err.
//
// What this process lacks, and a context that ended, concern the run on either side. Else a source's failure is one
// path's, however bad: the disk under it may be half broken, and the rest is still to be saved. On the side that is
// written, a disk that is full, broken or gone concerns the run, and so does a write that fails for any reason but
// the file's size. What a call says that makes an entry there, about the entry, is the entry's.
func BlameOf(err error, side Side) Blame {
	op := ""
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		op, _, _ = strings.Cut(p.Op, " ")
	}
	attribute := op == "setxattr" || op == "getxattr" || op == "listxattr" || op == "removexattr"
	switch {
	case err == nil:
		return OnePath
	case isOne(err, []error{context.Canceled, context.DeadlineExceeded, syscall.EMFILE, syscall.ENFILE}):
		return WholeRun
	case errors.Is(err, syscall.ENOMEM) && !attribute: // a long list of attributes needs a lot at once
		return WholeRun
	case side == Source:
		return OnePath
	case isOne(err, full) && (!attribute || op == "setxattr"): // setMeta passes on only that of a full disk
		return WholeRun
	case (op == "mknod" || op == "symlink") && isOne(err, []error{syscall.ENODEV, syscall.ENXIO}): // no such kind here
		return CannotHold
	case isOne(err, broken) || isOne(err, brokenHere):
		return WholeRun
	}
	switch op {
	case "write", "truncate":
		if isOne(err, []error{syscall.EFBIG, syscall.EOVERFLOW}) {
			return CannotHold
		}
		return WholeRun
	case "fsync", "syncfs", "close":
		return WholeRun
	case "create", "mkdir", "symlink", "mknod":
		return CannotHold
	}
	return OnePath
}

// full are the errors of a file system, or of a user's share of it, that has no more room.
var full = []error{syscall.ENOSPC, syscall.EDQUOT}

// broken are those of a file system that can be written no more.
var broken = []error{syscall.EIO, syscall.EROFS, syscall.ENODEV, syscall.ENXIO, syscall.ESTALE, syscall.ENOTCONN,
	syscall.ETIMEDOUT}

func isOne(err error, of []error) bool {
	for _, e := range of {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// DiskFull reports whether err means that nothing more fits on the file system, or may be written to it.
func DiskFull(err error) bool { return isOne(err, full) || errors.Is(err, syscall.EROFS) }

// DiskFailed reports whether err, of a call on the side that is written, ends the run.
func DiskFailed(err error) bool { return BlameOf(err, Destination) == WholeRun }
