package query

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"snap/filter"
	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
)

// PurgePath is a path that goes, with all below it.
type PurgePath struct {
	Path      string
	Kind      file.Kind // in the newest snapshot that it goes from
	Snapshots int       // that it goes from
	Newest    bool      // it goes from the newest one
}

// AmbiguousError says that a pattern is the name of one path, and as a glob fits another.
type AmbiguousError struct{ pattern, name, glob string }

// Error names the pattern and the two paths.
func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%s is the name of %s, and as a glob fits %s too: nothing is purged", quote.Name(e.pattern),
		quote.Name(e.name), quote.Name(e.glob))
}

// SelectPurge finds the paths that the patterns of f fit in the snapshots that refs name, in all without any; none is
// below another. The index.Purge that removes them is returned too.
func (d *Reader) SelectPurge(ctx context.Context, f *Filter,
	refs []string) (found []PurgePath, what *index.Purge, err error) {
	in := make([]int, 0, len(d.Snapshots))
	if len(refs) > 0 {
		r := d.Resolver()
		r.Exact = true
		if in, err = r.ResolveRanges(refs); err != nil {
			return nil, nil, err
		}
	} else {
		for i := range d.Snapshots {
			in = append(in, i)
		}
	}
	if !f.Regex {
		named := in
		if len(refs) == 0 {
			named = nil
		}
		if err := d.OfOther(f.Patterns, named, "snap purge -n --in REF NAME", "snap purge -n NAME"); err != nil {
			return nil, nil, err
		}
	}
	what = &index.Purge{}
	for _, pos := range in {
		what.Seqs = append(what.Seqs, d.Snapshots[pos].Seq)
	}
	m, err := d.Matcher(ctx, f.Patterns, f.Regex, f.IgnoreCase)
	if err != nil {
		return nil, nil, err
	}
	fits := make([]bool, len(m.patterns))
	type way struct{ name, glob string } // a path that a pattern fits as it stands, and one that it fits as a glob only
	ways := make([]way, len(m.patterns))
	for h, err := range d.Histories(ctx, m) {
		if err != nil {
			return nil, nil, err
		}
		p := PurgePath{Path: h.Path}
		for _, v := range VersionsOf(&h, d.Snapshots) {
			for _, pos := range in {
				if pos >= v.First && pos <= v.Last {
					p.Kind, p.Snapshots = v.Record.Kind, p.Snapshots+1
					p.Newest = p.Newest || pos == len(d.Snapshots)-1
				}
			}
		}
		if p.Snapshots == 0 {
			continue
		}
		for i, one := range m.patterns {
			if !(&Matcher{[]pattern{one}, m.fold}).Matches([]byte(h.Path)) {
				continue
			}
			fits[i] = true
			one.glob, one.globs = nil, nil
			if (&Matcher{[]pattern{one}, m.fold}).Matches([]byte(h.Path)) {
				ways[i].name = cmp.Or(ways[i].name, h.Path)
			} else {
				ways[i].glob = cmp.Or(ways[i].glob, h.Path)
			}
		}
		if p.Path == "" {
			return nil, nil, hint.With(hint.Usagef("that is everything in the snapshots"),
				"to delete snapshots: snap delete REF…")
		}
		if n := len(found); n == 0 || !record.Within(p.Path, found[n-1].Path) {
			found, what.Paths = append(found, p), append(what.Paths, p.Path)
		}
	}
	if i := slices.Index(fits, false); i >= 0 {
		if h, path, err := d.Entry(ctx, f.Patterns[i]); err == nil && path != "" && len(refs) == 0 {
			return nil, nil, hint.With(hint.Usagef("%s: a path is named without its snapshot here, and nothing is purged",
				quote.Name(f.Patterns[i])), "from snapshot %s alone: snap purge --in %s %s"+d.flags("purge"),
				quote.Name(h.Name), quote.Word(h.Name), quote.Arg(filter.Literal(path)))
		}
		if !f.Regex {
			if err := d.AsksAll(ctx, f.Patterns, f.IgnoreCase, "snap purge -n --in REF PATH"); err != nil {
				return nil, nil, err
			}
		}
		return nil, nil, hint.With(hint.Usagef("%s: nothing fits it in these snapshots, and nothing is purged",
			quote.Name(f.Patterns[i])),
			"to see what there is: snap find %s", quote.Arg(f.Patterns[i]))
	}
	for i, w := range ways { // a file report[1].pdf is no word on report1.pdf
		if w.name != "" && w.glob != "" {
			return nil, nil, hint.With(&AmbiguousError{f.Patterns[i], w.name, w.glob}, "the name alone: snap purge %s",
				quote.Arg(filter.Literal(f.Patterns[i])))
		}
	}
	return found, what, nil
}
