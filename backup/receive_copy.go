package backup

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"snap/internal/file"
	"snap/record"
	"snap/scan"
)

// wanted is a file that was asked for. Whichever of its names is made first takes the bytes.
type wanted struct {
	Wanted
	taken atomic.Bool
}

// copiesTried is how many copies of the bytes of a file are asked for, one after the other.
const copiesTried = 3

// bytesFrom is where the bytes of a file are to come from: one of them, or nothing.
type bytesFrom struct {
	saved  *saved  // the file in the tree of an interrupted run
	here   string  // the path in the previous snapshot that seems to have them
	wanted *wanted // what was asked for
}

// wantedInode is a file that comes, whatever its name.
type wantedInode struct {
	scan.Identity
	hash [32]byte
}

func inodeOf(r *record.Record) wantedInode { return wantedInode{scan.IdentityOf(r), r.Hash} }

// want says where the bytes of an entry come from: all names of one file have the same answer, whichever is made first.
// It asks for them unless they seem to be here already.
func (c *cutter) want(it *item) {
	rec := &it.rec
	if rec.Stored != record.Copied || !it.changed {
		return
	}
	several := c.b.run.sharedIdentities.Has(rec) && rec.Nlink > 1 && rec.Ino != 0
	f, known := c.incoming[inodeOf(rec)]
	if !several || !known {
		f = c.bytesOf(it)
	}
	if rec.Change != record.Moved {
		rec.From = ""
	}
	it.saved, it.here, it.wanted = f.saved, f.here, f.wanted
	if several && !known {
		if c.incoming == nil {
			c.incoming = map[wantedInode]bytesFrom{}
		}
		c.incoming[inodeOf(rec)] = f
	}
}

func (c *cutter) bytesOf(it *item) bytesFrom {
	rec := &it.rec
	switch {
	case it.saved != nil:
		return bytesFrom{saved: it.saved}
	case it.old != nil && it.old.Stored != record.Absent && it.old.SameHash(rec):
		return bytesFrom{here: it.path}
	case rec.From != "" && rec.Reason != record.MovedAndEdited:
		return bytesFrom{here: rec.From}
	}
	w := &wanted{Wanted: Wanted{Entry: record.Entry{Path: it.path, Record: *rec}}}
	if old := it.old; old != nil && old.Kind == file.Regular && old.Stored != record.Absent && old.Has(record.Hashed) {
		w.Old = old
	}
	c.b.run.in.Contents.Want(&w.Wanted)
	return bytesFrom{wanted: w}
}

// copyIncoming makes a file of bytes that are here already, or of those that come. Where these are lost it is left out.
func (p *entryWriter) copyIncoming(ctx context.Context, it *item) error {
	if it.here != "" {
		if done, err := p.copyHere(ctx, it); done || err != nil {
			return err
		}
	}
	var w *Wanted
	if it.wanted != nil && !it.wanted.taken.Swap(true) {
		w = &it.wanted.Wanted
	} else {
		w = &Wanted{Entry: record.Entry{Path: it.path, Record: it.rec}}
		p.b.run.in.Contents.Want(w)
	}
	wrong, err := p.bring(ctx, it, w)
	for try := 1; err == nil && ofThisFile(wrong) && try < copiesTried && it.rec.Has(record.Hashed); try++ {
		again := &Wanted{Entry: w.Entry, Tries: try}
		if w.Old != nil { // which may be what is wrong
			again.Tries--
		}
		p.b.run.in.Contents.Want(again)
		var other error
		if other, err = p.bring(ctx, it, again); other == nil || !ofThisFile(other) {
			wrong = other
		}
	}
	switch {
	case err != nil || wrong == nil:
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case ofThisFile(wrong):
		p.notReceived(it, wrong)
		return nil
	}
	return &IncomingError{it.path, wrong}
}

// ofThisFile reports whether what is wrong with bytes that came is not wrong with those of the next file.
func ofThisFile(wrong error) bool {
	return errors.Is(wrong, ErrLost) || errors.Is(wrong, ErrOtherContent)
}

// bring makes the file of the bytes that come, as fill does.
func (p *entryWriter) bring(ctx context.Context, it *item, w *Wanted) (wrong, err error) {
	src, wrong := p.b.run.in.Contents.Open(ctx, w)
	if wrong != nil {
		return wrong, nil
	}
	wrong, err = p.fill(ctx, it, src)
	src.Close()
	return wrong, err
}

// copyHere makes the file of one in the previous snapshot, and reports whether that has its bytes.
func (p *entryWriter) copyHere(ctx context.Context, it *item) (bool, error) {
	if p.b.old == nil || !it.rec.Has(record.Hashed) {
		return false, nil
	}
	dir, name := record.Split(it.here)
	d, err := p.oldFolder(dir)
	if err != nil {
		return false, nil
	}
	src, err := d.Open(name)
	if err != nil {
		return false, nil
	}
	defer src.Close()
	wrong, err := p.fill(ctx, it, src)
	return wrong == nil && err == nil, err
}

// fill makes the file of the bytes of src. wrong is why these are not what the record says, and nothing was made then;
// err ends the run.
func (p *entryWriter) fill(ctx context.Context, it *item, src io.Reader) (wrong, err error) {
	rec := &it.rec
	dst, err := p.newDir.CreateMode(it.name, rec.Mode)
	if err != nil {
		return nil, err
	}
	if p.h == nil {
		p.h = file.NewDigest()
	}
	buf := file.Buffers.Get().(*[]byte)
	defer file.Buffers.Put(buf)
	work := p.b.meter.Begin(it.path, rec.OnDisk())
	defer work.End()
	p.h.Begin(rec.Has(record.SparseHash))
	n, wrong := file.CopyStream(ctx, dst, src, record.Plus(rec.Size, 1), p.h, *buf, work.Moved)
	if w := (*file.WriteError)(nil); errors.As(wrong, &w) || ctx.Err() != nil { // the destination's, not the sender's
		return nil, errors.Join(wrong, ctx.Err(), dst.Close())
	}
	if wrong == nil && (n != rec.Size || rec.Has(record.Hashed) && [32]byte(p.h.Sum(nil)) != rec.Hash) {
		wrong = ErrOtherContent
	}
	if wrong != nil {
		return wrong, errors.Join(dst.Close(), p.newDir.Remove(it.name))
	}
	if !rec.Has(record.Hashed) {
		record.SetHash(rec, p.h)
		p.b.hashed.Add(1)
	}
	lacks, err := dst.SetMeta(rec.Meta())
	if err := errors.Join(err, dst.Close()); err != nil {
		return nil, err
	}
	p.b.losses.add(it.path, lacks)
	p.b.copied.Add(rec.OnDisk())
	return nil, nil
}

// notReceived leaves a file out of the tree. Its hash stays on record: what comes later must have it.
func (p *entryWriter) notReceived(it *item, why error) {
	it.problem = &NotReceivedError{why}
	it.rec.Stored, it.rec.Reason = record.Absent, record.NotReceived
}
