package query

import (
	"cmp"
	"context"
	"slices"

	"snap/index"
	"snap/record"
)

// Departed is what was in a folder once, and is not there in a snapshot. For the source see package gone.
type Departed struct {
	record.Entry        // its path there, and its last version
	Name         string // the last element of Path
	Last         int    // position of the last snapshot that holds it there
	To           string // where it moved then; "": it was deleted, or its folder could not be read
	Now          string // of what moved: where the snapshot that was asked has it; "" for nowhere
	Unread       bool   // what became of it is not known: its folder could not be read from then on
	Versions     int    // how many versions of it there were at the path up to then
}

// Departed are the entries that were directly in the folder path before snapshot h, and are not there in h, by name:
// those behind the name after, n at most (0: 500). more reports whether there are others behind the last one. The
// folder itself need not be in h. What no snapshot could read is not among them.
func (d *Reader) Departed(ctx context.Context, h *record.Header, path, after string, n int) (all []Departed,
	more bool, err error) {
	n = cmp.Or(n, childrenLimit)
	pos, ok := d.Snapshots.BySeq(h.Seq)
	if !ok || !record.ValidPath(path) {
		return nil, false, index.ErrNotFound
	}
	err = d.DB.Holding(ctx, func() error {
		for more = true; more && len(all) < n; {
			var found []index.History
			if found, more, err = d.DB.Departed(ctx, h.Seq, path, after, n-len(all)); err != nil {
				return err
			}
			for i := range found {
				_, after = record.Split(found[i].Path)
				g, err := d.departed(ctx, &found[i], pos)
				if err != nil {
					return err
				}
				if g != nil {
					all = append(all, *g)
				}
			}
		}
		return nil
	})
	return all, more, err
}

// departed is what became of a path up to the snapshot at pos, nil if none before it could read what was there.
func (d *Reader) departed(ctx context.Context, h *index.History, pos int) (*Departed, error) {
	all, err := d.versions(ctx, h)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(v Version) bool { return v.First > pos })
	if len(all) == 0 || all[len(all)-1].Last >= pos {
		return nil, nil
	}
	last := all[len(all)-1]
	held := heldOnly(all)
	if len(held) == 0 {
		return nil, nil
	}
	v := held[len(held)-1]
	g := &Departed{
		Entry: record.Entry{Path: h.Path, Record: *v.Record}, Last: v.Last, To: last.To, Versions: len(held),
		Unread: last.FolderUnread && !last.Deleted,
	}
	_, g.Name = record.Split(g.Path)
	g.Now, err = d.placeAt(ctx, last, pos)
	return g, err
}

// movesFollowed is how many moves of one file are followed to find it in a snapshot.
const movesFollowed = 100

// placeAt is where the file of v, which moved away before the snapshot at pos, is in that; "" if it is nowhere there.
func (d *Reader) placeAt(ctx context.Context, v Version, pos int) (string, error) {
	for range movesFollowed {
		if v.To == "" || v.Last >= pos {
			break
		}
		h, err := d.DB.Versions(ctx, v.To)
		if err != nil {
			return "", err
		}
		all := VersionsOf(&h, d.Snapshots)
		next := slices.IndexFunc(all, func(o Version) bool { return o.First == v.Last+1 })
		if next < 0 {
			break
		}
		for all[next].Last < pos && next+1 < len(all) && continued(&all[next], &all[next+1]) {
			next++
		}
		if v = all[next]; v.Last >= pos {
			return v.Path, nil
		}
	}
	return "", nil
}

// continued reports whether next is another version of the file of v, which stayed at its path.
func continued(v, next *Version) bool {
	return v.To == "" && next.First == v.Last+1 && next.Change != record.Moved && !next.Record.Begins()
}
