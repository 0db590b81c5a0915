package restore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"snap/internal/file"
	"snap/record"
)

// Contents gives the bytes of regular files that a snapshot holds: of its tree, or of a copy far away.
type Contents interface {
	// Want says that e, which is not kept, will probably be opened soon, after what was wanted before it: what is far can
	// be fetched ahead.
	Want(e *record.Entry)

	// Open opens the bytes of e. Whoever reads compares them with the record. ErrMissingFile and ErrDamagedFile, also
	// from Read, concern this file alone, and so does fs.ErrPermission; with any other error nothing more can be had.
	Open(ctx context.Context, e *record.Entry) (io.ReadCloser, error)

	Close() error
}

// Tree is the folder of a snapshot: its files have the bytes.
type Tree struct {
	top  *file.Dir
	tree *file.Tree // below top
}

// OpenTree opens the snapshot called name in the folder of a destination. No link is followed.
func OpenTree(dest *file.Dir, name string) (*Tree, error) {
	top, err := dest.OpenDir(name)
	if err != nil {
		return nil, err
	}
	return &Tree{top, file.NewTree(top, idleDirs, (*file.Dir).EnterDir)}, nil
}

// Want does nothing: what is here need not be fetched.
func (t *Tree) Want(*record.Entry) {}

// Open opens a file of the tree, a *file.File.
func (t *Tree) Open(_ context.Context, e *record.Entry) (io.ReadCloser, error) {
	in, name := record.Split(e.Path)
	d, err := t.tree.Dir(in)
	if err != nil {
		return nil, lostCopy(err)
	}
	defer d.Close()
	f, err := d.Open(name)
	if err != nil {
		return nil, lostCopy(err)
	}
	return f, nil
}

// Close closes the folders.
func (t *Tree) Close() error {
	t.tree.Close()
	return t.top.Close()
}

// has reports whether what exists is the tree's own copy.
func (t *Tree) has(path string, have *file.Stat) bool {
	in, name := record.Split(path)
	d, err := t.tree.Dir(in)
	if err != nil {
		return false
	}
	defer d.Close()
	s, err := d.Lstat(name)
	return err == nil && file.MayBeSame(&s, have)
}

// lostCopy says what it means that a copy cannot be opened.
func lostCopy(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %w", ErrMissingFile, err)
	case errors.Is(err, fs.ErrPermission):
		return err
	}
	return fmt.Errorf("%w: %w", ErrDamagedFile, err)
}

// contentsError is an error after which no more bytes can be had: it stops the run.
type contentsError struct{ error }

func (e *contentsError) Unwrap() error { return e.error }

// notHad is what an error of Contents means to a run: a *sourceError of one file, or a *contentsError.
func notHad(err error) error {
	if OfOneFile(err) {
		return &sourceError{err}
	}
	return &contentsError{err}
}

// OfOneFile reports whether an error of Contents concerns one file alone; nil does not.
func OfOneFile(err error) bool {
	return errors.Is(err, ErrMissingFile) || errors.Is(err, ErrDamagedFile) || errors.Is(err, fs.ErrPermission)
}
