package peer

import (
	"context"
	"errors"
	"fmt"
	"io"

	"snap/internal/file"
	"snap/internal/progress"
	"snap/remote/replica"
)

// Pipe is the way to the other end. Close ends it, so that reads and writes that wait come back.
type Pipe interface {
	io.Reader
	io.Writer
	io.Closer
}

// Told is who is told how the other end gets on with what it is given. Each may be nil.
type Told struct {
	Begun func(newest uint64, name string) error // as replica.Options.Begun
	Done  func(replica.Copied) error             // as replica.Options.Done
	Show  func(progress.State)
}

// Give has the destination at the other end follow x. root is the folder of x. Of the options those count that can be
// sent. The pipe is closed at the end. The result is told also where there is an error.
func Give(ctx context.Context, p Pipe, x *replica.Here, root *file.Dir, o replica.Options, told Told) (*replica.Result,
	error) {
	res := &replica.Result{}
	folder, err := folderOf(root)
	if err != nil {
		return res, err
	}
	t, err := newTalk(p, p)
	if err != nil {
		return res, err
	}
	end := closing(ctx, p)
	defer func() { p.Close(); t.close(); end() }() // nothing is left to be sent
	err = t.greet(&hello{Want: give, ID: x.ID(), Place: x.Name(), Folder: folder, Options: &options{Only: o.Only,
		Since: o.Since, Follow: o.Follow, DryRun: o.DryRun, Jobs: o.Jobs, Wait: int64(o.LockWait)}})
	if err != nil {
		return res, errors.Join(fmt.Errorf("%w: %w", ErrNoSnap, err), ctx.Err())
	}
	h, err := t.meet()
	if err == nil && h.Trouble != nil {
		err = h.Trouble
	}
	if err != nil {
		return res, first(ctx, err)
	}
	g := &giving{told: told, res: res}
	err = newGiver(x, t.w, g.hear).run(ctx, t.r)
	switch {
	case err != nil:
		return g.res, first(ctx, err)
	case g.out == nil:
		return g.res, first(ctx, ErrCut)
	case g.out.Trouble != nil:
		return g.res, g.out.Trouble
	}
	return g.res, nil
}

// first is why the context has ended, if it has: what follows of that says less.
func first(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// closing closes the pipe when the context ends, so that what waits for it comes back.
func closing(ctx context.Context, p io.Closer) (end func()) {
	stop := context.AfterFunc(ctx, func() { p.Close() })
	return func() { stop() }
}

// giving hears how the other end follows.
type giving struct {
	told Told
	res  *replica.Result
	out  *outcome
}

func (g *giving) hear(kind byte, payload []byte) error {
	switch kind {
	case kindBegun:
		b := begun{}
		if err := fromJSON(payload, &b); err != nil || g.told.Begun == nil {
			return err
		}
		return g.told.Begun(b.Seq, b.Name)
	case kindShow:
		s := shown{}
		if err := fromJSON(payload, &s); err != nil || g.told.Show == nil {
			return err
		}
		g.told.Show(s.state())
		return nil
	case kindDone:
		c := replica.Copied{}
		if err := fromJSON(payload, &c); err != nil {
			return err
		}
		g.res.Copied = append(g.res.Copied, c)
		if g.told.Done == nil {
			return nil
		}
		return g.told.Done(c)
	case kindResult:
		g.out = &outcome{}
		if err := fromJSON(payload, g.out); err != nil {
			return err
		}
		if g.out.Result != nil {
			g.res = g.out.Result
		}
		return io.EOF
	}
	return fmt.Errorf("%w: it says %q", ErrProtocol, kind)
}

func (s *shown) state() progress.State {
	st := progress.State{Stage: progress.Stage(s.Stage), Path: string(s.Path), Files: s.Files, Bytes: s.Bytes,
		TotalFiles: s.Total, TotalBytes: s.Sum}
	if st.Stage != progress.Publishing && st.Stage != progress.Indexing {
		st.Stage = progress.Building
	}
	if st.Path == "" {
		st.Path = s.Snapshot
	}
	return st
}

// Far is the destination at the other end, as what is asked and followed. Close ends the connection.
type Far struct {
	far
	talk *talk
	pipe Pipe
	end  func()
	done chan struct{}
}

// Take opens the destination at the other end, which place names for people.
func Take(ctx context.Context, p Pipe, place string) (*Far, error) {
	t, err := newTalk(p, p)
	if err != nil {
		return nil, err
	}
	end := closing(ctx, p)
	if err = t.greet(&hello{Want: take}); err != nil {
		err = fmt.Errorf("%w: %w", ErrNoSnap, err)
	}
	var h *hello
	if err == nil {
		h, err = t.meet()
	}
	if err == nil && h.Trouble != nil {
		err = h.Trouble
	}
	if err == nil && !validID(h.ID) {
		err = fmt.Errorf("%w: its id is %q", ErrProtocol, h.ID)
	}
	if err != nil {
		err = first(ctx, err)
		p.Close()
		t.close()
		end()
		return nil, err
	}
	f := &Far{far: far{t: newTaker(t.w), hello: *h, place: place}, talk: t, pipe: p, end: end, done: make(chan struct{})}
	go func() {
		defer close(f.done)
		_ = f.t.listen(t.r) // whoever waits for a stream is told
	}()
	return f, nil
}

// Close ends the connection.
func (f *Far) Close() error {
	f.end()
	err := f.pipe.Close()
	<-f.done
	f.talk.close() // nothing is left to be sent
	return err
}

// validID reports whether an id can be that of a destination: it becomes a part of a path.
func validID(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for _, c := range id {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
