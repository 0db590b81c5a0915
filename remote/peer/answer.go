package peer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"

	"snap/backup"
	"snap/internal/file"
	"snap/record"
)

// errNone: there is no such thing, and nothing is wrong.
var errNone = errors.New("it is not there")

// endOf says of an error how a stream has ended.
func endOf(err error) ended {
	return ended{Lost: errors.Is(err, backup.ErrLost), None: errors.Is(err, errNone), Text: err.Error()}
}

// open begins what is asked for.
func (g *giver) open(ctx context.Context, s *outgoing) (pieces, error) {
	a := &s.ask
	switch a.Kind {
	case askSnapshots:
		return g.jsonOf(func() (any, error) { return g.snapshots(ctx) })
	case askSettings:
		return g.jsonOf(func() (any, error) { return g.x.Settings(ctx) })
	case askHolds:
		return g.jsonOf(func() (any, error) {
			h, err := g.trees.header(ctx, a.Seq)
			if err != nil {
				return nil, err
			}
			return g.x.Holds(ctx, h)
		})
	case askChanges:
		return g.changes(ctx, a)
	case askListing:
		h, err := g.trees.header(ctx, a.Seq)
		if err != nil {
			return nil, err
		}
		return recordsOf(g.x.Listing(ctx, h)), nil
	case askFile:
		return g.file(ctx, a)
	}
	return nil, fmt.Errorf("%w: a question %q", ErrProtocol, a.Kind)
}

func (g *giver) jsonOf(answer func() (any, error)) (pieces, error) {
	v, err := answer()
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(v)
	return &text{b}, err
}

func (g *giver) snapshots(ctx context.Context) (any, error) {
	all, err := g.x.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	said := snapshots{}
	for i := range all {
		h := &all[i]
		b, err := json.Marshal(h)
		if err != nil {
			return nil, err
		}
		set, of, err := g.x.ChangeSet(h.Seq)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err == nil {
			set.Close()
		}
		said.All, said.Sets = append(said.All, b), append(said.Sets, of)
	}
	said.Next, err = g.x.NextSeq(ctx)
	return &said, err
}

// changes is the file of a change set, or of one that is relative to another snapshot than is asked for nothing.
func (g *giver) changes(ctx context.Context, a *ask) (pieces, error) {
	if !a.Any {
		h, err := g.trees.header(ctx, a.Seq)
		if err != nil {
			return nil, err
		}
		if _, ok, err := g.x.Changes(ctx, h); err != nil || !ok || h.Parent != a.Parent {
			return nil, errors.Join(err, errNone)
		}
	}
	f, _, err := g.x.ChangeSet(a.Seq)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNone
	}
	if err != nil {
		return nil, err
	}
	return &stream{f}, nil
}

// file is a file of a snapshot, or where the other end has an older one like it, what differs.
func (g *giver) file(ctx context.Context, a *ask) (pieces, error) {
	if !record.ValidPath(string(a.Path)) || len(a.Hash) != 0 && len(a.Hash) != 32 || a.Size < 0 {
		return nil, fmt.Errorf("%w: the file %q", ErrProtocol, a.Path)
	}
	tree, err := g.trees.take(ctx, a.Seq)
	if err != nil {
		return nil, err
	}
	w := &backup.Wanted{Entry: record.Entry{Path: string(a.Path)}, Tries: a.Tries}
	w.Kind, w.Size, w.Flags = file.Regular, a.Size, a.Flags&(record.Hashed|record.SparseHash)
	copy(w.Hash[:], a.Hash)
	f, err := tree.OpenFile(ctx, w)
	if err != nil {
		g.trees.give(a.Seq)
		return nil, err
	}
	src := &fileStream{stream: stream{f}, done: func() { g.trees.give(a.Seq) }}
	if a.Old != nil && a.Size >= deltaSize && a.Tries == 0 && len(a.Old.Hash) == 32 {
		if old := oldOf(ctx, tree, a); old != nil {
			return &delta{fileStream: src, old: old}, nil
		}
	}
	return src, nil
}

// fileStream is a file of a tree that is given back.
type fileStream struct {
	stream
	done func()
}

func (f *fileStream) close() error {
	defer f.done()
	return f.stream.close()
}

// text is an answer that is there.
type text struct{ left []byte }

func (t *text) next(context.Context) (*piece, error) {
	if len(t.left) == 0 {
		return nil, io.EOF
	}
	n := min(len(t.left), pieceSize)
	p := &piece{data: t.left[:n]}
	t.left = t.left[n:]
	return p, nil
}

func (t *text) close() error { return nil }

// stream is what can be read.
type stream struct{ r io.ReadCloser }

func (s *stream) next(ctx context.Context) (*piece, error) {
	b := make([]byte, pieceSize)
	n := 0
	for n < len(b) {
		m, err := s.r.Read(b[n:])
		n += m
		if errors.Is(err, io.EOF) {
			break
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return nil, err
		}
	}
	if n == 0 {
		return nil, io.EOF
	}
	return &piece{data: b[:n]}, nil
}

func (s *stream) close() error { return s.r.Close() }

// recordsOf is a stream of records as a change set has them, without a header.
func recordsOf(all iter.Seq2[*record.Entry, error]) pieces {
	r, w := io.Pipe()
	go func() {
		c, err := record.NewChangeWriter(w, nil)
		for e, rerr := range all {
			if err == nil {
				err = rerr
			}
			if err != nil {
				break
			}
			err = c.Add(e.Path, &e.Record)
		}
		if err == nil {
			err = c.End(nil)
		}
		w.CloseWithError(err)
	}()
	return &stream{r}
}
