package reindex

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"maps"

	"snap/destination"
	"snap/record"
)

// takeTree makes the change set of a snapshot from its tree and imports it. The tree is compared with the tree of the
// snapshot before: the names of one inode hold one content, so that what is linked keeps its record, hash and source
// identity included, also under another path. All else gets its record from the readable part of its change set, or
// from the old index; failing that an unhashed record: what lstat says of the copy, with the copy's identity and
// without a hash.
func (r *reindex) takeTree(ctx context.Context, s *step) error {
	now, err := openTree(ctx, r.d, s.name, r.o.Jobs)
	if err != nil {
		return err
	}
	if r.before == nil && r.last != nil {
		if r.before, err = openTree(ctx, r.d, r.last.Name, r.o.Jobs); err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				now.close()
				return err
			}
			r.before = nil // removed by hand: only the index says what it held
		}
	}
	m := &treeReader{r: r, now: now, before: r.before, moves: map[uint64]string{}, links: map[uint64]string{}}
	if r.last != nil {
		m.seq = r.last.Seq
	}
	m.head, m.hints = r.readableRecords(ctx, s)
	err = m.run(ctx, s)
	if err != nil {
		now.close()
		return err
	}
	if s.why == nil {
		s.why = errors.New("it has no change set")
	}
	r.res.FromTrees = append(r.res.FromTrees, Rebuilt{Seq: s.seq, Name: s.name, Weak: m.weak, Err: s.why})
	r.done(&m.head)
	r.before = now
	return nil
}

// readableRecords is what is known about a snapshot apart from its tree: the header to begin with, and records
// (hints) that improve those made from the tree where they fit it.
func (r *reindex) readableRecords(ctx context.Context, s *step) (record.Header, iter.Seq2[*record.Entry, error]) {
	var h record.Header
	hints := func(func(*record.Entry, error) bool) {}
	if s.head != nil {
		h, hints = *s.head, destination.ReadChanges(r.d.ChangesDir.Path(), destination.ChangeSetName(s.seq))
	}
	if r.old != nil {
		if all, err := r.old.Snapshots(ctx); err == nil {
			for i := range all {
				if all[i].Seq == s.seq && all[i].Name == s.name && all[i].State == record.Complete {
					h, hints = all[i], r.old.Entries(ctx, s.seq, "")
				}
			}
		}
	}
	unknown := h.Name == ""
	if unknown {
		h = record.Header{Time: s.time}
	}
	if h.Source == "" && r.o.Source != "" {
		h.Source = r.o.Source
		r.res.Sourced++
	}
	if unknown && r.near != nil {
		h.Users, h.Groups, h.Volumes = r.near.Users, r.near.Groups, r.near.Volumes
		if h.Source == "" {
			h.Source, h.Sources = r.near.Source, r.near.Sources
		}
	}
	h.Seq, h.Name, h.State, h.Parent, h.Destination = s.seq, s.name, record.Complete, 0, r.id
	h.Work, h.Bucket, h.Merged, h.Boot = "", 0, nil, ""
	volumes := record.Volumes{}
	if r.last != nil {
		h.Parent = r.last.Seq
		maps.Copy(volumes, r.last.Volumes) // its records are this one's too
	}
	maps.Copy(volumes, h.Volumes)
	h.Volumes = volumes
	users, groups := map[uint32]string{}, map[uint32]string{}
	maps.Copy(users, h.Users)
	maps.Copy(groups, h.Groups)
	h.Users, h.Groups = users, groups
	return h, hints
}

// treeReader compares the tree of one snapshot with that of the one before.
type treeReader struct {
	r      *reindex
	head   record.Header
	hints  iter.Seq2[*record.Entry, error]
	now    *treeView
	before *treeView // nil if it is gone, or there is none
	seq    uint64    // of the snapshot before, 0 for none
	weak   int64

	out   *record.Spool     // what differs, in key order
	gone  record.PathSet    // tombstones
	fresh record.PathSet    // folders at new paths
	moves map[uint64]string // by inode that this tree still has: the path of the tree before that it is gone from
	links map[uint64]string // by inode with several names: a path that it has kept
	lost  string            // the last folder that is gone
	n     int64
}

func (m *treeReader) run(ctx context.Context, s *step) error {
	h := &m.head
	h.Files, h.Dirs, h.Bytes = 0, 0, 0
	h.Added, h.Modified, h.Metadata, h.Moved, h.Removed = 0, 0, 0, 0, 0
	h.Linked, h.CopiedBytes, h.Errors = 0, 0, 0
	h.Unread, h.UnreadBytes, h.Returned = 0, 0, 0
	if err := m.r.label(h); err != nil {
		return err
	}
	db := m.r.d.DB
	if err := db.Hold(ctx); err != nil {
		return err
	}
	defer db.Release()
	var err error
	if m.out, err = record.NewSpool(m.r.work.Path()); err != nil {
		return err
	}
	defer m.out.Close()
	if err := m.compare(ctx); err != nil {
		return err
	}
	if err := m.out.Finish(); err != nil {
		return err
	}
	if err := m.write(ctx, s); err != nil {
		return err
	}
	if err := db.Release(); err != nil {
		return err
	}
	return m.r.d.ImportChangeSet(ctx, h)
}
