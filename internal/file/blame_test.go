package file

import (
	"context"
	"errors"
	"io/fs"
	"syscall"
	"testing"
)

// TestBlameOf is the table of what a failure concerns.
func TestBlameOf(t *testing.T) {
	for _, c := range []struct {
		op                  string
		err                 error
		source, destination Blame
	}{
		{"open", syscall.EIO, OnePath, WholeRun},
		{"read", syscall.EIO, OnePath, WholeRun},
		{"write", syscall.EIO, OnePath, WholeRun},
		{"open", syscall.EACCES, OnePath, OnePath},
		{"lstat", syscall.EACCES, OnePath, OnePath},
		{"lstat", syscall.ESTALE, OnePath, WholeRun},
		{"lstat", syscall.ENOTCONN, OnePath, WholeRun},
		{"open", syscall.ENODEV, OnePath, WholeRun},
		{"open", syscall.ENXIO, OnePath, WholeRun},
		{"open", syscall.ETXTBSY, OnePath, OnePath},
		{"open", syscall.ELOOP, OnePath, OnePath},
		{"read", syscall.EOVERFLOW, OnePath, OnePath},
		{"read", syscall.EDEADLK, OnePath, OnePath},
		{"read", syscall.EINVAL, OnePath, OnePath},
		{"open", syscall.EMFILE, WholeRun, WholeRun},
		{"open", syscall.ENFILE, WholeRun, WholeRun},
		{"open", syscall.ENOMEM, WholeRun, WholeRun},
		{"getxattr user.x", syscall.ENOMEM, OnePath, OnePath},
		{"getxattr user.x", syscall.ERANGE, OnePath, OnePath},
		{"", context.Canceled, WholeRun, WholeRun},
		{"write", syscall.ENOSPC, OnePath, WholeRun},
		{"create", syscall.ENOSPC, OnePath, WholeRun},
		{"mkdir", syscall.EDQUOT, OnePath, WholeRun},
		{"setxattr user.x", syscall.ENOSPC, OnePath, WholeRun},
		{"setxattr user.x", syscall.EIO, OnePath, WholeRun},
		{"setxattr user.x", syscall.ENOTSUP, OnePath, OnePath},
		{"create", syscall.EROFS, OnePath, WholeRun},
		{"create", syscall.ENAMETOOLONG, OnePath, CannotHold},
		{"create", syscall.EINVAL, OnePath, CannotHold},
		{"mkdir", syscall.EILSEQ, OnePath, CannotHold},
		{"mkdir", syscall.EEXIST, OnePath, CannotHold},
		{"symlink", syscall.EPERM, OnePath, CannotHold},
		{"mknod", syscall.EPERM, OnePath, CannotHold},
		{"mknod", syscall.ENOTSUP, OnePath, CannotHold},
		{"mknod", syscall.ENXIO, OnePath, CannotHold},
		{"mknod", syscall.EIO, OnePath, WholeRun},
		{"link", syscall.EPERM, OnePath, OnePath}, // an immutable file: it is copied
		{"link", syscall.EMLINK, OnePath, OnePath},
		{"link", syscall.EXDEV, OnePath, OnePath},
		{"link", syscall.EIO, OnePath, WholeRun},
		{"write", syscall.EFBIG, OnePath, CannotHold},
		{"truncate", syscall.EFBIG, OnePath, CannotHold},
		{"write", syscall.EINVAL, OnePath, WholeRun},
		{"write", syscall.EDEADLK, OnePath, WholeRun},
		{"close", syscall.EDQUOT, OnePath, WholeRun},
		{"fsync", syscall.EINVAL, OnePath, WholeRun},
		{"chown", syscall.EPERM, OnePath, OnePath},
		{"remove", syscall.EPERM, OnePath, OnePath},
	} {
		err := c.err
		if c.op != "" {
			err = errors.Join(&WriteError{&fs.PathError{Op: c.op, Path: "p", Err: c.err}}, nil)
		}
		if s, d := BlameOf(err, Source), BlameOf(err, Destination); s != c.source || d != c.destination {
			t.Errorf("%s: %v: source %d, destination %d", c.op, c.err, s, d)
		}
	}
	if BlameOf(nil, Destination) != OnePath {
		t.Error("no error ends the run")
	}
}
