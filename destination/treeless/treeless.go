// Package treeless keeps a destination without trees: the change sets of a copy far away, and an index made of them, so
// that every question is answered here, by the code that answers those of any destination, offline too.
//
// Invariants:
//
//   - It is a cache: all of it can be lost, and is fetched again. Nothing else is written there, and nothing of it goes
//     back.
//   - It belongs to one user: the folder is 0700.
//   - A change set appears by rename, whole, under a name that says which bytes it has. What the index was made of
//     stands in the file `sets`, written after it: an index that holds more is taken back to that, any other is made
//     again and replaced by one rename.
//   - Several processes may use it at once: whoever brings it up to date holds its lock, and those who ask need none.
//
// [Update] is the one call; query.Open opens the folder then.
package treeless

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/record"
)

// Snapshot is one that the far copy holds.
type Snapshot struct {
	Header record.Header // with its tags and note as they are now
	Set    string        // says which bytes its change set has: others have another
}

// Source is a copy far away.
type Source interface {
	ID() string
	Snapshots() []Snapshot // oldest first
	// ChangeSet is the change set of a snapshot, as docs/formats.md has it.
	// ErrLost: it is nowhere any more.
	ChangeSet(ctx context.Context, seq uint64) (io.ReadCloser, error)
}

// Update makes the folder dir what the source holds; it is made if it is missing. report is told how far it has come,
// and may be nil. lost are snapshots that it does not answer for: their change sets are lost, or go on from one that
// is.
func Update(ctx context.Context, dir string, from Source, report func(progress.State)) (lost []Lost, err error) {
	c := &cache{dir: dir, meta: filepath.Join(dir, destination.MetaName), from: from, report: report}
	c.sets = filepath.Join(c.meta, destination.ChangesName)
	if err := os.MkdirAll(c.sets, 0o700); err != nil {
		return nil, err
	}
	unlock, err := c.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return c.update(ctx)
}

// cache is one call of Update.
type cache struct {
	dir, meta, sets string
	from            Source
	report          func(progress.State)
}

// lock waits for the cache's lock.
func (c *cache) lock(ctx context.Context) (unlock func(), err error) {
	path := filepath.Join(c.meta, "lock")
	l := flock.New(path, flock.SetPermissions(0o600), flock.SetFlag(os.O_CREATE|os.O_RDWR|file.Plain))
	if _, err := l.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return func() { _ = l.Close() }, nil
}

func (c *cache) update(ctx context.Context) (lost []Lost, err error) {
	all := c.from.Snapshots()
	want, lost, err := c.fetch(ctx, all)
	if err != nil {
		return nil, err
	}
	have, err := c.indexed()
	if err != nil {
		return nil, err
	}
	err = errNotThat
	if have != nil && startsWith(want, have) {
		err = c.follow(ctx, want, have)
	}
	if again(err) {
		err = c.rebuild(ctx, want)
	}
	if errors.Is(err, record.ErrDamaged) || errors.Is(err, record.ErrTruncated) { // what is here: it is fetched again
		if err := c.drop(nil); err != nil {
			return nil, err
		}
		if want, lost, err = c.fetch(ctx, all); err != nil {
			return nil, err
		}
		err = c.rebuild(ctx, want)
	}
	if err != nil {
		return nil, err
	}
	return lost, c.drop(all)
}

// errNotThat says that the index is not made of what it should be made of.
var errNotThat = errors.New("the index is of other change sets")

// again reports whether the index is to be made again.
func again(err error) bool {
	for _, is := range []error{errNotThat, index.ErrMissing, record.ErrDamaged, record.ErrTruncated, record.ErrNewer} {
		if errors.Is(err, is) {
			return true
		}
	}
	return false
}

// made is what the index was made of.
type made struct {
	ID   string   `json:"id"`
	Sets []string `json:"sets"` // names in changes, oldest first
}

func startsWith(want []Snapshot, have *made) bool {
	return len(have.Sets) <= len(want) && slices.Equal(have.Sets, names(want[:len(have.Sets)]))
}

// follow brings an index that holds the first of the snapshots up to all of them.
func (c *cache) follow(ctx context.Context, want []Snapshot, have *made) error {
	db, err := index.Open(index.Path(c.dir))
	if err != nil {
		return err
	}
	defer db.Release()
	if id, err := db.ID(ctx); err != nil || id != c.from.ID() || have.ID != id {
		return errors.Join(err, errNotThat)
	}
	there, err := c.cut(ctx, db, len(have.Sets))
	if err != nil {
		return err
	}
	for i := range there {
		if there[i].Seq != want[i].Header.Seq || there[i].Name != want[i].Header.Name {
			return errNotThat
		}
		if err := label(ctx, db, &there[i], &want[i].Header); err != nil {
			return err
		}
	}
	if len(there) == len(want) {
		return nil
	}
	if err := c.load(ctx, db, want[len(there):]); err != nil {
		return err
	}
	return c.note(want)
}

// cut takes an index back to the first n snapshots: those after them were imported by a run that was killed.
func (c *cache) cut(ctx context.Context, db *index.DB, n int) ([]record.Header, error) {
	if err := db.Clean(ctx); err != nil {
		return nil, err
	}
	all, err := db.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	if len(all) < n {
		return nil, errNotThat
	}
	for i := len(all) - 1; i >= n; i-- {
		if err := db.Undo(ctx, all[i].Seq); err != nil {
			return nil, err
		}
	}
	return all[:n], nil
}

// label gives a snapshot the tags and note that it has far away.
func label(ctx context.Context, db *index.DB, h, now *record.Header) error {
	if h.Note == now.Note && slices.Equal(h.Tags, now.Tags) {
		return nil
	}
	h.Tags, h.Note = now.Tags, now.Note
	return db.SetHeader(ctx, h)
}

// load imports change sets as the newest snapshots of an index.
func (c *cache) load(ctx context.Context, db *index.DB, all []Snapshot) error {
	for i := range all {
		s := &all[i]
		if c.report != nil {
			c.report(progress.State{Stage: progress.Indexing, Path: s.Header.Name, Files: int64(i), TotalFiles: int64(len(all))})
		}
		h, err := final(filepath.Join(c.sets, s.name()))
		if err != nil {
			return err
		}
		if h.Seq != s.Header.Seq || h.Name != s.Header.Name {
			return fmt.Errorf("the change set of snapshot %s is that of another: %w", s.Header.Name, record.ErrDamaged)
		}
		h.Tags, h.Note = s.Header.Tags, s.Header.Note
		err = db.Import(ctx, h.Seq, destination.ReadChanges(c.sets, s.name()),
			func() (*record.Header, error) { return h, nil })
		if err != nil {
			return err
		}
		h.State, h.Work = record.Complete, ""
		if err := db.SetHeader(ctx, h); err != nil {
			return err
		}
	}
	return nil
}

// final is the header that a change set ends with.
func final(path string) (*record.Header, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := record.NewChangeReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, err := range r.All() {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	if h := r.Final(); h != nil && record.CheckName(h.Name) == nil {
		return h, nil
	}
	return nil, fmt.Errorf("%s: %w: it names no snapshot", path, record.ErrDamaged)
}

// rebuild makes the index again, beside the old one, and has it take its place.
func (c *cache) rebuild(ctx context.Context, want []Snapshot) error {
	fresh := index.Path(c.dir) + "-fresh"
	if err := remove(fresh); err != nil {
		return err
	}
	if err := index.Create(fresh, c.from.ID()); err != nil {
		return err
	}
	db, err := index.Open(fresh)
	if err != nil {
		return err
	}
	if err := errors.Join(c.load(ctx, db, want), db.Release()); err != nil {
		return err
	}
	if err := remove(filepath.Join(c.meta, setsFile)); err != nil {
		return err
	}
	if err := os.Rename(fresh, index.Path(c.dir)); err != nil {
		return err
	}
	return c.note(want)
}

func remove(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
