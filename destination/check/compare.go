package check

import (
	"context"
	"iter"

	"snap/internal/file"
	"snap/internal/progress"
	"snap/internal/stream"
	"snap/record"
	"snap/scan"
)

// comparedPath is one path: what the index says of it, and what the tree has.
type comparedPath struct {
	path    string
	indexed bool
	rec     record.Record
	there   bool
	stat    file.Stat
	err     error // why the entry, or what is in it, cannot be read

	target       string // of a symbolic link in the tree
	readsInode   bool   // this path reads the inode
	compareBytes bool   // the inode's bytes are to be compared
	attrs        bool   // its extended attributes are to be compared
	unlike       string // what of them differs from the record
	hash         uint64
	bytes        int64
	failed       error // of reading
}

// A batch ends after so many entries or bytes to read; so many batches are in work at a time.
const (
	batchItems    = 256
	batchBytes    = 4 << 20
	batchesWindow = 64
)

// A batch is a run of consecutive paths that one worker looks at.
type batch struct {
	paths []comparedPath
	bytes int64
}

// batches merges the tree with the index's listing and cuts what this pass judges into batches.
func (t *treeCheck) batches(ctx context.Context, h *record.Header, top *file.Dir) iter.Seq2[*batch, error] {
	return func(yield func(*batch, error) bool) {
		l := &batch{}
		for s, err := range comparePaths(t.d.DB.Entries(ctx, h.Seq, ""), scan.Walk(ctx, top, scan.Options{Jobs: t.o.Jobs})) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !t.read.inThisPass(s) {
				continue
			}
			if t.subvolume {
				s.stat.Dev = 0
			}
			t.read.choose(s)
			s.attrs = t.due(s)
			l.paths = append(l.paths, *s)
			if s.readsInode {
				l.bytes = record.Plus(l.bytes, s.stat.Size)
			}
			if len(l.paths) >= batchItems || l.bytes >= batchBytes {
				if !yield(l, nil) {
					return
				}
				l = &batch{}
			}
		}
		yield(l, nil)
	}
}

// comparePaths merges a listing with a walk, both in key order. A comparedPath is valid until the next one.
func comparePaths(listing iter.Seq2[*record.Entry, error],
	walk iter.Seq2[*scan.Item, error]) iter.Seq2[*comparedPath, error] {
	return func(yield func(*comparedPath, error) bool) {
		var s comparedPath
		order := func(it *scan.Item, e *record.Entry) int { return record.Compare(it.Path(), e.Path) }
		for j, err := range stream.Join(walk, listing, order) {
			if err != nil {
				yield(nil, err)
				return
			}
			s = comparedPath{}
			if it := j.Left; it != nil {
				s.path, s.there, s.stat, s.err = it.Path(), true, it.Stat, it.Err
			}
			if e := j.Right; e != nil {
				s.path, s.indexed, s.rec = e.Path, true, e.Record
			}
			if !yield(&s, nil) {
				return
			}
		}
	}
}

// look does what needs the tree: it reads links, and the files that are this pass's turn.
func (t *treeCheck) look(ctx context.Context, l *batch) (*batch, error) {
	var in *file.Dir
	var at string
	defer func() {
		if in != nil {
			in.Close()
		}
	}()
	r := t.read.reader()
	defer r.close()
	for i := range l.paths {
		s := &l.paths[i]
		link := s.indexed && s.there && s.stat.Kind == file.Symlink && s.rec.Kind == file.Symlink
		if !link && !s.readsInode && !s.attrs {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		dir, name := record.Split(s.path)
		if in == nil || at != dir {
			if in != nil {
				in.Close()
			}
			if in, s.failed = t.tree.Dir(dir); s.failed != nil {
				in = nil
				continue
			}
			at = dir
		}
		if s.attrs {
			if s.unlike, s.failed = t.preserved.attributes(in, name, &s.rec); s.failed != nil {
				continue
			}
		}
		if link {
			s.target, s.failed = in.Readlink(name)
			continue
		}
		if !s.readsInode {
			continue
		}
		var sum [32]byte
		work := progress.MeterOf(ctx).Begin(s.path, s.stat.Size)
		sum, s.bytes, s.failed = r.sum(ctx, in, name, &s.stat, &s.rec, work.Moved)
		work.End()
		if s.failed != nil && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s.hash = prefix(&sum)
	}
	return l, nil
}
