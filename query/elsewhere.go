package query

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
)

// Missing is the error for path of a snapshot whose folder is gone, nil if it is there. verb is the command that
// would work with another snapshot.
func (d *Reader) Missing(ctx context.Context, h *record.Header, path, verb string) error {
	if d.Present(h) {
		return nil
	}
	err := fmt.Errorf("snapshot %s is missing: its folder is no longer in the destination", quote.Name(h.Name))
	return d.Elsewhere(ctx, err, h, path, verb)
}

// Elsewhere adds to err, which says that path of a snapshot is lost, the snapshots that still hold it. verb is the
// command that would work with another snapshot.
func (d *Reader) Elsewhere(ctx context.Context, err error, h *record.Header, path, verb string) error {
	r, _, lerr := d.DB.Lookup(ctx, h.Seq, path)
	if lerr != nil {
		return errors.Join(err, lerr)
	}
	if r.Kind == file.Folder {
		near := d.nearest(h)
		if near == nil {
			return hint.With(err, "no other snapshot is there")
		}
		below := ""
		if path != "" {
			below = " -- " + quote.Word(path)
		}
		return hint.With(err, "the nearest that is there is %s; to see what is different in it: snap diff %s %s%s",
			quote.Name(near.Name), quote.Word(near.Name), quote.Word(h.Name), below)
	}
	same, lerr := d.sameVersion(ctx, h, path)
	if lerr != nil {
		return errors.Join(err, lerr)
	}
	if len(same) == 0 {
		return hint.With(err, "no other snapshot holds this version of the file; other versions: snap history %s",
			quote.Arg(path))
	}
	var names []string
	for _, s := range same {
		names = append(names, s.name)
	}
	slices.Sort(names)
	return hint.With(err, "the same version of the file is in %s: snap %s %s"+d.flags(verb),
		quote.List(slices.Compact(names)), verb, quote.Word(same[0].name+":"+same[0].path))
}

// nearest is the snapshot next to h in time whose folder is there, nil if there is none.
func (d *Reader) nearest(h *record.Header) (near *record.Header) {
	for i := range d.Snapshots {
		o := &d.Snapshots[i]
		if o.Seq == h.Seq || !d.Present(o) {
			continue
		}
		if near == nil || o.Time.Sub(h.Time).Abs() < near.Time.Sub(h.Time).Abs() {
			near = o
		}
	}
	return near
}

// stored is a file in a snapshot.
type stored struct{ name, path string }

// Copy is a place where a snapshot has a file.
type Copy struct{ Snapshot, Path string }

// Copies are the other places where snapshots whose folders are there have the same version of the file that path is in
// h: first those at the same path. Most share its inode, and so damage.
func (d *Reader) Copies(ctx context.Context, h *record.Header, path string) (all []Copy, err error) {
	same, err := d.sameVersion(ctx, h, path)
	for _, s := range same {
		all = append(all, Copy{s.name, s.path})
	}
	return all, err
}

// sameVersion are the snapshots that have their folder and hold the same version of the file that path is in h:
// first those that have it at the same path, then those that share its inode under another name.
func (d *Reader) sameVersion(ctx context.Context, h *record.Header, path string) (found []stored, err error) {
	own, ok := d.Snapshots.BySeq(h.Seq)
	if !ok {
		return nil, nil
	}
	add := func(first, last int, path string) {
		for pos := first; pos <= last; pos++ {
			s := stored{d.Snapshots[pos].Name, path}
			if pos != own && !slices.Contains(found, s) && d.holds(s) {
				found = append(found, s)
			}
		}
	}
	history, err := d.DB.Versions(ctx, path)
	if err != nil {
		return nil, err
	}
	for _, v := range VersionsOf(&history, d.Snapshots) {
		if v.First <= own && own <= v.Last {
			add(v.First, v.Last, path)
		}
	}
	names, err := d.Names(ctx, h, path)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		add(n.First, n.Last, n.Path)
	}
	return found, nil
}

// holds reports whether the tree of the snapshot has the file.
func (d *Reader) holds(s stored) bool {
	if d.Treeless() {
		return true
	}
	f, err := file.OpenBelow(d.Root, record.Join(s.name, s.path))
	if err == nil {
		f.Close()
		return true
	}
	return !errors.Is(err, fs.ErrNotExist) // a link or a pipe is not opened, and is there
}

// Name is a name of a file: a path, and the first and the last of the snapshots that have the file there.
type Name struct {
	Path        string
	First, Last int // positions
}

// Names are the names of the inode that path has in the snapshot.
func (d *Reader) Names(ctx context.Context, h *record.Header, path string) ([]Name, error) {
	names, err := d.DB.Names(ctx, h.Seq, path)
	all := make([]Name, 0, len(names))
	for _, n := range names {
		first, there := d.Snapshots.BySeq(n.First)
		last, too := d.Snapshots.BySeq(n.Last)
		if there && too { // else published since
			all = append(all, Name{n.Path, first, last})
		}
	}
	return all, err
}

// LastSeen is the last snapshot that holds a path, nil if none does.
func (d *Reader) LastSeen(ctx context.Context, path string) (*record.Header, error) {
	newest := d.Newest()
	if newest == nil {
		return nil, nil
	}
	_, _, err := d.DB.Lookup(ctx, newest.Seq, path)
	if err == nil || !errors.Is(err, index.ErrNotFound) {
		return newest, err
	}
	_, last, _, err := d.DB.LastHeld(ctx, newest.Seq, path, true)
	if errors.Is(err, index.ErrNotFound) {
		return nil, nil
	}
	if pos, ok := d.Snapshots.BySeq(last); ok && err == nil {
		return &d.Snapshots[pos], nil
	}
	return nil, err
}
