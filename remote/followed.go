package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"snap/backup"
	"snap/destination/treeless"
	"snap/index"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/record"
	"snap/remote/replica"
	"snap/remote/store"
	"snap/remote/vault"
	"snap/restore"
)

// Followed is a vault as what a destination is made of again, or follows.
type Followed struct {
	Lost []treeless.Lost // snapshots that the vault has, and that cannot be made again

	p  *Place
	db *index.DB // of its catalogue
}

// Followed brings the catalogue up to date and opens the vault for that.
func (p *Place) Followed(ctx context.Context, report func(progress.State)) (*Followed, error) {
	c, err := p.Catalogue(ctx, report)
	if err = errors.Join(err, c.Offline); err != nil { // without its contents nothing can be made
		return nil, err
	}
	db, err := index.Open(index.Path(c.Dir))
	if err != nil {
		return nil, err
	}
	return &Followed{c.Lost, p, db}, nil
}

// Close gives the catalogue back.
func (f *Followed) Close() error { return f.db.Release() }

// ID is that of the destination that was copied.
func (f *Followed) ID() string { return f.p.Vault.Head().Destination }

// Name is the vault's URL.
func (f *Followed) Name() string { return f.p.URL }

// Snapshots are all that the vault has.
func (f *Followed) Snapshots(ctx context.Context) ([]record.Header, error) {
	return f.db.Snapshots(ctx)
}

// NextSeq is above the newest.
func (f *Followed) NextSeq(ctx context.Context) (uint64, error) {
	all, err := f.db.Snapshots(ctx)
	if err != nil || len(all) == 0 {
		return 1, err
	}
	return all[len(all)-1].Seq + 1, nil
}

// Holds is true: what is lost is found when it is asked for.
func (f *Followed) Holds(context.Context, *record.Header) (bool, error) { return true, nil }

// Changes are the records of a change set.
func (f *Followed) Changes(ctx context.Context, h *record.Header) (iter.Seq2[*record.Entry, error], bool, error) {
	r, err := f.p.Vault.ChangeSet(ctx, h.Seq)
	if err != nil {
		return nil, false, err
	}
	c, err := record.NewChangeReader(r)
	if err != nil {
		return nil, false, errors.Join(err, r.Close())
	}
	return func(yield func(*record.Entry, error) bool) {
		defer r.Close()
		for e, err := range c.All() {
			if !yield(e, err) {
				return
			}
		}
	}, true, nil
}

// Listing is all that a snapshot holds.
func (f *Followed) Listing(ctx context.Context, h *record.Header) iter.Seq2[*record.Entry, error] {
	return f.db.Entries(ctx, h.Seq, "")
}

// Contents are the files of the vault.
func (f *Followed) Contents(context.Context, *record.Header, replica.Old) (replica.Contents, error) {
	return &comes{f.p.Vault.Contents()}, nil
}

// Settings are the settings files that came along.
func (f *Followed) Settings(context.Context) (map[string][]byte, error) {
	return f.p.Vault.Head().Settings, nil
}

// Is is false: a vault is no destination.
func (f *Followed) Is(*file.Dir) (bool, error) { return false, nil }

// comes are the contents of a vault for what is received.
type comes struct{ all *vault.Contents }

func (c *comes) Want(w *backup.Wanted) {
	if w.Tries == 0 {
		c.all.Want(&w.Entry)
	}
}

func (c *comes) Open(ctx context.Context, w *backup.Wanted) (io.ReadCloser, error) {
	if w.Tries > 0 { // it has been fetched again by then, and other versions of its objects, too
		return nil, fmt.Errorf("%w: what the vault holds is damaged", backup.ErrLost)
	}
	r, err := c.all.Open(ctx, &w.Entry)
	if err != nil {
		return nil, lostThere(err)
	}
	return &coming{r}, nil
}

func (c *comes) Close() error {
	c.all.Close()
	return nil
}

type coming struct{ io.ReadCloser }

func (c *coming) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = lostThere(err)
	}
	return n, err
}

// lostThere says which errors are of one file alone.
func lostThere(err error) error {
	if err = ofFile(err); restore.OfOneFile(err) && !errors.Is(err, vault.ErrKey) &&
		!errors.As(err, new(*store.ReachError)) {
		return fmt.Errorf("%w: %w", backup.ErrLost, err)
	}
	return err
}
