package check

import (
	"context"
	"errors"
	"fmt"
	"syscall"

	"snap/internal/file"
	"snap/record"
	"snap/scan"
)

// sum is what an inode holds.
type sum struct {
	hash [32]byte
	err  error
}

// inodeIdentity says which entries may share an inode: those of one file of the source with the same content and
// metadata.
type inodeIdentity struct {
	path   string // where the source file is not known
	kind   file.Kind
	mode   uint16
	uid    uint32
	gid    uint32
	size   int64
	mtime  file.Time
	rdev   uint64
	volume uint32
	ino    uint64
	btime  file.Time
	hash   [32]byte
	target string
	xattrs string
}

func identityOf(path string, r *record.Record) inodeIdentity {
	k := inodeIdentity{
		kind: r.Kind, mode: r.Mode, uid: r.UID, gid: r.GID, size: r.Size, mtime: r.Mtime, rdev: r.Rdev,
		volume: r.Volume, ino: r.Ino, btime: r.Btime, hash: r.Hash, target: r.Target,
	}
	if r.Ino == 0 {
		k.path = path
	}
	if len(r.Xattrs) > 0 {
		k.xattrs = fmt.Sprintf("%q", r.Xattrs)
	}
	return k
}

// openSource opens the source of the newest snapshot, if it is there.
func (m *repairer) openSource(ctx context.Context) (closer func(), err error) {
	complete, err := m.headers(ctx)
	if err != nil || len(complete) == 0 {
		return func() {}, err
	}
	m.newest = complete[len(complete)-1]
	if m.newest.Source == "" {
		return func() {}, nil // nobody knows it
	}
	root, err := file.OpenRoot(m.newest.Source)
	if err != nil {
		return func() {}, nil // not on this machine, or not mounted: the snapshots may have what it takes
	}
	m.source = scan.SourceTree(root, 16, scan.Options{Roots: m.newest.Roots()})
	return func() {
		m.source.Close()
		root.Close()
	}, nil
}

// sum hashes what an inode holds, once.
func (m *repairer) sum(ctx context.Context, d *file.Dir, name string, stat *file.Stat) sum {
	key := inodeAt(stat)
	if s, ok := m.sums[key]; ok && stat.Ino != 0 {
		return s
	}
	var s sum
	s.hash, _, s.err = m.reader.sum(ctx, d, name, stat, nil, nil)
	if ctx.Err() == nil {
		m.sums[key] = s
	}
	return s
}

// forgetInode drops what was known of an inode that lost a name: its number may be another file's now.
func (m *repairer) forgetInode(stat *file.Stat) { delete(m.sums, inodeAt(stat)) }

// mayBeOnlyCopy reports whether what stands in a place may be the only copy of what belongs elsewhere.
func (m *repairer) mayBeOnlyCopy(ctx context.Context, d *file.Dir, at treePath, have *file.Stat,
	want *record.Record) bool {
	if have.Kind != file.Regular || !m.sizes[have.Size] {
		return false
	}
	_, name := record.Split(at.path)
	got := m.sum(ctx, d, name, have)
	n := m.wanted[got.hash]
	if got.err != nil || n == nil || n.places == 0 ||
		want.Kind == file.Regular && want.Has(record.Hashed) && want.Hash == got.hash {
		return false
	}
	m.strays[got.hash] = at
	_, err := m.replacementFor(ctx, n.at, &n.rec, false)
	return err != nil
}

// regular makes a regular file in the work folder, or finds one and gives it a name there. strays: also from
// what stands in the place of something else.
func (m *repairer) regular(ctx context.Context, at treePath, want *record.Record, strays bool) (replacement, error) {
	if !want.Has(record.Hashed) {
		return replacement{}, cannot("its hash is not known, so that no copy can be proved")
	}
	try := func(s treePath, rec *record.Record) (replacement, bool, error) {
		return m.fromTree(ctx, at, s, want, rec)
	}
	if s, ok, err := try(at, nil); ok || err != nil {
		return s, err
	}
	h, err := m.d.DB.Versions(ctx, at.path)
	if err != nil {
		return replacement{}, err
	}
	known := m.indexed[want.Hash]
	for i := range h.Versions {
		if v := &h.Versions[i]; v.Kind == file.Regular && v.Has(record.Hashed) && v.Hash == want.Hash {
			known = append([]contentSource{m.treesWith(&h, i)}, known...)
		}
	}
	for _, f := range known {
		for pos := f.first; pos <= f.last; pos++ {
			if s, ok, err := try(treePath{pos, f.path}, &f.rec); ok || err != nil {
				return s, err
			}
		}
	}
	if o, there := m.extras[want.Hash]; there {
		if s, ok, err := try(o, nil); ok || err != nil {
			return s, err
		}
	}
	if o, there := m.strays[want.Hash]; there && strays {
		if s, ok, err := try(o, nil); ok || err != nil {
			return s, err
		}
	}
	return m.fromSource(ctx, at.path, want)
}

// fromTree takes the content from a file in a tree, if that has it. rec is the record of that file: where it
// says that it is the same file of the source, and the file has the metadata, the inode is linked.
func (m *repairer) fromTree(ctx context.Context, at, from treePath,
	want, rec *record.Record) (s replacement, ok bool, err error) {
	in, name := record.Split(from.path)
	d, err := m.dir(from.pos, in)
	if err != nil {
		return s, false, nil
	}
	defer d.Close()
	stat, err := d.Lstat(name)
	if err != nil || stat.Kind != file.Regular || stat.Size != want.Size {
		return s, false, nil
	}
	if got := m.sum(ctx, d, name, &stat); got.err != nil || got.hash != want.Hash {
		return s, false, ctx.Err()
	}
	s.tree, s.inode = from, inodeAt(&stat)
	if rec != nil && identityOf(from.path, rec) == identityOf(at.path, want) {
		if what, _ := m.preserved(from.pos).differences(rec, &stat); what == "" && m.preserved(from.pos).like(d, name, rec) {
			s.name = m.newName()
			err := m.work.Dir.Link(d, name, s.name)
			if err == nil {
				return s, true, nil
			}
			if !errors.Is(err, syscall.EMLINK) && !errors.Is(err, syscall.EXDEV) {
				return s, false, err
			}
		}
	}
	src, err := d.Open(name)
	if err != nil {
		return s, false, nil
	}
	defer src.Close()
	s.name, ok, err = m.copy(ctx, src, want)
	return s, ok, err
}

// fromSource takes the content from the live source: from the path itself, or from where the newest snapshot
// has it.
func (m *repairer) fromSource(ctx context.Context, path string, want *record.Record) (replacement, error) {
	none := cannot("no intact copy was found")
	if m.source == nil {
		return replacement{}, none
	}
	paths := []string{path}
	others, err := m.d.DB.ByContent(ctx, m.newest.Seq, want.Size, want.Hash, sourcesMax)
	if err != nil {
		return replacement{}, err
	}
	for i := range others {
		paths = append(paths, others[i].Path)
	}
	for _, p := range paths {
		in, name := record.Split(p)
		d, err := m.source.Dir(in)
		if err != nil {
			continue
		}
		src, err := d.Open(name)
		d.Close()
		if err != nil {
			continue
		}
		made, ok, err := "", false, error(nil)
		if stat, serr := src.Stat(); serr == nil && stat.Size == want.Size {
			made, ok, err = m.copy(ctx, src, want)
		}
		src.Close()
		if ok || err != nil {
			return replacement{name: made, from: "the source"}, err
		}
	}
	return replacement{}, none
}
