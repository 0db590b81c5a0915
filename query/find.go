package query

import (
	"context"
	"iter"
	"slices"
	"time"

	"snap/index"
	"snap/internal/file"
)

// Filter is which versions of which paths are asked for. Its zero value, but for the patterns, asks for all.
type Filter struct {
	Patterns   []string              // paths, names and globs, or regular expressions; none: everything
	Regex      bool                  // the patterns are regular expressions
	IgnoreCase bool                  // large and small letters are the same
	Kind       file.Kind             // only of this kind
	Size       func(size int64) bool // only files of such a size
	Since      time.Time             // only what was last modified then or later; with Deleted: was deleted
	Until      time.Time             // only what was last modified before; with Deleted: was deleted
	In         string                // only what is in the snapshot that this reference names
	Deleted    bool                  // only what the newest snapshot holds under no name
}

// Find yields the versions that pass f, those of one path together, the paths in key order. None is empty.
func (d *Reader) Find(ctx context.Context, f *Filter) iter.Seq2[[]Version, error] {
	return func(yield func([]Version, error) bool) {
		in := -1
		if f.In != "" {
			var err error
			if in, err = d.Resolver().Resolve(f.In); err == nil && !f.Regex {
				err = d.OfOther(f.Patterns, []int{in}, "snap find --in REF NAME")
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
		m, err := d.Matcher(ctx, f.Patterns, f.Regex, f.IgnoreCase)
		if err != nil {
			yield(nil, err)
			return
		}
		for h, err := range d.Histories(ctx, m) {
			var found []Version
			if err == nil {
				found, err = d.versions(ctx, &h)
			}
			if err == nil {
				found, err = d.passing(ctx, f, in, found)
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

// Matcher reads patterns. What fits nothing where it was typed is taken for the end of a path.
func (d *Reader) Matcher(ctx context.Context, patterns []string, regex, fold bool) (*Matcher, error) {
	if len(patterns) == 0 {
		return &Matcher{patterns: []pattern{{paths: []string{""}}}}, nil
	}
	m, err := newMatcher(patterns, regex, fold, d.locator())
	if err != nil {
		return nil, err
	}
	return m, m.widen(func(m *Matcher) (bool, error) { return d.fits(ctx, m) })
}

func (d *Reader) fits(ctx context.Context, m *Matcher) (bool, error) {
	for _, err := range d.Histories(ctx, m) {
		return err == nil, err
	}
	return false, nil
}

// Fits reports whether a pattern fits anything in any snapshot.
func (d *Reader) Fits(ctx context.Context, typed string, fold bool) (bool, error) {
	m, err := d.Matcher(ctx, []string{typed}, false, fold)
	if err != nil {
		return false, err
	}
	return d.fits(ctx, m)
}

// Histories yields what m matches, reading no more of the index than m needs.
func (d *Reader) Histories(ctx context.Context, m *Matcher) iter.Seq2[index.History, error] {
	return func(yield func(index.History, error) bool) {
		for _, root := range m.roots() {
			for h, err := range d.DB.Histories(ctx, root, m.Matches) {
				if !yield(h, err) || err != nil {
					return
				}
			}
		}
	}
}

// passing keeps the versions of one path that pass f; in is the position of the snapshot that they are to be in, -1
// for any.
func (d *Reader) passing(ctx context.Context, f *Filter, in int, all []Version) ([]Version, error) {
	if f.Deleted && len(all) > 0 {
		last, lost, err := d.lost(ctx, all[len(all)-1])
		if err != nil || !lost {
			return nil, err
		}
		deleted := d.Snapshots[last+1].Time
		if deleted.Before(f.Since) || !f.Until.IsZero() && !deleted.Before(f.Until) {
			return nil, nil
		}
		all = heldOnly(all)
	}
	return slices.DeleteFunc(all, func(v Version) bool { return !f.passes(&v, in) }), nil
}

func (f *Filter) passes(v *Version, in int) bool {
	r := v.Record
	t := r.Mtime.Time()
	switch {
	case f.Kind != file.None && r.Kind != f.Kind,
		f.Size != nil && (r.Kind != file.Regular || !f.Size(r.Size)),
		!f.Deleted && !f.Since.IsZero() && t.Before(f.Since),
		!f.Deleted && !f.Until.IsZero() && !t.Before(f.Until),
		in >= 0 && (in < v.First || in > v.Last):
		return false
	}
	return true
}
