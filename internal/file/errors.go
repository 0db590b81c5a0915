package file

import (
	"errors"
	"io/fs"
)

// ErrNotRegular is returned by Dir.Open for a name that is no longer, or never was, a regular file.
var ErrNotRegular = errors.New("not a regular file")

// ErrMounted is returned by Dir.OpenHere for a folder that another file system, or another folder, is mounted on.
var ErrMounted = errors.New("another file system is mounted there")

// ReadError is a failure on the side that is read. A backup skips the file and reports it.
type ReadError struct{ Err error }

func (e *ReadError) Error() string { return e.Err.Error() }
func (e *ReadError) Unwrap() error { return e.Err }

// WriteError is a failure on the side that is written. A backup stops.
type WriteError struct{ Err error }

func (e *WriteError) Error() string { return e.Err.Error() }
func (e *WriteError) Unwrap() error { return e.Err }

// pathError names the system call and the path of an error, or is nil.
func pathError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}

// join is dir/name without cleaning either.
func join(dir, name string) string {
	if name == "" {
		return dir
	}
	if dir == "/" {
		return "/" + name
	}
	return dir + "/" + name
}

// Reason is the reason in a *fs.PathError, for messages that name the path themselves.
func Reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
