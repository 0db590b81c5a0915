package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"snap/backup"
	"snap/destination/treeless"
	"snap/record"
	"snap/remote/replica"
	"snap/restore"
)

// Catalogue is the destination at the other end as what a treeless one is made of.
func (f *Far) Catalogue(ctx context.Context) (treeless.Source, error) {
	all, err := f.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	c := &catalogue{f: f}
	for i := range all {
		c.all = append(c.all, treeless.Snapshot{Header: all[i], Set: f.asked.Sets[i]})
	}
	return c, nil
}

type catalogue struct {
	f   *Far
	all []treeless.Snapshot
}

func (c *catalogue) ID() string                     { return c.f.ID() }
func (c *catalogue) Snapshots() []treeless.Snapshot { return c.all }

func (c *catalogue) ChangeSet(ctx context.Context, seq uint64) (io.ReadCloser, error) {
	r, err := c.f.ChangeSet(ctx, seq)
	if err != nil {
		return nil, err
	}
	return treeless.Losing(r, func(err error) bool { return errors.Is(err, errNone) }), nil
}

// Files has the bytes of the files of a snapshot.
func (f *Far) Files(h *record.Header) restore.Contents {
	from, err := f.Contents(context.Background(), h, nil)
	return &files{from: from, err: err, wanted: map[string][]*want{}}
}

// files says in the terms of a restore what contents say.
type files struct {
	from replica.Contents
	err  error

	mu     sync.Mutex
	wanted map[string][]*want // by path
}

type want = backup.Wanted

// Want says that a file will be opened.
func (f *files) Want(e *record.Entry) {
	if f.err == nil {
		f.put(e)
	}
}

func (f *files) put(e *record.Entry) *want {
	w := &want{Entry: record.Entry{Path: e.Path}}
	w.Kind, w.Size, w.Hash, w.Flags = e.Kind, e.Size, e.Hash, e.Flags
	f.from.Want(w)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wanted[e.Path] = append(f.wanted[e.Path], w)
	return w
}

// Open opens a file.
func (f *files) Open(ctx context.Context, e *record.Entry) (io.ReadCloser, error) {
	if f.err != nil {
		return nil, f.err
	}
	w := f.pop(e.Path)
	if w == nil {
		f.put(e)
		w = f.pop(e.Path)
	}
	r, err := f.from.Open(ctx, w)
	if err != nil {
		return nil, ofFile(err)
	}
	return &restored{r}, nil
}

func (f *files) pop(path string) *want {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.wanted[path]
	switch len(all) {
	case 0:
		return nil
	case 1:
		delete(f.wanted, path)
	default:
		f.wanted[path] = all[1:]
	}
	return all[0]
}

// Close forgets what was wanted.
func (f *files) Close() error {
	if f.err != nil {
		return nil
	}
	return f.from.Close()
}

// restored is a file whose errors are those of restore.Contents.
type restored struct{ io.ReadCloser }

func (r *restored) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = ofFile(err)
	}
	return n, err
}

func ofFile(err error) error {
	if errors.Is(err, backup.ErrLost) {
		return fmt.Errorf("%w: %w", restore.ErrMissingFile, err)
	}
	return err
}
