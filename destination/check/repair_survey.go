package check

import (
	"context"
	"errors"
	"iter"
	"slices"

	"snap/index"
	"snap/internal/file"
	"snap/scan"
)

// need is a content that is missing in places.
type need struct {
	left int          // places
	at   spot         // one of them
	rec  index.Record // its record
}

// found is a path with a content, in the trees from one position to another.
type found struct {
	path        string
	rec         index.Record
	first, last int
}

// survey finds out which contents are needed, and where the index and the trees may have them.
func (m *mender) survey(ctx context.Context, todo []*fault) error {
	for _, f := range todo {
		if f.what == FaultExtra {
			continue
		}
		for _, s := range f.spans {
			for pos := s.first; pos <= s.last; pos++ {
				for e, err := range m.places(ctx, f, pos) {
					if errors.As(err, new(*unmendable)) {
						break
					}
					if err != nil {
						return err
					}
					if e.Kind == file.Regular && held(&e.Record) && e.Has(index.Hashed) {
						n := m.needs[e.Hash]
						if n == nil {
							n = &need{at: spot{pos, e.Path}, rec: e.Record}
							m.needs[e.Hash], m.sizes[e.Size] = n, true
						}
						n.left++
					}
				}
			}
		}
	}
	if len(m.needs) == 0 {
		return nil
	}
	for _, f := range todo {
		if f.what == FaultExtra {
			if err := m.surveyExtra(ctx, f); err != nil {
				return err
			}
		}
	}
	return m.surveyIndex(ctx)
}

// foundMax is how many places of a content are remembered.
const foundMax = 16

// surveyIndex looks for the contents that are needed in the whole index, once.
func (m *mender) surveyIndex(ctx context.Context) error {
	for h, err := range m.d.DB.Histories(ctx, "", func([]byte) bool { return true }) {
		if err != nil {
			return err
		}
		for i := range h.Versions {
			v := &h.Versions[i]
			if v.Kind != file.Regular || !v.Exists() || !held(&v.Record) || !v.Has(index.Hashed) || m.needs[v.Hash] == nil || len(m.elsewhere[v.Hash]) >= foundMax {
				continue
			}
			if f := m.reach(&h, i); f.first <= f.last {
				m.elsewhere[v.Hash] = append(m.elsewhere[v.Hash], f)
			}
		}
	}
	return nil
}

// reach says in which trees a version of a path is.
func (m *mender) reach(h *index.History, i int) found {
	f := found{path: h.Path, rec: h.Versions[i].Record, first: m.from(h.Versions[i].Seq), last: len(m.snaps) - 1}
	if i+1 < len(h.Versions) {
		f.last = m.from(h.Versions[i+1].Seq) - 1
	}
	return f
}

// from is the position of the first snapshot with this number or a larger one.
func (m *mender) from(seq uint64) int {
	i, _ := slices.BinarySearchFunc(m.snaps, seq, func(h index.Header, seq uint64) int {
		if h.Seq < seq {
			return -1
		}
		return 1
	})
	return i
}

// surveyExtra reads files that do not belong where they are and have the size of one that is needed:
// somebody may have renamed it.
func (m *mender) surveyExtra(ctx context.Context, f *fault) error {
	for _, s := range f.spans {
		for pos := s.first; pos <= s.last; pos++ {
			for path, err := range m.files(ctx, spot{pos, f.path}) {
				if err != nil {
					return err
				}
				in, name := index.Split(path)
				d, err := m.dir(pos, in)
				if err != nil {
					continue
				}
				if stat, err := d.Lstat(name); err == nil && stat.Kind == file.Regular && m.sizes[stat.Size] {
					if got := m.sum(ctx, d, name, &stat); got.err == nil && m.needs[got.hash] != nil {
						m.extras[got.hash] = spot{pos, path}
					}
				}
				d.Close()
			}
		}
	}
	return ctx.Err()
}

// files yields the path itself or, of a folder, the files in it. What cannot be read is passed over.
func (m *mender) files(ctx context.Context, s spot) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		in, name := index.Split(s.path)
		parent, err := m.dir(s.pos, in)
		if err != nil {
			return
		}
		defer parent.Close()
		d, err := parent.OpenDir(name)
		if err != nil {
			yield(s.path, ctx.Err())
			return
		}
		defer d.Close()
		for it, err := range scan.Walk(ctx, d, scan.Options{}) {
			if err != nil {
				yield("", ctx.Err())
				return
			}
			if it.Stat.Kind == file.Regular && !yield(index.Join(s.path, it.Path()), nil) {
				return
			}
		}
	}
}
