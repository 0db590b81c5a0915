// Package parts says what a restore takes from which snapshot, and where each thing goes. A restore writes from one
// snapshot; what a user asks for may be in several, and is a [Part] for each of them. [Apart] refuses what would go to
// one place. [PlanUndelete] makes the parts of what is gone, [Versions] those of all that a file ever held.
package parts

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"strings"

	"snap/destination"
	"snap/filter"
	"snap/query"
	"snap/record"
	"snap/restore"
)

// Part is what is restored from one snapshot.
type Part struct {
	Header           *record.Header
	Options          restore.Options
	Include, Exclude *filter.Chooser // nil: no pattern was given
	Files, Bytes     int64           // that it has, as far as that is known before

	leftOut map[string]bool   // paths that undelete leaves out
	inPlace bool              // it goes to where it was
	places  map[string]string // where the items go, below the target; nil until it is asked
}

// New is a part of the snapshot h. o is what all parts have in common.
func New(h *record.Header, o restore.Options) *Part {
	p := &Part{Header: h, Options: o}
	roots := h.Roots()
	p.Options.Carrier = func(path string) bool { return roots.Place(path) == record.Carrier }
	return p
}

// Choose restores only what include chooses and exclude does not. Where a pattern of theirs gives no answer in time,
// what it was asked about is left out.
func (p *Part) Choose(include, exclude *filter.Chooser) {
	p.Include, p.Exclude = include, exclude
	p.Options.Include, p.Options.Exclude = include.Func(false), exclude.Func(true)
}

// Run restores the part.
func (p *Part) Run(ctx context.Context, d *query.Reader) (restore.Result, error) {
	return p.run(ctx, d, p.Options)
}

func (p *Part) run(ctx context.Context, d *query.Reader, o restore.Options) (restore.Result, error) {
	check := destination.CheckTarget
	if p.inPlace || o.Target == p.Header.Source { // where it was, whatever is around it
		check = destination.CheckWrite
	}
	if err := check(ctx, o.Target); err != nil {
		return restore.Result{}, err
	}
	if d.Treeless() {
		far, err := d.Contents(p.Header)
		if err != nil {
			return restore.Result{}, err
		}
		defer far.Close()
		o.Contents = far
	}
	res, err := restore.Run(ctx, d.DB, p.Header, filepath.Join(d.Dir, p.Header.Name), o)
	var bad [2]error
	for i, c := range []*filter.Chooser{p.Include, p.Exclude} {
		if c != nil {
			bad[i] = c.Err
		}
	}
	return res, errors.Join(err, cmp.Or(bad[0], bad[1]))
}

// At is where a path of the snapshot goes.
func (p *Part) At(path string) string {
	if p.places == nil {
		p.places = make(map[string]string, len(p.Options.Items))
		for _, it := range p.Options.Items {
			p.places[it.Path] = it.To
		}
	}
	target := p.Options.Target
	for item := path; ; item, _ = record.Split(item) {
		if to, ok := p.places[item]; ok {
			return filepath.Join(target, filepath.FromSlash(to), filepath.FromSlash(strings.TrimPrefix(path[len(item):], "/")))
		}
		if item == "" {
			return filepath.Join(target, filepath.FromSlash(path))
		}
	}
}

// maxExisting is how many files are named that would be overwritten.
const maxExisting = 20

// LookAhead refuses before anything is written what one of several parts would overwrite: each by itself looks ahead
// only when those before it are written.
func LookAhead(ctx context.Context, d *query.Reader, parts []*Part) error {
	var all restore.ExistsError
	for _, p := range parts {
		o := p.Options
		o.DryRun = true
		_, err := p.run(ctx, d, o)
		var exists *restore.ExistsError
		if errors.As(err, &exists) {
			room := max(maxExisting-len(all.Paths), 0)
			all.Paths = append(all.Paths, exists.Paths[:min(room, len(exists.Paths))]...)
			all.Count += exists.Count
		} else if err != nil {
			return err
		}
	}
	if all.Count > 0 {
		return &all
	}
	return nil
}
