package backuptest

import (
	"context"
	"fmt"
	"slices"

	"snap/destination"
	"snap/destination/check"
	"snap/index"
	"snap/record"
)

// Purge takes paths out of the snapshots with these names.
func (p *Place) Purge(paths, names []string) {
	p.T.Helper()
	p.InDestination(func(ctx context.Context, d *destination.Destination) {
		_, err := d.Purge(ctx, p.purgeOf(ctx, d.DB, paths, names), nil)
		p.Do(err)
	})
	Sound(p.T, p.Dest)
	if found := Said(p.Check(check.Options{Read: ReadAll})); len(found) > 0 {
		p.T.Fatalf("after the purge of %q in %q: %q", paths, names, found)
	}
}

// PurgeFrees is what a purge promises to free.
func (p *Place) PurgeFrees(paths, names []string) (freed index.Amount) {
	p.InDestination(func(ctx context.Context, d *destination.Destination) {
		plan, err := d.DB.Purging(ctx, p.purgeOf(ctx, d.DB, paths, names))
		p.Do(err)
		freed = plan.Freed
	})
	return freed
}

func (p *Place) purgeOf(ctx context.Context, db *index.DB, paths, names []string) *index.Purge {
	p.T.Helper()
	heads, err := db.Snapshots(ctx)
	p.Do(err)
	what := &index.Purge{Paths: paths}
	for _, h := range heads {
		if slices.Contains(names, h.Name) {
			what.Seqs = append(what.Seqs, h.Seq)
		}
	}
	return what
}

// NamesNothing makes sure that no file of the destination's own holds one of the paths, as far as they are long enough
// to say that.
func (p *Place) NamesNothing(what string, paths []string) {
	p.T.Helper()
	p.InDestination(func(ctx context.Context, d *destination.Destination) {
		err := d.DB.Editions(ctx, func(v *index.Edition) error {
			for _, path := range []string{v.Path, v.From, v.To, v.Link} {
				if path != "" && Within(path, paths) {
					return fmt.Errorf("%s: the record of %q in %d names %q", what, v.Path, v.Seq, path)
				}
			}
			return nil
		})
		p.Do(err)
	})
}

// Answers are what the index says of the snapshots with these names: listings and differences of all pairs.
func (p *Place) Answers(names []string) map[string]string {
	p.T.Helper()
	ctx := context.Background()
	db, err := index.Open(index.Path(p.Dest))
	p.Do(err)
	all, err := db.Snapshots(ctx)
	p.Do(err)
	said := map[string]string{}
	for _, a := range all {
		if !slices.Contains(names, a.Name) {
			continue
		}
		for e, err := range db.Entries(ctx, a.Seq, "") {
			p.Do(err)
			r := e.Record
			// How it came there is not of the state; what was learned of the source is lost by a reindex.
			r.Change, r.Stored, r.Reason, r.From, r.To, r.Link, r.Since = 0, 0, 0, "", "", "", 0
			r.Ctime, r.Flags = r.Mtime, r.Flags&^record.Racy
			r.Volume, r.Ino, r.Btime, r.Nlink = 0, 0, r.Mtime, 0
			said["ls "+a.Name+" "+e.Path] = fmt.Sprintf("%+v", r)
		}
		for _, b := range all {
			if !slices.Contains(names, b.Name) {
				continue
			}
			for d, err := range db.Diff(ctx, a.Seq, b.Seq) {
				p.Do(err)
				said["diff "+a.Name+" "+b.Name+" "+d.Path] = d.Change.String() + " " + d.From
			}
		}
	}
	return said
}
