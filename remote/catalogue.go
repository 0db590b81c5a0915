package remote

import (
	"context"
	"errors"
	"fmt"
	"io"

	"snap/destination/treeless"
	"snap/internal/progress"
	"snap/record"
	"snap/remote/store"
	"snap/remote/vault"
	"snap/restore"
)

// Catalogue brings the cache of the vault up to date and returns its folder, which answers questions as a destination
// does.
func (p *Place) Catalogue(ctx context.Context, report func(progress.State)) (c Catalogue, err error) {
	if err := p.Vault.Refresh(ctx); err != nil {
		if reach := (*store.ReachError)(nil); !errors.As(err, &reach) || p.Vault.Head() == nil {
			return c, err
		}
		c.Offline = err
	}
	c.Dir = p.CacheDir(p.Vault.ID())
	c.Lost, err = treeless.Update(ctx, c.Dir, catalogue{p.Vault}, report)
	return c, err
}

// Catalogue is what is known here of a vault.
type Catalogue struct {
	Dir     string          // answers questions
	Offline error           // the place could not be reached, and the answers are those of last time; nil: it was
	Lost    []treeless.Lost // snapshots that are not answered for
}

// catalogue is a vault as what a cache is filled from.
type catalogue struct{ v *vault.Vault }

func (c catalogue) ID() string { return c.v.ID() }

func (c catalogue) Snapshots() (all []treeless.Snapshot) {
	for _, s := range c.v.Snapshots() {
		set := ""
		for _, part := range s.Parts {
			set += fmt.Sprintf("%x", part[:])
		}
		all = append(all, treeless.Snapshot{Header: s.Header, Set: set})
	}
	return all
}

func (c catalogue) ChangeSet(ctx context.Context, seq uint64) (io.ReadCloser, error) {
	r, err := c.v.ChangeSet(ctx, seq)
	if err != nil {
		return nil, err
	}
	return treeless.Losing(r, func(err error) bool {
		return errors.Is(err, vault.ErrDamaged) || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrShort)
	}), nil
}

// Contents has the bytes of the files of the vault. It closes the place when it is closed.
func (p *Place) Contents() restore.Contents { return contents{p.Vault.Contents(), p} }

type contents struct {
	*vault.Contents
	place *Place
}

func (c contents) Open(ctx context.Context, e *record.Entry) (io.ReadCloser, error) {
	r, err := c.Contents.Open(ctx, e)
	if err != nil {
		return nil, ofFile(err)
	}
	return stream{r}, nil
}

func (c contents) Close() error {
	c.Contents.Close()
	return c.place.Close()
}

// Far has the bytes of the files of the vault, whatever snapshot they are of. It closes the place when it is closed.
func (p *Place) Far() *Far { return &Far{p.Contents()} }

// Far is a vault as what has the bytes of snapshots.
type Far struct{ all restore.Contents }

// Contents are those of all snapshots.
func (f *Far) Contents(*record.Header) restore.Contents { return shared{f.all} }

// Close closes the place.
func (f *Far) Close() error { return f.all.Close() }

// shared are contents that stay open for the next question.
type shared struct{ restore.Contents }

func (shared) Close() error { return nil }

// stream is a file whose errors are those of restore.Contents.
type stream struct{ io.ReadCloser }

func (s stream) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = ofFile(err)
	}
	return n, err
}

// ofFile says which errors are of one file alone.
func ofFile(err error) error {
	switch {
	case errors.Is(err, vault.ErrNotHeld), errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("%w: %w", restore.ErrMissingFile, err)
	case errors.Is(err, vault.ErrDamaged), errors.Is(err, store.ErrShort):
		return fmt.Errorf("%w: %w", restore.ErrDamagedFile, err)
	}
	return err
}
