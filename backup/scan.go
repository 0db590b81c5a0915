package backup

import (
	"context"
	"errors"
	"iter"
	"time"

	"snap/backup/source"
	"snap/destination"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/record"
	"snap/scan"
)

// candidates are the paths that the stat record alone does not prove unchanged, with what the source
// has there now, and tombstones for what is gone.
type candidates struct {
	*record.Spool
	files int64 // entries of the source that are not folders
	dirs  int64

	otherRoom int64 // the part of plan.otherRoom that the scan knows
}

// scan walks the source and compares it with the previous snapshot.
func (r *run) scan(ctx context.Context, work *destination.WorkFolder) (*candidates, error) {
	s, err := record.NewSpool(work.Path())
	if err != nil {
		return nil, err
	}
	found := &candidates{Spool: s}
	if err := r.compare(ctx, found); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.Finish(); err != nil {
		s.Close()
		return nil, err
	}
	return found, nil
}

// compare adds to found what the stat record alone does not prove unchanged.
func (r *run) compare(ctx context.Context, found *candidates) error {
	c := &comparison{
		run: r, found: found, block: r.blockSize(), unreadable: "/",
		census: r.source.NewCensus(r.d.DB, r.prev, r.o.AllowEmptySource),
		mounts: source.EmptyMounts{Source: r.source, DB: r.d.DB, Prev: r.prev,
			Report: func(path string, err error) { r.problem(path, err, false) }},
	}
	for p, err := range scan.Compare(r.source.Walk(ctx, r.o.Jobs), r.previous(ctx), r.source.VolumeOf, r.o.Rules) {
		if err == nil {
			err = c.mounts.Pass(ctx, p)
		}
		if err == nil {
			err = c.take(p)
		}
		if err != nil {
			return err
		}
	}
	c.mounts.End()
	return c.census.Check(ctx, found.files)
}

// comparison takes the pairs of the source and the previous snapshot.
type comparison struct {
	run        *run
	found      *candidates
	census     *source.Census
	mounts     source.EmptyMounts
	several    scan.Identities // of the candidates with several names; the other names may be outside the source
	unreadable string          // the folder that could not be read last
	block      int64
	pairs      int64
	bytes      int64
}

// take counts a pair, and adds it to the candidates if it needs a judgement.
func (c *comparison) take(p *scan.Pair) error {
	r := c.run
	if p.New != nil {
		if file.BlameOf(p.New.Err, file.Source) == file.WholeRun {
			return p.New.Err
		}
		c.count(p)
	}
	if c.pairs++; c.pairs&255 == 0 {
		at := r.scanning()
		at.Files, at.Bytes, at.Path = c.found.files, c.bytes, p.Path()
		r.o.Report.Progress(at)
	}
	if p.Same {
		if p.Old.Nlink > 1 && p.Old.Kind != file.Folder {
			r.sourceIdentities.Add(&p.Old.Record)
		}
		return nil
	}
	e, ok := r.candidate(p)
	if !ok {
		return nil
	}
	if p.New != nil && p.New.Err != nil {
		c.unreadable = e.Path
	} else if p.New == nil && record.Within(e.Path, c.unreadable) { // it may still be there
		e.Reason = record.UnreadableNow
	}
	if r.prev != nil && e.Exists() && (p.Old == nil || p.Old.Nlink > 1 || !p.Old.SameIdentity(&e.Record)) {
		r.sourceIdentities.Add(&e.Record)
	}
	if e.Nlink > 1 && e.Ino != 0 && e.Kind != file.Folder {
		if c.several.Has(&e.Record) {
			r.sharedIdentities.Add(&e.Record)
		}
		c.several.Add(&e.Record)
	}
	return c.found.Add(e)
}

// scanning is how far the scan is when it begins. What there was before is about what there will be.
func (r *run) scanning() progress.State {
	at := progress.State{Stage: progress.Scanning}
	if r.prev != nil {
		at.TotalFiles, at.About = r.prev.Files, true
	}
	return at
}

// count counts what the source has of a pair.
func (c *comparison) count(p *scan.Pair) {
	it := p.New
	if it.Stat.Kind == file.Folder {
		c.found.dirs++
	} else {
		c.found.files++
		c.bytes = record.Plus(c.bytes, it.Stat.Size)
	}
	c.found.otherRoom += nameSpace + int64(len(it.Name))
	if p.Same && it.Stat.Kind == file.Folder { // made again in each tree
		c.found.otherRoom += roomBeside(&p.Old.Record, c.block)
	}
	c.census.Meet(it)
}

// previous is what the previous snapshot holds.
func (r *run) previous(ctx context.Context) iter.Seq2[*record.Entry, error] {
	if r.prev == nil {
		return func(func(*record.Entry, error) bool) {}
	}
	return r.d.DB.Entries(ctx, r.seq, "")
}

// candidate is the entry of a pair that needs a judgement; false if there is nothing to judge.
func (r *run) candidate(p *scan.Pair) (*record.Entry, bool) {
	e := &record.Entry{Path: p.Path()}
	gone := record.Record{Change: record.Removed, Reason: record.Gone}
	if p.New == nil {
		e.Record = gone
		return e, true
	}
	it := p.New
	if !record.ValidPath(e.Path) {
		r.problem(e.Path, record.ErrPathTooLong, false)
		return e, false
	}
	if it.Stat.Kind == file.None { // not even lstat works
		r.problem(e.Path, file.Reason(it.Err), false)
		e.Record = gone
		e.Record.Reason = record.UnreadableNow
		return e, p.Old != nil
	}
	e.Record = record.Record{Stat: it.Stat, Volume: r.source.VolumeOf(it.Stat.Dev), Change: record.Added}
	e.Took(it.Stat.Allocated) // as far as can be said before it is copied
	r.stamp(&e.Record)
	if it.Err != nil {
		r.problem(e.Path, file.Reason(it.Err), false)
		e.Flags |= record.Unreadable
	}
	return e, true
}

// stamp marks a record whose times do not prove that nothing was changed since.
func (r *run) stamp(rec *record.Record) {
	rec.Flags &^= record.Racy
	now := r.o.Start.Add(max(0, time.Since(r.o.Start)))
	if scan.Racy(&rec.Stat, r.o.Start, now, r.o.Rules) {
		rec.Flags |= record.Racy
	}
}

// errVanished stops work on an entry that is gone by now.
var errVanished = errors.New("vanished")
