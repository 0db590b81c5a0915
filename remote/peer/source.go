package peer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path"
	"slices"
	"sync"

	"snap/backup"
	"snap/internal/file"
	"snap/record"
	"snap/remote/replica"
)

// far is the destination at the other end as what a replica follows.
type far struct {
	t      *taker
	hello  hello
	place  string // for people
	mu     sync.Mutex
	asked  *snapshots
	listed []record.Header
}

// ID is that of the destination.
func (f *far) ID() string { return f.hello.ID }

// Name is where it is.
func (f *far) Name() string { return f.place }

// Snapshots are its complete snapshots.
func (f *far) Snapshots(ctx context.Context) ([]record.Header, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.asked == nil {
		said := &snapshots{}
		if err := f.t.answer(ctx, ask{Kind: askSnapshots}, said); err != nil {
			return nil, err
		}
		all, err := headersOf(said)
		if err != nil {
			return nil, err
		}
		f.asked, f.listed = said, all
	}
	return slices.Clone(f.listed), nil
}

// headersOf refuses what is no list of snapshots.
func headersOf(said *snapshots) ([]record.Header, error) {
	if len(said.Sets) != len(said.All) {
		return nil, fmt.Errorf("%w: its snapshots", ErrProtocol)
	}
	all := make([]record.Header, len(said.All))
	last := uint64(0)
	for i := range all {
		h := &all[i]
		if err := fromJSON(said.All[i], h); err != nil {
			return nil, err
		}
		if err := errors.Join(record.CheckName(h.Name), h.CheckNames()); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
		}
		if h.Seq <= last || h.Seq >= said.Next || h.Parent >= h.Seq || h.State != record.Complete {
			return nil, fmt.Errorf("%w: the snapshot %q", ErrProtocol, h.Name)
		}
		last = h.Seq
	}
	return all, nil
}

// NextSeq is above all numbers there.
func (f *far) NextSeq(ctx context.Context) (uint64, error) {
	_, err := f.Snapshots(ctx)
	if err != nil {
		return 0, err
	}
	return f.asked.Next, nil
}

// Holds reports whether the folder of a snapshot is there.
func (f *far) Holds(ctx context.Context, h *record.Header) (holds bool, err error) {
	return holds, f.t.answer(ctx, ask{Kind: askHolds, Seq: h.Seq}, &holds)
}

// Changes are the records of a change set.
func (f *far) Changes(ctx context.Context, h *record.Header) (iter.Seq2[*record.Entry, error], bool, error) {
	r, err := f.t.reader(ctx, f.t.want(ask{Kind: askChanges, Seq: h.Seq, Parent: h.Parent}))
	if err != nil {
		return nil, false, err
	}
	c, err := record.NewChangeReader(r)
	if errors.Is(err, errNone) {
		return nil, false, r.Close()
	}
	if err != nil {
		return nil, false, errors.Join(err, r.Close())
	}
	return entries(c, r), true, nil
}

// Listing is all that a snapshot holds.
func (f *far) Listing(ctx context.Context, h *record.Header) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		r, err := f.t.reader(ctx, f.t.want(ask{Kind: askListing, Seq: h.Seq}))
		if err != nil {
			yield(nil, err)
			return
		}
		c, err := record.NewChangeReader(r)
		if err != nil {
			r.Close()
			yield(nil, err)
			return
		}
		entries(c, r)(yield)
	}
}

// entries are those of c, and what it reads from is closed at their end.
func entries(c *record.ChangeReader, r io.Closer) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		defer r.Close()
		for e, err := range c.All() {
			if !yield(e, err) {
				return
			}
		}
	}
}

// ChangeSet is the file of a change set.
func (f *far) ChangeSet(ctx context.Context, seq uint64) (io.ReadCloser, error) {
	return f.t.reader(ctx, f.t.want(ask{Kind: askChanges, Seq: seq, Any: true}))
}

// Settings are the settings files.
func (f *far) Settings(ctx context.Context) (all map[string][]byte, err error) {
	return all, f.t.answer(ctx, ask{Kind: askSettings}, &all)
}

// Is reports whether the destination is in the folder root of this machine.
func (f *far) Is(root *file.Dir) (bool, error) {
	of, err := folderOf(root)
	return of == f.hello.Folder, err
}

// folderOf says which folder root is, of all machines.
func folderOf(root *file.Dir) (string, error) {
	s, err := root.Stat()
	if err != nil {
		return "", err
	}
	host, err := os.Hostname()
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d %d %v", host, s.Dev, s.Ino, s.Btime))
	return hex.EncodeToString(sum[:16]), err
}

// Contents are the bytes of the files of a snapshot.
func (f *far) Contents(_ context.Context, h *record.Header, old replica.Old) (replica.Contents, error) {
	return &contents{t: f.t, seq: h.Seq, old: old, wanted: map[*backup.Wanted]*incoming{}}, nil
}

// contents asks for files.
type contents struct {
	t   *taker
	seq uint64
	old replica.Old

	mu     sync.Mutex
	wanted map[*backup.Wanted]*incoming
}

// Want asks for a file.
func (c *contents) Want(w *backup.Wanted) {
	if w.Size == 0 {
		return
	}
	a := ask{Kind: askFile, Seq: c.seq, Path: []byte(w.Path), Size: w.Size, Flags: w.Flags & (record.Hashed |
		record.SparseHash), Tries: w.Tries}
	if w.Has(record.Hashed) {
		a.Hash = w.Hash[:]
	}
	if o := w.Old; o != nil && c.old != nil && w.Tries == 0 && w.Size >= deltaSize && o.Size >= deltaSize {
		a.Old = &oldFile{Size: o.Size, Hash: o.Hash[:], Flags: o.Flags & (record.Hashed | record.SparseHash)}
	}
	s := c.t.want(a)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wanted[w] = s
}

// Open reads a file that was asked for.
func (c *contents) Open(ctx context.Context, w *backup.Wanted) (io.ReadCloser, error) {
	if w.Size == 0 {
		return io.NopCloser(eof{}), nil
	}
	c.mu.Lock()
	s := c.wanted[w]
	delete(c.wanted, w)
	c.mu.Unlock()
	if s == nil {
		return nil, fmt.Errorf("%s was not wanted", path.Base(w.Path))
	}
	r, err := c.t.reader(ctx, s)
	if err != nil {
		return nil, err
	}
	if s.ask.Old != nil {
		r.old = &old{open: func() (*file.File, error) { return c.old(w.Path) }}
	}
	return r, nil
}

// Close forgets what was wanted and not opened.
func (c *contents) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for w, s := range c.wanted {
		c.t.forget(s)
		s.close() // where the pipe has ended, that is told elsewhere
		delete(c.wanted, w)
	}
	return nil
}

// eof is the bytes of an empty file.
type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }
