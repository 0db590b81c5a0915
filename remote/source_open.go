package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"snap/destination"
	"snap/internal/file"
	"snap/record"
	"snap/remote/vault"
)

// Open opens a file in the tree of a snapshot.
func (s *Source) Open(ctx context.Context, seq uint64, path string) (io.ReadCloser, error) {
	snapshot, err := s.name(ctx, seq)
	if err != nil {
		return nil, err
	}
	parent, name := snapshot, path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		parent, name = record.Join(snapshot, path[:i]), path[i+1:]
	}
	dir, err := s.tree.Dir(parent)
	if err != nil {
		return nil, s.failed(err)
	}
	defer dir.Close()
	f, err := dir.Open(name)
	if err != nil {
		return nil, s.failed(err)
	}
	return &opened{f, s}, nil
}

// failed is an error of one file, with vault.ErrSource in it where it is of all: the disk is gone, or file after file
// cannot be read.
func (s *Source) failed(err error) error {
	all := destination.CheckThere(s.Root, s.Dir)
	if all == nil {
		all = s.disk.Failed(err)
	}
	if all == nil {
		return err
	}
	return fmt.Errorf("%w: %w", vault.ErrSource, all)
}

// opened is a file whose read errors are those of Open.
type opened struct {
	*file.File
	s *Source
}

func (f *opened) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	switch {
	case errors.Is(err, io.EOF):
		f.s.disk.Read()
	case err != nil:
		err = f.s.failed(err)
	}
	return n, err
}

// name is the name of a snapshot. One that is younger than the list is looked for once more.
func (s *Source) name(ctx context.Context, seq uint64) (string, error) {
	_, names, err := s.seen(ctx)
	if err != nil {
		return "", err
	}
	if name, ok := names[seq]; ok {
		return name, nil
	}
	if _, err := s.Snapshots(ctx); err != nil {
		return "", err
	}
	if _, names, err = s.seen(ctx); err != nil {
		return "", err
	}
	if name, ok := names[seq]; ok {
		return name, nil
	}
	return "", fmt.Errorf("snapshot %d: %w", seq, fs.ErrNotExist)
}
