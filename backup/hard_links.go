package backup

import (
	"hash/maphash"

	"snap/index"
	"snap/internal/file"
	"snap/scan"
)

// identitySet is a set of source identities, eight bytes each. A false positive costs one copy that
// need not have been.
type identitySet struct {
	seed maphash.Seed
	set  map[uint64]struct{}
}

// identity names a file of the source, also where inode numbers are given out again.
type identity struct {
	volume uint32
	ino    uint64
	birth  file.Time
}

func identityOf(r *index.Record) identity { return identity{r.Volume, r.Ino, r.Btime} }

func (s *identitySet) hash(r *index.Record) uint64 {
	return maphash.Comparable(s.seed, identityOf(r))
}

func (s *identitySet) add(r *index.Record) {
	if s.set == nil {
		s.seed, s.set = maphash.MakeSeed(), map[uint64]struct{}{}
	}
	s.set[s.hash(r)] = struct{}{}
}

func (s *identitySet) has(r *index.Record) bool {
	if s.set == nil {
		return false
	}
	_, ok := s.set[s.hash(r)]
	return ok
}

// inode is the number of an inode of the source in this run, or of an old snapshot.
type inode struct {
	volume uint32
	ino    uint64
	path   string // where the number is 0, that of the name in the old snapshot
}

func inodeOf(r *index.Record) inode { return inode{volume: r.Volume, ino: r.Ino} }

// linkGroups keeps the new snapshot's hard links those of the source: names that share an inode there share
// one here, and no others do. It is asked in key order, so its answers do not depend on timing.
type linkGroups struct {
	// of each source inode with several names, what its first name was decided to be
	firstNames map[identity]firstName
	claimed    map[inode]identity // of an old inode, the source inode that has taken it over
	// paths that a file with several names moved from: one name has moved, the others are new
	moved            map[string]bool
	sourceIdentities *identitySet // identities that the source still has
	sharedIdentities *identitySet // identities that several candidates have
}

type firstName struct {
	do   scan.Action
	path string        // in the previous snapshot, what is linked
	base *index.Record // its record
	stat file.Stat     // what the source inode was when it was judged
}

func newLinkGroups(alive, shared *identitySet) *linkGroups {
	return &linkGroups{firstNames: map[identity]firstName{}, claimed: map[inode]identity{}, moved: map[string]bool{},
		sourceIdentities: alive, sharedIdentities: shared}
}

// assignInode adjusts the verdict v about the source entry now. base is the previous snapshot's record whose
// inode v would link, nil if it would link none; old is the previous record of the same path, nil if
// there is none. It returns the verdict and the record whose inode that links.
func (g *linkGroups) assignInode(v scan.Verdict, path string,
	now, old, base *index.Record) (scan.Verdict, *index.Record) {
	if now.Kind == file.Folder {
		return v, base
	}
	from := v.From
	if from == "" {
		from = path
	}
	key := identityOf(now)
	if (v.Do == scan.Learn || v.Do == scan.Link) && !base.SameIdentity(now) &&
		!g.claimOldInode(base, from, key, v.Do == scan.Link && v.From != "") {
		// Another file of the source has the old inode: this one gets its own.
		v, base = asNewInode(v, now, old), nil
	}
	if now.Nlink <= 1 || now.Ino == 0 || !g.sharedIdentities.has(now) {
		return v, base
	}
	if v.Change == index.Moved {
		if g.moved[v.From] {
			v.Change, v.Reason = index.Added, index.HardLink
		}
		g.moved[v.From] = true
	}
	f, ok := g.firstNames[key]
	if !ok {
		g.firstNames[key] = firstName{v.Do, from, base, now.Stat}
		return v, base
	}
	switch f.do {
	case scan.Learn, scan.Link, scan.Keep:
		now.Stat = f.stat // one inode, one judgement: what it became since, the next backup sees
		if base != nil && inodeOf(base) == inodeOf(f.base) {
			return v, base
		}
		if old != nil && old.Kind == now.Kind {
			return scan.Verdict{Do: scan.Link, Change: index.Metadata, Reason: index.Regrouped, From: f.path}, f.base
		}
		v.Do, v.From = scan.Link, f.path
		if v.Change != index.Moved {
			v.Reason = index.HardLink
		}
		return v, f.base
	default: // the first name got a new inode: the builder links the others to it
		if v.Do == f.do {
			return v, nil
		}
		return asNewInode(v, now, old), nil
	}
}

// claimOldInode takes an old inode, which path is a name of, over for a source inode with another identity. An inode
// with one name that keeps its path has no rival: what links an inode from elsewhere asks that the path be gone.
func (g *linkGroups) claimOldInode(base *index.Record, path string, key identity, elsewhere bool) bool {
	alone := (base.Nlink <= 1 || base.Ino == 0) && !elsewhere
	if base.Ino != 0 && g.sourceIdentities.has(base) && !(alone && !scan.TellsApart(&base.Stat)) {
		return false // the file that it was made of has another path
	}
	if alone {
		return true
	}
	old := inodeOf(base)
	if base.Ino == 0 {
		old.path = path
	}
	if by, ok := g.claimed[old]; ok {
		return by == key && key.ino != 0
	}
	g.claimed[old] = key
	return true
}

// asNewInode turns a verdict to link into one to make a new inode.
func asNewInode(v scan.Verdict, now, old *index.Record) scan.Verdict {
	do := scan.Copy
	if now.Kind != file.Regular {
		do = scan.Make
	}
	switch {
	case old != nil && old.Kind == now.Kind:
		return scan.Verdict{Do: do, Change: index.Metadata, Reason: index.Regrouped}
	case v.Change == index.Moved && v.Reason == index.KnownContent, v.Change == 0:
		return scan.Verdict{Do: do, Change: index.Added, Reason: index.NewPath}
	}
	v.Do = do
	return v
}
