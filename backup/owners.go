package backup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"snap/index"
	"snap/internal/file"
)

// An ordinary user's backup can neither give its files away nor set all their attributes, nor make devices: what the
// source has is in the index alone. The first backup by root after it makes such entries anew.

// byAnother reports whether this is root, and the run of h was another user's: its files may not have the owners of the source.
func (r *run) byAnother(h *index.Header) bool { return os.Geteuid() == 0 && h.User != r.o.User }

// withOwners enters into the plan what the previous snapshot's tree, which another user made, has not as the index says.
// What the destination cannot hold or has no room for stays as it is.
func (r *run) withOwners(ctx context.Context, work *workFolder, p *plan) error {
	if r.prev == nil || !r.byAnother(r.prev) || r.o.Planned != nil {
		return nil
	}
	can := Capabilities{Owners: true, Xattrs: true, Reflinks: p.clones}
	if r.o.DryRun {
		if err := r.d.seeDead(ctx); err != nil {
			return err
		}
	} else if found, err := r.d.Capabilities(); err != nil {
		return noRoom(err, spaceHint)
	} else {
		can = found
	}
	defer r.openCopies()()
	if !can.Owners {
		return nil
	}
	q := *p
	var err error
	if q.spool, err = newSpool(work.path()); err != nil {
		return err
	}
	n, err := r.addOwners(ctx, p, &q, can)
	if err != nil || n == 0 {
		q.spool.close()
		return err
	}
	makeRoom, err := r.fits(ctx, &q)
	if makeRoom || errors.As(err, new(*GuardError)) {
		q.spool.close()
		r.problem("", &ownersError{r.prev, n, "there is no room to make them anew"}, true)
		return nil
	}
	if err != nil {
		q.spool.close()
		return err
	}
	p.spool.close()
	*p = q
	then := "made anew"
	if r.o.DryRun { // nothing was tried
		then += ", if they can be given"
	}
	r.problem("", &ownersError{r.prev, n, then}, true)
	return nil
}

// ownersError: files in a snapshot have not the owners, modes and attributes of the source.
type ownersError struct {
	in    *index.Header
	files int64
	then  string
}

func (e *ownersError) Error() string {
	return fmt.Sprintf("snapshot %s, made by %s, lacks the owner, mode or attributes of some files (%d): %s",
		e.in.Name, cmp.Or(e.in.User, "another user"), e.files, e.then)
}

// addOwners makes q of p and what is to be made anew. It returns how many files that are.
func (r *run) addOwners(ctx context.Context, p, q *plan, can Capabilities) (n int64, err error) {
	seen := map[inode]bool{}
	done := int64(0)
	for m, err := range overlay(r.current(ctx, p), p.all()) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return n, err
		}
		e := *m.entry()
		if done++; done&1023 == 0 {
			r.o.Report.Progress(Progress{Stage: Comparing, Files: done, Path: e.Path})
		}
		if size, lacks := r.lacksOwner(&e, m.new != nil, can); lacks {
			if m.new == nil {
				e.Change, e.Reason, e.From, e.To, e.Link = index.Silent, index.OwnerOrMode, "", "", ""
			}
			switch {
			case e.Kind != file.Regular:
				e.Stored = index.Made
			case can.Reflinks:
				e.Stored = index.Cloned
			default:
				e.Stored = index.Copied
			}
			n++
			q.owners.add(e.Path)
			if e.Nlink > 1 {
				r.shared.add(&e.Record)
			}
			if !r.again(seen, &e.Record) {
				q.copies++
				if e.Stored == index.Copied {
					q.bytes += size
				}
			}
		} else if m.new == nil {
			continue
		}
		if err := q.add(&e); err != nil {
			return n, err
		}
	}
	return n, q.finish()
}

// lacksOwner reports whether the copy that the entry would be linked to has not the entry's owner, mode and attributes,
// and what it takes on the disk. The copy's own attributes beside these are the file system's.
func (r *run) lacksOwner(e *index.Entry, planned bool, can Capabilities) (size int64, lacks bool) {
	if planned && e.Stored != index.Linked || !e.Exists() || e.Kind == file.Folder {
		return 0, false
	}
	if e.Stored == index.Absent {
		return 0, e.Kind == file.BlockDevice || e.Kind == file.CharDevice
	}
	if r.copies == nil {
		return 0, false // it is made anew anyway
	}
	from := e.Path
	if planned && e.From != "" {
		from = e.From
	}
	dir, name := index.Split(from)
	d, err := r.copies.Dir(dir)
	if err != nil {
		return 0, false // the link tells
	}
	defer d.Close()
	s, err := d.Lstat(name)
	if err != nil || s.Kind != e.Kind {
		return 0, false
	}
	size = s.Allocated
	if s.UID != e.UID || s.GID != e.GID || s.Mode != e.Mode && s.Kind != file.Symlink {
		return size, true
	}
	if len(e.Xattrs) == 0 || !can.Xattrs {
		return size, false
	}
	have, err := d.XattrsOf(name)
	return size, err == nil && !containsXattrs(have, e.Xattrs)
}

func containsXattrs(have, want []file.Xattr) bool {
	values := map[string]string{}
	for _, x := range have {
		values[x.Name] = string(x.Value)
	}
	for _, x := range want {
		if v, ok := values[x.Name]; !ok || v != string(x.Value) {
			return false
		}
	}
	return true
}

// placeWithOwner makes an entry anew that could be linked but for its owner; and links it, if the source cannot be read.
func (p *placer) placeWithOwner(it *item) error {
	it.kept = true
	was := *it
	if err := p.makeOrJoin(it); err != nil || it.problem == nil || it.rec.Stored != index.Absent {
		return err
	}
	note := fmt.Errorf("cannot be read (%w): linked to the copy in snapshot %s, which lacks its owner, mode or attributes", unwrapPath(it.problem), p.prev.Name)
	*it = was
	it.rec.Stored = index.Linked
	from := it.rec.From
	if from == "" {
		from = it.path
	}
	err := p.link(it, from, nil)
	if it.note == nil {
		it.note = note
	}
	return err
}
