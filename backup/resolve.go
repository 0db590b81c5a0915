package backup

import (
	"context"
	"errors"
	"io/fs"
	"iter"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/internal/stream"
	"snap/record"
	"snap/scan"
)

// plan is what is to be done: the records of the paths that change, in key order, with how each is to be stored, and
// what was learned about the source.
type plan struct {
	*record.Spool
	learned   *record.Spool
	learns    int64
	changes   int64          // records that show a change
	hashed    int64          // files whose hash was not known and is now
	copies    int64          // new inodes, those of folders aside
	bytes     int64          // of the files to be copied, without their holes
	blockEnds int64          // the unused ends of their last blocks
	block     int64          // the size of the destination's blocks
	otherRoom int64          // bytes for new inodes, names and records, as far as they are not counted elsewhere
	mayShare  int64          // of bytes, what is perhaps not written: the file has an older copy that can be cloned
	clones    bool           // the destination can share blocks, perhaps; else what is to be cloned is copied
	files     int64          // entries of the new tree that are not folders
	dirs      int64          // folders of the new tree
	newDirs   int64          // of them, those that the previous one does not have
	movedAway int64          // tombstones of paths whose file is elsewhere now
	moved     record.PathSet // those paths
	lost      record.PathSet // folders that vanished after the scan; everything in them counts as gone
	lostAny   bool           // there are such
}

func (p *plan) close() {
	p.Spool.Close()
	p.learned.Close()
}

// learn writes what was learned into the newest records of a snapshot that stays the newest. The file systems that
// they name are written first: otherwise the next run could give the number of one to another.
func (r *run) learn(ctx context.Context, p *plan) error {
	if p.learns > 0 && r.prev != nil && r.prev.Volumes[r.source.Volumes.Last()] == "" {
		r.prev.Volumes = r.source.Volumes.Kept()
		if err := r.d.DB.SetHeader(ctx, r.prev); err != nil {
			return err
		}
	}
	if p.learns == 0 || r.seq == 0 {
		return nil
	}
	return r.d.DB.Learn(ctx, r.seq, p.learned.All())
}

// decision is the judgement about one candidate.
type decision struct {
	entry   record.Entry // with the record of the source as it is now
	verdict scan.Verdict
	old     *record.Record // previous record of the path
	base    *record.Record // previous record whose inode the verdict links
	left    bool           // the source has nothing at the path that the file moved from
	weak    bool           // the index did not have the old hash
	drop    bool           // nothing is there and nothing was
	lost    bool           // it is a folder that vanished
	absent  bool           // unreadable as it was before: nothing changes
	err     error          // why it could not be read
}

// resolve judges every candidate, reading the content of those that the stat record leaves open.
func (r *run) resolve(ctx context.Context, work *destination.WorkFolder, found *candidates) (*plan, error) {
	s, err := record.NewSpool(work.Path())
	if err != nil {
		return nil, err
	}
	p := &plan{Spool: s, files: found.files, dirs: found.dirs, otherRoom: found.otherRoom, block: r.blockSize()}
	if info, err := r.d.Root.System(); err != nil || !destination.NoClones[info.Type] {
		p.clones = true
	}
	if p.learned, err = record.NewSpool(work.Path()); err != nil {
		s.Close()
		return nil, err
	}
	err = r.resolveAll(ctx, p, found)
	if err == nil {
		err = errors.Join(p.Finish(), p.learned.Finish())
	}
	if err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (r *run) resolveAll(ctx context.Context, p *plan, found *candidates) error {
	defer r.openCopies()()
	groups := scan.NewLinkGroups(&r.sourceIdentities, &r.sharedIdentities)
	seen := map[scan.Identity]bool{}
	at := progress.State{Stage: progress.Comparing, TotalFiles: found.Count()}
	r.o.Report.Progress(at)
	for d, err := range stream.Ordered(ctx, r.o.Jobs, 256, clones(found.All()), r.decide) {
		if err != nil {
			return err
		}
		e := &d.entry
		if at.Files++; at.Files&63 == 0 {
			at.Path = e.Path
			r.o.Report.Progress(at)
		}
		if d.err != nil {
			r.problem(e.Path, file.Reason(d.err), false)
		}
		if d.lost {
			p.lost.Add(e.Path)
			p.lostAny = true
		}
		if d.drop || d.absent {
			continue
		}
		if e.Exists() {
			d.finish(groups)
			r.owners(&e.Record)
		}
		if d.teachesNothing() {
			continue
		}
		further := e.Exists() && needsInode(d.verdict.Do) && r.isFurtherName(seen, &e.Record)
		if err := p.add(d, further); err != nil {
			return err
		}
	}
	return nil
}

// clones are the entries, each of which stays valid when the next is read.
func clones(entries iter.Seq2[*record.Entry, error]) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		for e, err := range entries {
			if err != nil {
				yield(nil, err)
				return
			}
			c := *e
			if !yield(&c, nil) {
				return
			}
		}
	}
}

// finish adjusts the decision to the other names of the file, and takes over what the old inode says of a file that
// is linked unread.
func (d *decision) finish(groups *scan.LinkGroups) {
	e, base := &d.entry, (*record.Record)(nil)
	d.verdict, base = groups.Assign(d.verdict, e.Path, &e.Record, d.old, d.base)
	if d.verdict.Do != scan.Link {
		return
	}
	if base.Has(record.Hashed) {
		e.TakeHash(base)
		takeXattrs(&e.Record, base)
	}
	e.Holes = base.Holes
}

// teachesNothing reports whether nothing changed and the index knows all there is to learn.
func (d *decision) teachesNothing() bool {
	e := &d.entry
	return d.verdict.Do == scan.Learn && e.SameIdentity(d.old) && e.Ctime == d.old.Ctime &&
		e.Flags&record.Racy == d.old.Flags&record.Racy
}

func needsInode(do scan.Action) bool { return do == scan.Copy || do == scan.Clone || do == scan.Make }

// add enters a decision into the plan. further: an entry before it makes the inode that this one needs.
func (p *plan) add(d *decision, further bool) error {
	e, v := &d.entry, d.verdict
	if e.Exists() && v.Change == record.Moved && d.left {
		p.movedAway++
		p.moved.Add(v.From)
	}
	if d.weak && v.Do == scan.Link {
		p.hashed++
	}
	switch v.Do {
	case scan.Keep:
		if e.Exists() {
			return nil
		}
	case scan.Learn:
		p.learns++
		return p.learned.Add(e)
	case scan.Link:
		e.Stored = record.Linked
		if v.Change == record.Silent { // if no snapshot is made, this much is learned all the same
			p.learns++
			if err := p.learned.Add(e); err != nil {
				return err
			}
		}
	case scan.Clone:
		e.Stored = record.Cloned
	case scan.Copy:
		e.Stored = record.Copied
	case scan.Make:
		e.Stored = record.Made
	}
	if e.Exists() {
		e.Change, e.Reason, e.From = v.Change, v.Reason, v.From
		if e.From == e.Path {
			e.From = ""
		}
		if e.Has(record.Unreadable) && e.Kind != file.Folder {
			e.Stored, e.Reason = record.Absent, record.UnreadableNow
		}
	}
	if e.Change != record.Silent {
		p.changes++
	}
	if needsInode(v.Do) && !further && e.Stored != record.Absent && e.Kind != file.Folder {
		// folders are all counted by the scan
		p.copies++
		if e.Stored == record.Copied || e.Stored == record.Cloned && !p.clones {
			p.bytes = record.Plus(p.bytes, e.OnDisk())
			p.blockEnds += (p.block - e.OnDisk()%p.block) % p.block
			if p.clones && patchable(d.old, &e.Record) {
				p.mayShare = record.Plus(p.mayShare, min(e.OnDisk(), d.old.OnDisk()))
			}
		}
		p.otherRoom += roomBeside(&e.Record, p.block)
	} else if e.Exists() && e.Kind == file.Folder {
		if d.old == nil || d.old.Kind != file.Folder {
			p.newDirs++
		}
		p.otherRoom += roomBeside(&e.Record, p.block)
	}
	p.otherRoom += 2 * int64(file.XattrBytes(e.Xattrs)) // in the index and in the change set
	return p.Add(e)
}

// isFurtherName reports whether seen has the entry's source inode already, and adds it. A further name is linked to
// the new inode of the first one.
func (r *run) isFurtherName(seen map[scan.Identity]bool, rec *record.Record) bool {
	if rec.Nlink <= 1 || rec.Ino == 0 || !r.sharedIdentities.Has(rec) {
		return false
	}
	key := scan.IdentityOf(rec)
	was := seen[key]
	seen[key] = true
	return was
}

// looks is how often a path of the source is looked up that is there at one look and missing at the next.
const looks = 3

// decide judges one candidate. Its errors end the run; trouble with the source is in the decision. A file that was
// removed and made again is judged as it is now.
func (r *run) decide(ctx context.Context, e *record.Entry) (*decision, error) {
	if !e.Exists() {
		return &decision{entry: *e}, nil
	}
	now := *e
	for n := 1; ; n++ {
		d := &decision{entry: now}
		f := scan.Facts{Path: e.Path, New: &d.entry.Record}
		lost, err := r.judge(ctx, d, &f)
		if lost == nil || err != nil {
			return d, err
		}
		if errors.Is(lost, fs.ErrNotExist) && n < looks {
			if s, err := r.source.Look(e.Path); err == nil && (s.Kind == file.Folder) == (e.Kind == file.Folder) {
				now.Stat, now.Volume = s, r.source.Volumes.Known(s.Dev)
				now.Took(s.Allocated)
				r.stamp(&now.Record)
				continue
			}
		}
		return r.unread(d, &f, lost)
	}
}

// judge enters the judgement about f into d. lost is why the entry could not be read; err ends the run.
func (r *run) judge(ctx context.Context, d *decision, f *scan.Facts) (lost, err error) {
	e := &d.entry
	missing := false
	if r.prev != nil {
		switch old, _, err := r.d.DB.Lookup(ctx, r.seq, e.Path); {
		case err == nil:
			f.Old, d.old = &old, &old
		case !errors.Is(err, index.ErrNotFound):
			return nil, err
		}
		if missing, err = r.lookupIdentity(ctx, f); err != nil {
			return nil, err
		}
		if err := r.lookupOlder(ctx, f); err != nil {
			return nil, err
		}
	}
	if lost := d.asBefore(f, r.inspect(ctx, f)); lost != nil {
		return lost, nil
	}
	read := func() error { return d.asBefore(f, r.read(ctx, f)) }
	if scan.Untrue(f.Old, &f.New.Stat) { // its length is not known before
		if lost := read(); lost != nil {
			return lost, nil
		}
	}
	v := scan.Judge(*f, r.o.Rules)
	if v.Do == scan.Read {
		if lost := read(); lost != nil {
			return lost, nil
		}
		if err := r.readCopy(ctx, f); err != nil {
			return nil, err
		}
		if err := r.lookupContent(ctx, f); err != nil {
			return nil, err
		}
		v = scan.Judge(*f, r.o.Rules)
	}
	d.verdict, d.weak = v, f.Weak
	if v.Do == scan.Copy {
		d.err = nil // the copy reports it
	}
	if v.Change == record.Moved {
		d.left = missing && f.Known.Path == v.From || r.source.Missing(v.From)
	}
	switch {
	case v.Reason == record.Returned:
		d.base = f.Before
	case v.Do == scan.Learn || v.Do == scan.Keep || v.Do == scan.Link && v.From == "":
		d.base = f.Old
	case v.Do != scan.Link:
	case f.Known != nil && f.Known.Path == v.From:
		d.base = &f.Known.Record
	case f.Twin != nil && f.Twin.Path == v.From:
		d.base = &f.Twin.Record
	}
	return nil, nil
}

// asBefore handles xattrs that cannot be read: it assumes the old ones and marks the record racy, so that the next
// backup reads them. Without old ones the file has to be copied, and the copy reports the error.
func (d *decision) asBefore(f *scan.Facts, err error) error {
	x := xattrsError{}
	if !errors.As(err, &x) || errors.Is(err, fs.ErrNotExist) || f.Old == nil || f.Old.Kind != file.Regular ||
		f.Old.Stored == record.Absent {
		return err
	}
	d.err = x.error
	takeXattrs(f.New, f.Old)
	f.New.Flags |= record.Racy
	return nil
}

// unread decides about an entry that could not be read: it is gone, or cannot be read now.
func (r *run) unread(d *decision, f *scan.Facts, err error) (*decision, error) {
	if file.BlameOf(err, file.Source) == file.WholeRun {
		return nil, err
	}
	if errors.Is(err, fs.ErrNotExist) && r.source.Vanished(f.Path) || errors.Is(err, errVanished) {
		d.lost = f.New.Kind == file.Folder
		d.drop = f.Old == nil
		d.entry.Record = record.Record{Change: record.Removed, Reason: record.VanishedMeanwhile}
		return d, nil
	}
	if errors.Is(err, errChanging) || errors.As(err, new(xattrsError)) { // the copy reads it again, carefully
		d.verdict = scan.Verdict{Do: scan.Copy, Change: record.Added, Reason: record.NewPath}
		if f.Old != nil {
			d.verdict.Change, d.verdict.Reason = record.Modified, record.ContentDiffers
		}
		if f.Old != nil && f.Old.Kind != f.New.Kind {
			d.verdict.Change, d.verdict.Reason = record.TypeChanged, record.OtherKind
		}
		return d, nil
	}
	if !f.New.Has(record.Unreadable) { // else the scan has reported it
		d.err = err
	}
	if f.Old != nil && f.Old.Has(record.Unreadable) && f.Old.Kind == f.New.Kind {
		d.absent = true
		return d, nil
	}
	d.entry.Flags = record.Unreadable
	d.verdict = scan.Verdict{Do: scan.Copy, Change: record.Added, Reason: record.UnreadableNow}
	if f.Old != nil {
		d.verdict.Change = record.Modified
	}
	if f.New.Kind == file.Folder {
		d.verdict.Do = scan.Make
	}
	return d, nil
}
