package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"snap/backup"
	"snap/destination"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/record"
	"snap/remote/replica"
)

// ServeOptions say what the other end may do. The zero value lets it do all that the protocol has.
type ServeOptions struct {
	AppendOnly bool // snapshots are added; labels, settings and what a replica is stay
	ReadOnly   bool // the destination is asked and followed
	Holder     destination.Holder
	Trust      []string // fingerprints of the index that need no new proof
	// Explain says of an error what the other end is to be told.
	Explain func(error) *Trouble
}

// ErrNotAllowed: what the other end wants is not allowed here.
var ErrNotAllowed = errors.New("is not allowed here")

// maxPlace is how long the name of a place may be, in bytes: it is noted in the mark of a replica.
const maxPlace = 8 << 10

// Serve answers on a pipe for the destination in the folder dest, until the other end has what it wants. What goes
// wrong with that is told to the other end; the error is about the pipe.
func Serve(ctx context.Context, r io.Reader, w io.Writer, dest string, o ServeOptions) error {
	t, err := newTalk(r, w)
	if err != nil {
		return err
	}
	s := &serving{talk: t, dest: dest, o: o}
	return errors.Join(s.run(ctx), t.close())
}

type serving struct {
	*talk
	dest string
	o    ServeOptions
}

func (s *serving) run(ctx context.Context) error {
	if _, err := s.r.r.Peek(1); errors.Is(err, io.EOF) {
		return nil // whoever called has nothing to say
	}
	h, err := s.meet()
	if err != nil {
		return err
	}
	switch {
	case h.Want == take:
		return s.give(ctx)
	case h.Want != give || h.Options == nil:
		err = fmt.Errorf("%w: it wants %q", ErrProtocol, h.Want)
	case s.o.ReadOnly:
		err = fmt.Errorf("to copy to %s %w (--read-only)", s.dest, ErrNotAllowed)
	case s.o.AppendOnly && h.Options.Follow:
		err = fmt.Errorf("to make %s follow another destination %w (--append-only)", s.dest, ErrNotAllowed)
	case !validID(h.ID):
		err = fmt.Errorf("%w: its id is %q", ErrProtocol, h.ID)
	case len(h.Place) > maxPlace:
		err = fmt.Errorf("%w: the name of its place has %d bytes", ErrProtocol, len(h.Place))
	default:
		return s.follow(ctx, h)
	}
	return s.refuse(err)
}

// refuse says why nothing comes of it.
func (s *serving) refuse(err error) error { return s.greet(&hello{Trouble: s.o.Explain(err)}) }

// give answers questions.
func (s *serving) give(ctx context.Context) error {
	x, err := replica.OpenHere(ctx, s.dest, s.o.Trust...)
	if err != nil {
		return s.refuse(err)
	}
	defer x.Close()
	root, err := file.OpenRoot(s.dest)
	if err != nil {
		return s.refuse(err)
	}
	defer root.Close()
	folder, err := folderOf(root)
	if err != nil {
		return s.refuse(err)
	}
	if err := s.greet(&hello{ID: x.ID(), Folder: folder}); err != nil {
		return err
	}
	return newGiver(x, s.w, nil).run(ctx, s.r)
}

// follow makes the destination follow the one at the other end.
func (s *serving) follow(ctx context.Context, h *hello) error {
	if !h.Options.DryRun {
		if err := os.Mkdir(s.dest, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return s.refuse(err)
		}
	}
	if err := s.greet(&hello{}); err != nil {
		return err
	}
	on, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t, done := newTaker(s.w), make(chan struct{})
	go func() {
		defer close(done)
		cancel(t.listen(s.r))
		_, _ = io.Copy(io.Discard, s.r.r) // so that the other end comes to hear what was wrong
	}()
	res, err := replica.Follow(on, &far{t: t, hello: *h, place: h.Place}, s.dest, s.options(h))
	out := &outcome{Result: res}
	if err != nil {
		if cause := context.Cause(on); cause != nil && errors.Is(err, context.Canceled) {
			err = cause
		}
		out.Trouble = s.o.Explain(err)
	}
	err = s.say(kindResult, out)
	select {
	case <-done: // the other end has heard it, and closed the pipe
	case <-ctx.Done():
	}
	return err
}

func (s *serving) options(h *hello) replica.Options {
	o := h.Options
	return replica.Options{Only: o.Only, Since: o.Since, Follow: o.Follow, DryRun: o.DryRun, Adds: s.o.AppendOnly,
		Jobs: min(max(o.Jobs, 0), 64), LockWait: min(time.Duration(o.Wait), 24*time.Hour), Holder: s.o.Holder,
		Begun: func(newest uint64, name string) error { return s.say(kindBegun, &begun{newest, name}) },
		Done:  func(c replica.Copied) error { return s.say(kindDone, &c) },
		Report: func(h *record.Header) backup.Reporter {
			return &showing{s: s, name: h.Name}
		}}
}

// showing tells the other end how far a snapshot has come, a few times a second.
type showing struct {
	s    *serving
	name string
	mu   sync.Mutex
	last time.Time
}

// showEvery is how long it is silent in between.
const showEvery = 250 * time.Millisecond

func (w *showing) Progress(at progress.State) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := time.Now(); now.Sub(w.last) >= showEvery {
		w.last = now
		// That it cannot be said is told where something is asked for.
		_ = w.s.say(kindShow, &shown{Snapshot: w.name, Stage: string(at.Stage), Path: []byte(at.Path), Files: at.Files,
			Bytes: at.Bytes, Total: at.TotalFiles, Sum: at.TotalBytes})
	}
}

func (*showing) Entry(string, *record.Record, bool) {}
func (*showing) Problem(backup.Problem)             {}
