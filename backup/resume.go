package backup

import (
	"context"
	"iter"
	"path/filepath"

	"snap/destination"
	"snap/internal/file"
	"snap/record"
	"snap/scan"
)

// The tree of an interrupted run is one more previous snapshot: what that run has copied of files that are unchanged
// since is linked into the new tree, and when that is published the old one goes. Nothing is built on in place, so
// that nothing else of that run gets into the new snapshot.

// resumeSources finds, for paths in key order, the files that interrupted runs have copied already. Its zero value
// finds none.
type resumeSources struct {
	rules scan.Rules
	from  []*interruptedTree
}

// interruptedTree is what one interrupted run has left.
type interruptedTree struct {
	root    *file.Dir
	tree    *file.Tree
	volumes map[uint32]uint32 // by its number of a file system: this run's number of it, 0 if this run has not met it
	trusted int64             // records that are still to be read and may be trusted
	next    func() (*record.Entry, error, bool)
	stop    func()
	entry   *record.Entry // read and not yet passed; nil at the end
}

// saved is a file in the tree of an interrupted run.
type saved struct {
	tree *file.Tree
	path string
	rec  record.Record
}

// openResumable opens what interrupted runs of the same source have left.
func (r *run) openResumable() *resumeSources {
	s := &resumeSources{rules: r.o.Rules}
	for _, run := range r.d.Interrupted {
		if !run.Begin.SameSources(&r.head) || r.o.Rules.Checksum {
			continue
		}
		if from := r.open(run); from != nil {
			s.from = append(s.from, from)
		}
	}
	return s
}

// open returns nil if the work folder cannot be entered: the files are copied then.
func (r *run) open(run *destination.InterruptedRun) *interruptedTree {
	work, err := r.d.Tmp.OpenDir(run.Name)
	if err != nil {
		return nil
	}
	defer work.Close()
	root, err := work.EnterDir(destination.TreeName)
	if err != nil {
		return nil
	}
	m := &interruptedTree{root: root, tree: file.NewTree(root, 512, (*file.Dir).EnterDir), volumes: map[uint32]uint32{},
		trusted: run.Trusted}
	for n, id := range run.Begin.Volumes {
		if m.volumes[n] = n; r.in == nil {
			m.volumes[n] = r.source.Volumes.Number(id)
		}
	}
	m.next, m.stop = iter.Pull2(destination.ReadChanges(work.Path(), destination.SetName))
	m.advance()
	return m
}

func (s *resumeSources) close() {
	for _, m := range s.from {
		m.close()
	}
}

func (m *interruptedTree) close() {
	m.stop()
	m.tree.Close()
	m.root.Close()
}

// find is the file that an interrupted run has made for the entry of the new tree, nil if there is none that can be
// used. Paths must come in key order.
func (s *resumeSources) find(e *record.Entry) *saved {
	if e.Kind != file.Regular {
		return nil
	}
	for _, m := range s.from {
		if rec := m.at(e.Path); rec != nil && usable(&e.Record, rec, s.rules) {
			return &saved{m.tree, e.Path, *rec}
		}
	}
	return nil
}

// usable reports whether the file that an interrupted run recorded as then is what now needs: the source is unchanged
// since, by the same proof as against the record of a snapshot.
func usable(now, then *record.Record, rules scan.Rules) bool {
	return destination.OwnInode(then) && then.Has(record.Hashed) && now.Flags&(record.Racy|record.Unreadable) == 0 &&
		(!now.Has(record.Hashed) || now.SameHash(then)) && scan.Unchanged(then, &now.Stat, now.Volume, rules)
}

// at is the trusted record of the path, with this run's number of its file system; nil if there is none.
func (m *interruptedTree) at(path string) *record.Record {
	for m.entry != nil {
		switch c := record.Compare(m.entry.Path, path); {
		case c > 0:
			return nil
		case c == 0:
			rec := m.entry.Record
			rec.Volume = m.volumes[rec.Volume]
			return &rec
		}
		m.advance()
	}
	return nil
}

func (m *interruptedTree) advance() {
	m.entry = nil
	if m.trusted == 0 {
		return
	}
	m.trusted--
	if e, err, more := m.next(); more && err == nil {
		m.entry = e
	}
}

// countResumable counts the files of the plan that need not be copied, and the space that they have taken already.
func (r *run) countResumable(ctx context.Context, p *plan) (n destination.Amount, err error) {
	s := r.openResumable()
	defer s.close()
	seen := map[scan.Identity]bool{}
	for e, err := range p.All() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return n, err
		}
		if e.Stored == record.Copied && !r.isFurtherName(seen, &e.Record) {
			if saved := s.find(e); saved != nil {
				n.Add(max(space(saved.tree, e.Path)-saved.rec.Shared, 0)) // what it shares counts as not needed anyhow
			}
		}
	}
	return n, nil
}

// heldSpace is what the files that an interrupted run has made take on the disk, also those that are not trusted.
func (r *run) heldSpace(run *destination.InterruptedRun) (n int64) {
	m := r.open(run)
	if m == nil {
		return 0
	}
	defer m.close()
	for e, err := range destination.ReadChanges(filepath.Join(r.d.Tmp.Path(), run.Name), destination.SetName) {
		if err != nil { // it ends where the run died
			break
		}
		if destination.OwnInode(&e.Record) {
			n += max(space(m.tree, e.Path)-e.Shared, 0)
		}
	}
	return n
}

// space is what the file at path in a tree takes on the disk, without its holes.
func space(tree *file.Tree, path string) int64 {
	dir, name := record.Split(path)
	d, err := tree.Dir(dir)
	if err != nil {
		return 0
	}
	defer d.Close()
	stat, err := d.Lstat(name)
	if err != nil {
		return 0
	}
	return min(stat.Size, stat.Allocated)
}

// takeOver makes the entry a hard link of the file that an interrupted run has made for it. It returns false if that
// file is not what its record says, or cannot be linked.
func (p *entryWriter) takeOver(it *item) (bool, error) {
	dir, name := record.Split(it.saved.path)
	d, err := it.saved.tree.Dir(dir)
	if err != nil {
		return false, nil
	}
	defer d.Close()
	then := &it.saved.rec
	if refused, err := p.linkAs(d, name, it.name, then); refused != nil || err != nil {
		return false, err
	}
	rec := &it.rec
	p.b.meter.Add(rec.OnDisk())
	rec.Stored, rec.Holes = then.Stored, then.Holes
	rec.Shared, rec.Patched = then.Shared, then.Patched
	rec.TakeHash(then)
	takeXattrs(rec, then)
	it.resumed = true
	p.b.taken.Add(rec.OnDisk())
	p.reclassify(it)
	return true, nil
}
