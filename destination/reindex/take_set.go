package reindex

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"snap/internal/progress"
	"snap/record"
)

// takeSnapshot brings one snapshot into the new index.
func (r *reindex) takeSnapshot(ctx context.Context, s *step, last bool) error {
	parent := uint64(0)
	if r.last != nil {
		parent = r.last.Seq
	}
	switch {
	case s.follows(parent) || s.follows(0) && !r.broken:
		return r.takeSet(ctx, s, last)
	case s.tree:
		if s.whole {
			s.why = errors.New("its change set is relative to a snapshot that is lost")
		}
		return r.takeTree(ctx, s)
	}
	r.broken = true
	switch {
	case s.whole:
		s.why = errors.New("its change set is relative to a snapshot that is lost, and its folder is gone")
	case s.why == nil:
		s.why = errors.New("its change set is missing, and its folder is not known")
	}
	r.res.Lost = append(r.res.Lost, Rebuilt{Seq: s.seq, Name: s.name, Err: s.why})
	return nil
}

// takeSet imports a change set. The last one may be that of a run that was killed between the renames of its set and
// its tree; its tree is published then.
func (r *reindex) takeSet(ctx context.Context, s *step, last bool) error {
	h := s.head
	if err := r.label(h); err != nil {
		return err
	}
	r.o.Progress(progress.State{Stage: progress.Indexing, Path: h.Name})
	work := ""
	if last && !s.tree {
		var err error
		if work, err = r.d.UnpublishedWork(); err != nil {
			return err
		}
	}
	sourceless := h.Source == "" && r.o.Source != ""
	h.Source = cmp.Or(h.Source, r.o.Source)
	if err := r.d.ImportChangeSet(ctx, h); err != nil {
		return fmt.Errorf("change set %d: %w", h.Seq, err)
	}
	if sourceless {
		r.res.Sourced++
		if err := r.d.RewriteChangeSet(ctx, h); err != nil {
			return err
		}
	}
	if work != "" {
		h.Work = work
		if err := r.d.PublishPrepared(ctx, h); err != nil {
			return err
		}
	}
	r.done(h)
	return nil
}

// done makes h the newest snapshot of the new index.
func (r *reindex) done(h *record.Header) {
	r.closeTree()
	r.last, r.broken = h, false
	r.older[h.Seq] = h
	r.res.Snapshots++
}

// closeTree closes the tree that was looked at last.
func (r *reindex) closeTree() {
	if r.before != nil {
		r.before.close()
		r.before = nil
	}
}

// label enters the labels that a snapshot was given later.
func (r *reindex) label(h *record.Header) error {
	_, err := r.d.ApplyLabels(h)
	if errors.Is(err, record.ErrDamaged) {
		r.res.Notes = append(r.res.Notes,
			fmt.Errorf("the tags and the note of %s are those it was made with: %w", h.Name, err))
		return nil
	}
	return err
}
