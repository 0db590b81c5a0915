package vault

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"

	"snap/index"
	"snap/record"
)

// scratch is an index of the vault's snapshots without trees, made of their change sets, in a folder of its own.
type scratch struct {
	v   *Vault
	dir string
	db  *index.DB
}

const scratchPrefix = "scratch-"

// newScratch reads all change sets.
func (v *Vault) newScratch(ctx context.Context) (*scratch, error) {
	left, err := filepath.Glob(filepath.Join(v.m.dir.Path(), scratchPrefix+"*"))
	for _, dir := range left { // of a run that died
		err = errors.Join(err, os.RemoveAll(dir))
	}
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(v.m.dir.Path(), scratchPrefix)
	if err != nil {
		return nil, err
	}
	s := &scratch{v: v, dir: dir}
	if err := s.fill(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *scratch) fill(ctx context.Context) (err error) {
	path, v := filepath.Join(s.dir, "index.db"), s.v
	if err := index.Create(path, v.id); err != nil {
		return err
	}
	if s.db, err = index.Open(path); err != nil {
		return err
	}
	for i := range v.h.Snapshots {
		h := v.h.Snapshots[i].Header
		header := func() (*record.Header, error) { return &h, nil }
		if err := s.db.Import(ctx, h.Seq, v.records(ctx, h.Seq), header); err != nil {
			return err
		}
		h.State = record.Complete
		if err := s.db.SetHeader(ctx, &h); err != nil {
			return err
		}
	}
	return nil
}

func (s *scratch) close() error { return os.RemoveAll(s.dir) }

// merged is the change set that snapshot next has against prev once those between are deleted; the index follows. It is
// in a file of the scratch folder.
func (s *scratch) merged(ctx context.Context, prev uint64, next *record.Header) (path string, err error) {
	path = filepath.Join(s.dir, "merged")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	defer f.Close()
	w, err := record.NewChangeWriter(f, next)
	if err != nil {
		return "", err
	}
	for e, err := range s.db.Merged(ctx, prev, next) {
		if err == nil {
			err = w.Add(e.Path, &e.Record)
		}
		if err != nil {
			return "", err
		}
	}
	next.Records = w.Count()
	if err := errors.Join(w.End(next), f.Close()); err != nil {
		return "", err
	}
	next.State = record.Complete
	return path, s.db.Fold(ctx, prev, next, recordsIn(path))
}

// recordsIn yields the records of a change set in a file.
func recordsIn(path string) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		r, err := record.NewChangeReader(f)
		if err != nil {
			yield(nil, err)
			return
		}
		r.All()(yield)
	}
}
