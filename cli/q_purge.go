package cli

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
)

// purgedPath is a path that goes, with all below it.
type purgedPath struct {
	path      string
	kind      file.Kind // in the newest snapshot that it goes from
	snapshots int       // that it goes from
	newest    bool      // it goes from the newest one
}

// ambiguousError says that a pattern is the name of one path, and as a glob fits another.
type ambiguousError struct{ pattern, name, glob string }

func (e *ambiguousError) Error() string {
	return fmt.Sprintf("%s is the name of %s, and as a glob fits %s too: nothing is purged", quote.Name(e.pattern), quote.Name(e.name), quote.Name(e.glob))
}

// toPurge finds the paths that the patterns of f fit in the snapshots that refs name, in all without any; none is below another. From
// what is returned too an index.Purge is made.
func (d *reader) toPurge(ctx context.Context, f *findFilter, refs []string) (found []purgedPath, what *index.Purge, err error) {
	in := make([]int, 0, len(d.snaps))
	if len(refs) > 0 {
		if in, err = d.resolver().ranges(refs); err != nil {
			return nil, nil, err
		}
	} else {
		for i := range d.snaps {
			in = append(in, i)
		}
	}
	what = &index.Purge{}
	for _, pos := range in {
		what.Seqs = append(what.Seqs, d.snaps[pos].Seq)
	}
	m, err := d.matcher(ctx, f.patterns, f.regex, f.ignoreCase)
	if err != nil {
		return nil, nil, err
	}
	fits := make([]bool, len(m.patterns))
	type way struct{ name, glob string } // a path that a pattern fits as it stands, and one that it fits as a glob only
	ways := make([]way, len(m.patterns))
	for h, err := range d.histories(ctx, m) {
		if err != nil {
			return nil, nil, err
		}
		p := purgedPath{path: h.Path}
		for _, v := range versionsOf(&h, d.snaps) {
			for _, pos := range in {
				if pos >= v.first && pos <= v.last {
					p.kind, p.snapshots = v.record.Kind, p.snapshots+1
					p.newest = p.newest || pos == len(d.snaps)-1
				}
			}
		}
		if p.snapshots == 0 {
			continue
		}
		for i, one := range m.patterns {
			if !(&matcher{[]pattern{one}, m.fold}).matches([]byte(h.Path)) {
				continue
			}
			fits[i] = true
			one.glob, one.globs = nil, nil
			if (&matcher{[]pattern{one}, m.fold}).matches([]byte(h.Path)) {
				ways[i].name = cmp.Or(ways[i].name, h.Path)
			} else {
				ways[i].glob = cmp.Or(ways[i].glob, h.Path)
			}
		}
		if p.path == "" {
			return nil, nil, hint.With(hint.Usagef("that is everything in the snapshots"), "to delete snapshots: snap delete REF…")
		}
		if n := len(found); n == 0 || !index.Within(p.path, found[n-1].path) {
			found, what.Paths = append(found, p), append(what.Paths, p.path)
		}
	}
	if i := slices.Index(fits, false); i >= 0 {
		return nil, nil, hint.With(hint.Usagef("%s: nothing fits it in these snapshots, and nothing is purged", quote.Name(f.patterns[i])),
			"to see what there is: snap find %s", quote.Word(f.patterns[i]))
	}
	for i, w := range ways { // a file report[1].pdf is no word on report1.pdf
		if w.name != "" && w.glob != "" {
			return nil, nil, hint.With(&ambiguousError{f.patterns[i], w.name, w.glob}, "the name alone: snap purge %s", quote.Word(filter.Literal(f.patterns[i])))
		}
	}
	return found, what, nil
}
