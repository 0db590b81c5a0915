package cli

import (
	"context"
	"iter"
	"slices"
	"time"

	"snap/index"
	"snap/internal/file"
)

// findFilter is which versions of which paths are asked for. Its zero value, but for the patterns, asks for all.
type findFilter struct {
	patterns   []string              // paths, names and globs, or regular expressions
	regex      bool                  // the patterns are regular expressions
	ignoreCase bool                  // large and small letters are the same
	kind       file.Kind             // only of this kind
	size       func(size int64) bool // only files of such a size
	since      time.Time             // only what was last modified then or later
	until      time.Time             // only what was last modified before
	in         string                // only what is in the snapshot that this reference names
	deleted    bool                  // only what the newest snapshot holds under no name
}

// find yields the versions that pass f, those of one path together, the paths in key order. None is empty.
func (d *reader) find(ctx context.Context, f *findFilter) iter.Seq2[[]version, error] {
	return func(yield func([]version, error) bool) {
		in := -1
		if f.in != "" {
			var err error
			if in, err = d.resolver().ref(f.in); err != nil {
				yield(nil, err)
				return
			}
		}
		m, err := d.matcher(ctx, f.patterns, f.regex, f.ignoreCase)
		if err != nil {
			yield(nil, err)
			return
		}
		for h, err := range d.histories(ctx, m) {
			var found []version
			if err == nil {
				found, err = d.passing(ctx, f, in, versionsOf(&h, d.snaps))
			}
			if err == nil && len(found) == 0 {
				continue
			}
			if !yield(found, err) || err != nil {
				return
			}
		}
	}
}

// matcher reads patterns. What fits nothing where it was typed is taken for the end of a path.
func (d *reader) matcher(ctx context.Context, patterns []string, regex, fold bool) (*matcher, error) {
	m, err := newMatcher(patterns, regex, fold, d.locator())
	if err != nil {
		return nil, err
	}
	return m, m.widen(func(m *matcher) (bool, error) {
		for _, err := range d.histories(ctx, m) {
			return err == nil, err
		}
		return false, nil
	})
}

// histories yields what m matches, reading no more of the index than m needs.
func (d *reader) histories(ctx context.Context, m *matcher) iter.Seq2[index.History, error] {
	return func(yield func(index.History, error) bool) {
		for _, root := range m.roots() {
			for h, err := range d.db.Histories(ctx, root, m.matches) {
				if !yield(h, err) || err != nil {
					return
				}
			}
		}
	}
}

// passing keeps the versions of one path that pass f; in is the position of the snapshot that they are to be in, -1 for any.
func (d *reader) passing(ctx context.Context, f *findFilter, in int, all []version) ([]version, error) {
	if f.deleted && len(all) > 0 {
		if lost, err := d.lost(ctx, all[len(all)-1]); err != nil || !lost {
			return nil, err
		}
		all = heldOnly(all)
	}
	return slices.DeleteFunc(all, func(v version) bool { return !f.passes(&v, in) }), nil
}

func (f *findFilter) passes(v *version, in int) bool {
	r := v.record
	t := r.Mtime.Time()
	switch {
	case f.kind != file.None && r.Kind != f.kind,
		f.size != nil && (r.Kind != file.Regular || !f.size(r.Size)),
		!f.since.IsZero() && t.Before(f.since),
		!f.until.IsZero() && !t.Before(f.until),
		in >= 0 && (in < v.first || in > v.last):
		return false
	}
	return true
}
