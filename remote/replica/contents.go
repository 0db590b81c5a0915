package replica

import (
	"context"
	"errors"
	"fmt"
	"io"

	"snap/backup"
	"snap/destination"
	"snap/internal/file"
	"snap/record"
)

// contents are the bytes of the files of a snapshot in a folder.
type contents struct {
	x    *destination.Destination
	name string
	root *file.Dir
	tree *file.Tree
}

func openContents(x *destination.Destination, snapshot string) (*contents, error) {
	root, err := x.Root.EnterDir(snapshot)
	if err != nil {
		return nil, err
	}
	return &contents{x: x, name: snapshot, root: root, tree: file.NewTree(root, 256, (*file.Dir).EnterDir)}, nil
}

func (c *contents) close() {
	c.tree.Close()
	c.root.Close()
}

// Want has nothing to do: the files are there.
func (c *contents) Want(*record.Entry) {}

// Open opens a file of the snapshot. While that is there, one that cannot be read is lost.
func (c *contents) Open(_ context.Context, e *record.Entry) (io.ReadCloser, error) {
	dir, name := record.Split(e.Path)
	d, err := c.tree.Dir(dir)
	if err != nil {
		return nil, c.lost(err)
	}
	defer d.Close()
	f, err := d.Open(name)
	if err != nil {
		return nil, c.lost(err)
	}
	return &reader{f, c}, nil
}

// lost says of an error whether it is about one file. A snapshot that is deleted meanwhile, or a disk that is gone, is
// not.
func (c *contents) lost(err error) error {
	if there, lerr := destination.FolderAt(c.x.Root, c.name); lerr != nil || !there {
		return errors.Join(fmt.Errorf("snapshot %s is not there any more", c.name), lerr)
	}
	if err := c.x.CheckThere(); err != nil {
		return err
	}
	return fmt.Errorf("%w: %w", backup.ErrLost, file.Reason(err))
}

// reader is an open file whose read errors are those of Open.
type reader struct {
	*file.File
	c *contents
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.File.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = r.c.lost(err)
	}
	return n, err
}
