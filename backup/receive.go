package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"snap/destination"
	"snap/record"
)

// A snapshot that was made elsewhere is received: its records are the plan, laid over the listing of the newest
// snapshot here, and the builder is that of a backup. Links lead into the snapshot before here, the change set is
// written of what was made here, and each file that comes must have the hash of its record.

// Contents gives the bytes of the files of a snapshot that is received. Its methods are called by several workers.
type Contents interface {
	// Want says that w will be opened: what is to be sent, in this order. Most is wanted in key order, well before it is
	// opened. What was to be linked, and cannot be, and what is wanted again, is wanted just before it is opened, and must
	// come although nobody reads what was wanted before it.
	Want(w *Wanted)
	// Open opens the bytes of what was wanted, once for each time; after an error of the run not at all. An error that is
	// ErrLost, of the opening or of a read, is about this file alone. Any other ends the run, and the next one goes on.
	Open(ctx context.Context, w *Wanted) (io.ReadCloser, error)
}

// Wanted is a file whose bytes are to come. The pointer that was given to Want is given to Open.
type Wanted struct {
	record.Entry
	Old   *record.Record // what the newest snapshot here has at its path, if that is a file with other bytes; else nil
	Tries int            // how often what came was lost or not its own: another copy of its bytes is to be tried
}

// Incoming is a snapshot that is to be received.
type Incoming struct {
	Header   record.Header                   // as it was finished elsewhere; name, number and time are kept
	Records  iter.Seq2[*record.Entry, error] // its change set, relative to Header.Parent
	Whole    bool                            // Records are all that it holds, and are compared with what is here
	Contents Contents
}

// ReceiveOptions of one Receive. The zero value is the safe default.
type ReceiveOptions struct {
	Jobs   int      // as Options.Jobs
	Report Reporter // as Options.Report
}

// ErrLost: the bytes of a file are not to be had any more where it was backed up to.
var ErrLost = errors.New("it is lost where it is copied from")

// ErrOtherContent: bytes that came are not those that the record is of.
var ErrOtherContent = errors.New("what came is not what was backed up: its size or SHA-256 differs")

// ErrOtherBase: what the change set makes of the newest snapshot here is not what the header says. The snapshot before
// is another one there, by a purge for instance: the next run needs the whole listing.
var ErrOtherBase = errors.New("the snapshot before it is not the same in both places")

// IncomingError: what sends the files has failed at this one. The run ends with it, and what came before stays for the
// next one.
type IncomingError struct {
	Path string
	Err  error
}

func (e *IncomingError) Error() string { return fmt.Sprintf("%q: %v", e.Path, e.Err) }
func (e *IncomingError) Unwrap() error { return e.Err }

// NotReceivedError: a snapshot was received without this file, whose bytes are lost or others where it comes from. The
// next snapshot that is received asks for it again.
type NotReceivedError struct{ Err error }

func (e *NotReceivedError) Error() string { return "not copied: " + e.Err.Error() }
func (e *NotReceivedError) Unwrap() error { return e.Err }

// Receive makes the snapshot in the destination d, which has the snapshot in.Header.Parent as its newest, or none if
// that is 0; with in.Whole any. Every file that is there has its hash; those that could not be had are problems of the
// result.
func Receive(ctx context.Context, d *destination.Destination, in Incoming, o ReceiveOptions) (*Result, error) {
	r := &run{
		d: d, in: &in, o: Options{Jobs: o.Jobs, Report: o.Report, Start: time.Now(), Time: in.Header.Time},
		flush:      interval{time: flushTime, bytes: flushBytes},
		checkpoint: interval{time: syncTime, bytes: syncBytes},
	}
	if r.o.Report == nil {
		r.o.Report = noReporter{}
	}
	if r.o.Jobs <= 0 {
		r.o.Jobs = 4
	}
	err := r.receive(ctx)
	return &r.res, err
}

func (r *run) receive(ctx context.Context) (err error) {
	if err := r.findPrevious(ctx); err != nil {
		return err
	}
	if err := r.checkIncoming(ctx); err != nil {
		return err
	}
	r.head = r.in.head()
	r.head.Parent = r.seq
	work, err := r.d.NewWorkFolder(false)
	if err != nil {
		return err
	}
	defer func() {
		work.Leave(ctx, err)
		r.res.Kept = err != nil && work.Keep && r.res.Header == nil
	}()
	if err := r.d.Hold(ctx); err != nil {
		return err
	}
	defer r.d.Release()
	p, err := r.planIncoming(ctx, work)
	if err != nil {
		return r.noRoom(err)
	}
	defer p.close()
	if err := r.checkSpace(ctx, p); err != nil {
		return err
	}
	if err := r.build(ctx, work, p); err != nil {
		return err
	}
	if !r.in.Whole && !r.sameTotals() {
		return fmt.Errorf("%s: snapshot %s: %w", r.d.Path, r.in.Header.Name, ErrOtherBase)
	}
	return r.publish(ctx, work, p)
}

// head is the header that the snapshot has here, before anything is counted.
func (in *Incoming) head() record.Header {
	h := &in.Header
	return record.Header{
		Name: h.Name, Seq: h.Seq, Time: h.Time, Finished: h.Finished, Source: h.Source,
		Sources: h.Sources, Host: h.Host, User: h.User, Tags: h.Tags, Note: h.Note, Destination: h.Destination,
		Volumes: h.Volumes, Users: h.Users, Groups: h.Groups, Errors: h.Errors,
	}
}

// checkIncoming refuses a snapshot that does not come directly after the newest one here.
func (r *run) checkIncoming(ctx context.Context) error {
	h := &r.in.Header
	if err := record.CheckName(h.Name); err != nil {
		return err
	}
	next, err := r.d.NextSeq(ctx)
	if err != nil {
		return err
	}
	there, err := destination.Exists(r.d.Root, h.Name)
	switch {
	case err != nil:
		return err
	case h.Destination != "" && h.Destination != r.d.ID:
		return fmt.Errorf("%s: snapshot %s: %w: it is of the destination %q, and not of %q", r.d.Path, h.Name,
			record.ErrDamaged, h.Destination, r.d.ID)
	case h.Seq < next:
		return fmt.Errorf("%s: snapshot %s has the number %d, and there were snapshots up to %d here", r.d.Path, h.Name,
			h.Seq, next-1)
	case !r.in.Whole && h.Parent != r.seq:
		return fmt.Errorf("%s: snapshot %s goes on from number %d, and the newest here is %d", r.d.Path, h.Name, h.Parent,
			r.seq)
	case there:
		return fmt.Errorf("%s: there is something called %s already", r.d.Path, h.Name)
	}
	return nil
}

// sameTotals reports whether what was built has as many entries and bytes as the snapshot has where it comes from.
func (r *run) sameTotals() bool {
	h := &r.in.Header
	return r.head.Files == h.Files && r.head.Dirs == h.Dirs && r.head.Bytes == h.Bytes
}
