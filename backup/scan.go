package backup

import (
	"context"
	"errors"
	"iter"
	"time"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/scan"
)

// candidates are the paths that the stat record alone does not prove unchanged, with what the source
// has there now, and tombstones for what is gone.
type candidates struct {
	*index.Spool
	files int64 // entries of the source that are not folders
	dirs  int64

	otherRoom int64 // the part of plan.otherRoom that the scan knows
}

// scan walks the source and compares it with the previous snapshot.
func (r *run) scan(ctx context.Context, work *destination.WorkFolder) (*candidates, error) {
	s, err := index.NewSpool(work.Path())
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

func (r *run) compare(ctx context.Context, found *candidates) error {
	o := r.o.Scan
	o.Jobs = r.o.Jobs
	var volumeOf func(dev uint64) uint32
	var at *scan.Item // where a file system is met for the first time
	volumeOf = func(dev uint64) uint32 {
		return r.vols.of(dev, func() (*file.Dir, error) {
			if at.Stat.Kind == file.Folder {
				return r.tree.Dir(at.Path())
			}
			return r.tree.Dir(at.Dir)
		})
	}
	walk := func(yield func(*scan.Item, error) bool) {
		for it, err := range scan.Walk(ctx, r.source, o) {
			at = it
			if !yield(it, err) {
				return
			}
		}
	}
	n, bytes, block := int64(0), int64(0), r.blockSize()
	census := r.newCensus()
	var once identitySet // of the candidates with several names; the other names may be outside the source
	var empty emptyMounts
	shut := "/" // the folder that could not be read last
	for p, err := range scan.Compare(walk, r.previous(ctx), volumeOf, r.o.Rules) {
		if err == nil {
			err = empty.pass(ctx, r, p, volumeOf)
		}
		if err != nil {
			return err
		}
		if it := p.New; it != nil {
			if file.BlameOf(it.Err, file.Source) == file.WholeRun {
				return it.Err
			}
			if it.Stat.Kind == file.Folder {
				found.dirs++
			} else {
				found.files++
			}
			found.otherRoom += nameSpace + int64(len(it.Name))
			if p.Same && it.Stat.Kind == file.Folder { // made again in each tree
				found.otherRoom += roomBeside(&p.Old.Record, block)
			}
			bytes = index.Plus(bytes, it.Stat.Size)
			census.meet(it)
		}
		if n++; n&1023 == 0 {
			r.o.Report.Progress(progress.State{Stage: progress.Scanning, Files: n, Bytes: bytes, Path: p.Path()})
		}
		if p.Same {
			if p.Old.Nlink > 1 && p.Old.Kind != file.Folder {
				r.sourceIdentities.add(&p.Old.Record)
			}
			continue
		}
		e, ok := r.candidate(p, volumeOf)
		if !ok {
			continue
		}
		if p.New != nil && p.New.Err != nil {
			shut = e.Path
		} else if p.New == nil && index.Within(e.Path, shut) { // it may still be there
			e.Reason = index.UnreadableNow
		}
		if r.prev != nil && e.Exists() && (p.Old == nil || p.Old.Nlink > 1 || !p.Old.SameIdentity(&e.Record)) {
			r.sourceIdentities.add(&e.Record)
		}
		if e.Nlink > 1 && e.Ino != 0 && e.Kind != file.Folder {
			if once.has(&e.Record) {
				r.sharedIdentities.add(&e.Record)
			}
			once.add(&e.Record)
		}
		if err := found.Add(e); err != nil {
			return err
		}
	}
	empty.tell(r)
	if err := r.checkCensus(ctx, census); err != nil {
		return err
	}
	return r.checkLeftOut(found.files)
}

// previous is what the previous snapshot holds.
func (r *run) previous(ctx context.Context) iter.Seq2[*index.Entry, error] {
	if r.prev == nil {
		return func(func(*index.Entry, error) bool) {}
	}
	return r.d.DB.Entries(ctx, r.seq, "")
}

// candidate is the entry of a pair that needs a judgement; false if there is nothing to judge.
func (r *run) candidate(p *scan.Pair, volumeOf func(uint64) uint32) (*index.Entry, bool) {
	e := &index.Entry{Path: p.Path()}
	gone := index.Record{Change: index.Removed, Reason: index.Gone}
	if p.New == nil {
		e.Record = gone
		return e, true
	}
	it := p.New
	if !index.ValidPath(e.Path) {
		r.problem(e.Path, index.ErrPathTooLong, false)
		return e, false
	}
	if it.Stat.Kind == file.None { // not even lstat works
		r.problem(e.Path, file.Reason(it.Err), false)
		e.Record = gone
		e.Record.Reason = index.UnreadableNow
		return e, p.Old != nil
	}
	e.Record = index.Record{Stat: it.Stat, Volume: volumeOf(it.Stat.Dev), Change: index.Added}
	e.Took(it.Stat.Allocated) // as far as can be said before it is copied
	r.stamp(&e.Record)
	if it.Err != nil {
		r.problem(e.Path, file.Reason(it.Err), false)
		e.Flags |= index.Unreadable
	}
	return e, true
}

// stamp marks a record whose times do not prove that nothing was changed since.
func (r *run) stamp(rec *index.Record) {
	rec.Flags &^= index.Racy
	now := r.o.Start.Add(max(0, time.Since(r.o.Start)))
	if scan.Racy(&rec.Stat, r.o.Start, now, r.o.Rules) {
		rec.Flags |= index.Racy
	}
}

// errVanished stops work on an entry that is gone by now.
var errVanished = errors.New("vanished")
