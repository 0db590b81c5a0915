package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"snap/destination"
	"snap/internal/file"
	"snap/record"
)

// A snapshot that was made elsewhere is received: its records are the plan, laid over the listing of the newest
// snapshot here, and the builder is that of a backup. Links lead into the snapshot before here, the change set is
// written of what was made here, and each file that comes must have the hash of its record.

// Contents gives the bytes of the files of a snapshot that is received.
type Contents interface {
	// Want says that e will probably be opened soon, after what was wanted before it.
	Want(e *record.Entry)
	// Open opens the bytes of e. Any number of files may be open at a time.
	Open(ctx context.Context, e *record.Entry) (io.ReadCloser, error)
}

// Incoming is a snapshot that is to be received.
type Incoming struct {
	Header   record.Header                   // as it was finished elsewhere; name, number and time are kept
	Records  iter.Seq2[*record.Entry, error] // its change set, relative to Header.Parent
	Contents Contents
}

// ReceiveOptions of one Receive. The zero value is the safe default.
type ReceiveOptions struct {
	Jobs   int      // as Options.Jobs
	Report Reporter // as Options.Report
}

// ErrOtherContent: bytes that came are not those that the record is of.
var ErrOtherContent = errors.New("what came is not what was backed up: its size or SHA-256 differs")

// IncomingError: the bytes of a file that is received could not be had, or are others. The run ends with it, and what
// came before stays for the next one.
type IncomingError struct {
	Path string
	Err  error
}

func (e *IncomingError) Error() string { return fmt.Sprintf("%q: %v", e.Path, e.Err) }
func (e *IncomingError) Unwrap() error { return e.Err }

// Receive makes the snapshot in the destination d, which has the snapshot in.Header.Parent as its newest, or none if
// that is 0. Nothing is published unless every file is there with its hash.
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
	return r.publish(ctx, work, p)
}

// head is the header that the snapshot has here, before anything is counted.
func (in *Incoming) head() record.Header {
	h := &in.Header
	return record.Header{
		Name: h.Name, Seq: h.Seq, Parent: h.Parent, Time: h.Time, Finished: h.Finished, Source: h.Source,
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
	case h.Seq < next:
		return fmt.Errorf("%s: snapshot %s has the number %d, and there were snapshots up to %d here", r.d.Path, h.Name,
			h.Seq, next-1)
	case h.Parent != r.seq:
		return fmt.Errorf("%s: snapshot %s goes on from number %d, and the newest here is %d", r.d.Path, h.Name, h.Parent,
			r.seq)
	case there:
		return fmt.Errorf("%s: there is something called %s already", r.d.Path, h.Name)
	}
	return nil
}

// planIncoming spools the records as what is to be made here.
func (r *run) planIncoming(ctx context.Context, work *destination.WorkFolder) (*plan, error) {
	p := &plan{block: r.blockSize()}
	var err error
	if p.Spool, err = record.NewSpool(work.Path()); err != nil {
		return nil, err
	}
	if p.learned, err = record.NewSpool(work.Path()); err != nil {
		p.Spool.Close()
		return nil, err
	}
	for e, err1 := range r.in.Records {
		if err1 == nil {
			err1 = ctx.Err()
		}
		if err1 == nil {
			err1 = p.addIncoming(r, e)
		}
		if err1 != nil {
			err = err1
			break
		}
	}
	if err = errors.Join(err, p.Finish(), p.learned.Finish()); err == nil {
		err = p.countMovedAway()
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// addIncoming adds what is to be made of a record. How the entry came into its tree elsewhere matters only as far as
// it says what to do here: a new inode is a new one here, whose other names are found by the source's identity.
func (p *plan) addIncoming(r *run, e *record.Entry) error {
	if !record.ValidPath(e.Path) {
		return fmt.Errorf("%w: the path %q", record.ErrDamaged, e.Path)
	}
	rec := e.Record
	rec.To, rec.Since = "", 0
	switch rec.Stored {
	case record.Joined, record.Cloned:
		if rec.Stored = record.Copied; rec.Kind != file.Regular {
			rec.Stored = record.Made
		}
	}
	if rec.Stored != record.Linked && rec.Nlink > 1 && rec.Kind != file.Folder {
		r.sharedIdentities.Add(&rec)
	}
	rec.Link = ""
	if rec.Change == record.Moved {
		p.moved.Add(rec.From)
	}
	if rec.Stored == record.Copied {
		p.copies++
		p.bytes = record.Plus(p.bytes, rec.OnDisk())
		r.in.Contents.Want(&record.Entry{Path: e.Path, Record: rec})
	}
	switch {
	case !rec.Exists():
	case rec.Kind == file.Folder:
		p.dirs++
	default:
		p.files++
	}
	p.changes++
	return p.Add(&record.Entry{Path: e.Path, Record: rec})
}

// countMovedAway counts the tombstones of what is elsewhere now.
func (p *plan) countMovedAway() error {
	for e, err := range p.All() {
		if err != nil {
			return err
		}
		if !e.Exists() && p.moved.Has(e.Path) {
			p.movedAway++
		}
	}
	return nil
}

// copyIncoming makes a file of the bytes that come. Others than the record's end the run: nothing of it is published.
func (p *entryWriter) copyIncoming(ctx context.Context, it *item) error {
	rec := &it.rec
	src, err := p.b.run.in.Contents.Open(ctx, &record.Entry{Path: it.path, Record: *rec})
	if err != nil {
		return &IncomingError{it.path, err}
	}
	defer src.Close()
	dst, err := p.newDir.CreateMode(it.name, rec.Mode)
	if err != nil {
		return err
	}
	if p.h == nil {
		p.h = file.NewDigest()
	}
	buf := file.Buffers.Get().(*[]byte)
	defer file.Buffers.Put(buf)
	work := p.b.meter.Begin(it.path, rec.OnDisk())
	defer work.End()
	p.h.Begin(rec.Has(record.SparseHash))
	n, err := file.CopyStream(ctx, dst, src, record.Plus(rec.Size, 1), p.h, *buf, work.Moved)
	if w := (*file.WriteError)(nil); errors.As(err, &w) { // the destination's, not the sender's
		return errors.Join(err, dst.Close())
	}
	if err == nil && (n != rec.Size || rec.Has(record.Hashed) && [32]byte(p.h.Sum(nil)) != rec.Hash) {
		err = ErrOtherContent
	}
	if err != nil {
		return &IncomingError{it.path, errors.Join(err, dst.Close(), p.newDir.Remove(it.name))}
	}
	lacks, err := dst.SetMeta(rec.Meta())
	if err := errors.Join(err, dst.Close()); err != nil {
		return err
	}
	p.b.losses.add(it.path, lacks)
	p.b.copied.Add(rec.OnDisk())
	return nil
}
