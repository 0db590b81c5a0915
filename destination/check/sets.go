package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"

	"snap/destination"
	"snap/internal/file"
	"snap/record"
)

// sets makes sure that the change set of each snapshot is there and whole, and says what the index says.
func (c *checker) sets(ctx context.Context, complete []record.Header) error {
	for i := range complete {
		if err := ctx.Err(); err != nil {
			return err
		}
		h := &complete[i]
		what, err := c.set(ctx, h)
		if err != nil {
			return err
		}
		if what == nil {
			continue
		}
		// Perhaps it was deleted just now, or its set was merged with another, or the disk failed to read it once: what
		// is mended is looked at twice.
		now, err := c.header(ctx, h.Seq)
		if err != nil || now == nil || now.Name != h.Name {
			if err = c.indexError(err); err != nil {
				return err
			}
			continue
		}
		if what, err = c.set(ctx, now); err != nil {
			return err
		}
		if what != nil {
			c.faults.add(what)
		}
	}
	return c.strays(ctx)
}

// header is the header of a complete snapshot as it is now, nil if it was deleted.
func (c *checker) header(ctx context.Context, seq uint64) (*record.Header, error) {
	complete, err := c.headers(ctx)
	for i := range complete {
		if complete[i].Seq == seq {
			return &complete[i], err
		}
	}
	return nil, err
}

// set checks one change set. The fault can be repaired from the index where fault.seq is set.
func (c *checker) set(ctx context.Context, h *record.Header) (*fault, error) {
	bad := func(why string, mend bool) *fault {
		f := &fault{what: FaultSet, path: setPath(destination.ChangeSetName(h.Seq)), why: why, names: []string{h.Name}}
		if mend {
			f.seq = h.Seq
		}
		return f
	}
	if c.d.ChangesDir == nil {
		return bad("the change set is missing", true), nil
	}
	final, err := c.d.ReadChangeSet(h.Seq)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return bad("the change set is missing", true), nil
	case errors.Is(err, record.ErrNewer):
		return nil, err
	case errors.Is(err, fs.ErrPermission):
		f := bad("the change set cannot be read: "+file.Reason(err).Error(), false)
		f.what = Unchecked
		return f, nil
	case errors.Is(err, record.ErrTruncated):
		return bad("the change set is cut off", true), nil
	case err != nil:
		return bad("the change set is damaged: "+damageText(err), true), nil
	}
	if deleting, err := c.deleting(ctx, final.Merged); err != nil || deleting {
		return nil, c.indexError(err) // the set is ahead of the index until that deletion has ended
	}
	if what := otherHeader(h, final); what != "" {
		return bad("the change set is of another snapshot: "+what+" differs from the index", true), nil
	}
	n, first := 0, error(nil)
	err = c.d.DB.CheckSet(ctx, h, destination.ReadChanges(c.d.ChangesDir.Path(), destination.ChangeSetName(h.Seq)),
		func(err error) {
			if n++; first == nil {
				first = err
			}
		})
	switch {
	case err != nil:
		return nil, c.indexError(err)
	case n == 1:
		return bad("the change set and the index disagree: "+damageText(first), false), nil
	case n > 1:
		return bad(fmt.Sprintf("the change set and the index disagree: %s, and %d more", damageText(first), n-1), false), nil
	}
	return nil, nil
}

// deleting reports whether one of the snapshots that a set was merged with is in the index still.
func (c *checker) deleting(ctx context.Context, merged []uint64) (bool, error) {
	if len(merged) == 0 {
		return false, nil
	}
	all, err := c.d.DB.Snapshots(ctx)
	return slices.ContainsFunc(all, func(h record.Header) bool { return slices.Contains(merged, h.Seq) }), err
}

// otherHeader names the first field in which a change set's final header is not the index's; what may
// change after the set was written does not count.
func otherHeader(a, b *record.Header) string {
	for _, f := range [...]struct {
		name string
		same bool
	}{
		{"the number", a.Seq == b.Seq}, {"the name", a.Name == b.Name}, {"the source", a.SameSources(b)},
		{"the time", a.Time.Equal(b.Time) && a.Finished.Equal(b.Finished)}, {"the host", a.Host == b.Host},
		{"the number of files", a.Files == b.Files && a.Dirs == b.Dirs}, {"the size", a.Bytes == b.Bytes},
		{"the number of changes", a.Added == b.Added && a.Modified == b.Modified && a.Metadata == b.Metadata &&
			a.Moved == b.Moved && a.Removed == b.Removed},
		{"what was copied", a.Linked == b.Linked && a.CopiedBytes == b.CopiedBytes &&
			a.CopiedByRun() == b.CopiedByRun()},
		{"the number of errors", a.Errors == b.Errors},
	} {
		if !f.same {
			return f.name
		}
	}
	return ""
}

// setPath is a file among the change sets as findings name it.
func setPath(name string) string {
	return destination.MetaName + "/" + destination.ChangesName + "/" + name
}

// besides are the suffixes of what lies beside the change sets: labels, and sets that were set aside.
var besides = []string{".labels", ".unpublished", ".lost", ".replaced"}

// strays reports what lies among the change sets and belongs to no snapshot. Sets put aside and labels belong there,
// and those of snapshots whose deletion is not at its end.
func (c *checker) strays(ctx context.Context) error {
	if c.d.ChangesDir == nil {
		return nil
	}
	entries, err := c.d.ChangesDir.Entries()
	if err != nil {
		return err
	}
	all, err := c.d.DB.Snapshots(ctx) // a backup may have ended since
	if err != nil {
		return c.indexError(err)
	}
	known := map[uint64]bool{}
	for i := range all {
		known[all[i].Seq] = true
	}
	if trash, err := c.d.Meta.OpenDir(destination.TrashName); err == nil {
		defer trash.Close()
		seqs, err := destination.Numbered(trash)
		if err != nil {
			return err
		}
		for _, n := range seqs {
			known[n] = true
		}
	}
	for i := range entries {
		name := entries[i].Name
		n, err := strconv.ParseUint(name, 10, 64)
		switch {
		case err == nil && destination.ChangeSetName(n) == name && known[n], slices.Contains(besides, filepath.Ext(name)):
		default:
			if there, err := destination.Exists(c.d.ChangesDir, name); err != nil {
				return err
			} else if there {
				c.faults.add(&fault{what: FaultExtra, path: setPath(name), why: "belongs to no snapshot"})
			}
		}
	}
	return nil
}
