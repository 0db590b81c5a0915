package check

import (
	"context"
	"errors"
	"iter"
	"slices"

	"snap/index"
	"snap/internal/file"
	"snap/record"
	"snap/scan"
)

// wantedContent is a content that is missing in places.
type wantedContent struct {
	places int           // places
	at     treePath      // one of them
	rec    record.Record // its record
}

// contentSource is a path with a content, in the trees from one position to another.
type contentSource struct {
	path        string
	rec         record.Record
	first, last int
}

// survey finds out which contents are needed, and where the index and the trees may have them.
func (m *repairer) survey(ctx context.Context, todo []*fault) error {
	for _, f := range todo {
		if f.what == FaultExtra {
			continue
		}
		for _, s := range f.spans {
			for pos := s.first; pos <= s.last; pos++ {
				for e, err := range m.places(ctx, f, pos) {
					if errors.As(err, new(*unrepairable)) {
						break
					}
					if err != nil {
						return err
					}
					if e.Kind == file.Regular && held(&e.Record) && e.Has(record.Hashed) {
						n := m.wanted[e.Hash]
						if n == nil {
							n = &wantedContent{at: treePath{pos, e.Path}, rec: e.Record}
							m.wanted[e.Hash], m.sizes[e.Size] = n, true
						}
						n.places++
					}
				}
			}
		}
	}
	if len(m.wanted) == 0 {
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

// sourcesMax is how many places of a content are remembered.
const sourcesMax = 16

// surveyIndex looks for the contents that are needed in the whole index, once.
func (m *repairer) surveyIndex(ctx context.Context) error {
	for h, err := range m.d.DB.Histories(ctx, "", func([]byte) bool { return true }) {
		if err != nil {
			return err
		}
		for i := range h.Versions {
			v := &h.Versions[i]
			if v.Kind != file.Regular || !v.Exists() || !held(&v.Record) || !v.Has(record.Hashed) || m.wanted[v.Hash] == nil ||
				len(m.indexed[v.Hash]) >= sourcesMax {
				continue
			}
			if f := m.treesWith(&h, i); f.first <= f.last {
				m.indexed[v.Hash] = append(m.indexed[v.Hash], f)
			}
		}
	}
	return nil
}

// treesWith says in which trees a version of a path is.
func (m *repairer) treesWith(h *index.History, i int) contentSource {
	f := contentSource{path: h.Path, rec: h.Versions[i].Record, first: m.posOf(h.Versions[i].Seq), last: len(m.snaps) - 1}
	if i+1 < len(h.Versions) {
		f.last = m.posOf(h.Versions[i+1].Seq) - 1
	}
	return f
}

// posOf is the position of the first snapshot with this number or a larger one.
func (m *repairer) posOf(seq uint64) int {
	i, _ := slices.BinarySearchFunc(m.snaps, seq, func(h record.Header, seq uint64) int {
		if h.Seq < seq {
			return -1
		}
		return 1
	})
	return i
}

// surveyExtra reads files that do not belong where they are and have the size of one that is needed:
// somebody may have renamed it.
func (m *repairer) surveyExtra(ctx context.Context, f *fault) error {
	for _, s := range f.spans {
		for pos := s.first; pos <= s.last; pos++ {
			for path, err := range m.files(ctx, treePath{pos, f.path}) {
				if err != nil {
					return err
				}
				in, name := record.Split(path)
				d, err := m.dir(pos, in)
				if err != nil {
					continue
				}
				if stat, err := d.Lstat(name); err == nil && stat.Kind == file.Regular && m.sizes[stat.Size] {
					if got := m.sum(ctx, d, name, &stat); got.err == nil && m.wanted[got.hash] != nil {
						m.extras[got.hash] = treePath{pos, path}
					}
				}
				d.Close()
			}
		}
	}
	return ctx.Err()
}

// files yields the path itself or, of a folder, the files in it. What cannot be read is passed over.
func (m *repairer) files(ctx context.Context, s treePath) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		in, name := record.Split(s.path)
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
			if it.Stat.Kind == file.Regular && !yield(record.Join(s.path, it.Path()), nil) {
				return
			}
		}
	}
}
