package scan

import (
	"hash/maphash"

	"snap/internal/file"
	"snap/record"
)

// Identity names a file of the source, also where inode numbers are given out again.
type Identity struct {
	Volume uint32
	Ino    uint64
	Birth  file.Time
}

// IdentityOf is the identity of the file that a record describes.
func IdentityOf(r *record.Record) Identity { return Identity{r.Volume, r.Ino, r.Btime} }

// Identities is a set of identities, eight bytes each. Its zero value is empty. A false positive costs one copy that
// need not have been.
type Identities struct {
	seed maphash.Seed
	set  map[uint64]struct{}
}

// Add adds the identity of a record.
func (s *Identities) Add(r *record.Record) {
	if s.set == nil {
		s.seed, s.set = maphash.MakeSeed(), map[uint64]struct{}{}
	}
	s.set[maphash.Comparable(s.seed, IdentityOf(r))] = struct{}{}
}

// Has reports whether the identity of a record was added.
func (s *Identities) Has(r *record.Record) bool {
	if s.set == nil {
		return false
	}
	_, ok := s.set[maphash.Comparable(s.seed, IdentityOf(r))]
	return ok
}

// oldInode is the number of an inode in an old snapshot, or what it was made of.
type oldInode struct {
	volume uint32
	ino    uint64
	path   string // where the number is 0, that of the name in the old snapshot
}

func oldInodeOf(r *record.Record) oldInode { return oldInode{volume: r.Volume, ino: r.Ino} }

// LinkGroups keeps the new snapshot's hard links those of the source: names that share an inode there share
// one here, and no others do. It is asked in key order, so its answers do not depend on timing.
type LinkGroups struct {
	// of each source inode with several names, what its first name was decided to be
	firstNames map[Identity]firstName
	claimed    map[oldInode]Identity // of an old inode, the source inode that has taken it over
	// paths that a file with several names moved from: one name has moved, the others are new
	moved            map[string]bool
	sourceIdentities *Identities // identities that the source still has
	sharedIdentities *Identities // identities that several candidates have
}

type firstName struct {
	do   Action
	path string         // in the previous snapshot, what is linked
	base *record.Record // its record
	stat file.Stat      // what the source inode was when it was judged
}

// NewLinkGroups is for a source that has the identities alive, of which several candidates have those in shared.
func NewLinkGroups(alive, shared *Identities) *LinkGroups {
	return &LinkGroups{firstNames: map[Identity]firstName{}, claimed: map[oldInode]Identity{}, moved: map[string]bool{},
		sourceIdentities: alive, sharedIdentities: shared}
}

// Assign adjusts the verdict v about the source entry now. base is the previous snapshot's record whose
// inode v would link, nil if it would link none; old is the previous record of the same path, nil if
// there is none. It returns the verdict and the record whose inode that links.
func (g *LinkGroups) Assign(v Verdict, path string,
	now, old, base *record.Record) (Verdict, *record.Record) {
	if now.Kind == file.Folder {
		return v, base
	}
	from := v.From
	if from == "" {
		from = path
	}
	key := IdentityOf(now)
	if (v.Do == Learn || v.Do == Link) && !base.SameIdentity(now) &&
		!g.claimOldInode(base, from, key, v.Do == Link && v.From != "") {
		// Another file of the source has the old inode: this one gets its own.
		v, base = asNewInode(v, now, old), nil
	}
	if now.Nlink <= 1 || now.Ino == 0 || !g.sharedIdentities.Has(now) {
		return v, base
	}
	if v.Change == record.Moved {
		if g.moved[v.From] {
			v.Change, v.Reason = record.Added, record.HardLink
		}
		g.moved[v.From] = true
	}
	f, ok := g.firstNames[key]
	if !ok {
		g.firstNames[key] = firstName{v.Do, from, base, now.Stat}
		return v, base
	}
	switch f.do {
	case Learn, Link, Keep:
		now.Stat = f.stat // one inode, one judgement: what it became since, the next backup sees
		if base != nil && oldInodeOf(base) == oldInodeOf(f.base) {
			return v, base
		}
		if old != nil && old.Kind == now.Kind {
			return Verdict{Do: Link, Change: record.Metadata, Reason: record.Regrouped, From: f.path}, f.base
		}
		v.Do, v.From = Link, f.path
		if v.Change != record.Moved {
			v.Reason = record.HardLink
		}
		return v, f.base
	default: // the first name got a new inode: the builder links the others to it
		if v.Do == f.do {
			return v, nil
		}
		return asNewInode(v, now, old), nil
	}
}

// claimOldInode reports whether a source inode with another identity may take over an old inode, of which path is a
// name. An inode with one name, at its own path, is never contested: one from elsewhere is only linked where its old
// path is gone.
func (g *LinkGroups) claimOldInode(base *record.Record, path string, key Identity, elsewhere bool) bool {
	alone := (base.Nlink <= 1 || base.Ino == 0) && !elsewhere
	if base.Ino != 0 && g.sourceIdentities.Has(base) && !(alone && !TellsApart(&base.Stat)) {
		return false // the file that it was made of has another path
	}
	if alone {
		return true
	}
	old := oldInodeOf(base)
	if base.Ino == 0 {
		old.path = path
	}
	if by, ok := g.claimed[old]; ok {
		return by == key && key.Ino != 0
	}
	g.claimed[old] = key
	return true
}

// asNewInode turns a verdict to link into one to make a new inode.
func asNewInode(v Verdict, now, old *record.Record) Verdict {
	do := Copy
	if now.Kind != file.Regular {
		do = Make
	}
	switch {
	case old != nil && old.Kind == now.Kind:
		return Verdict{Do: do, Change: record.Metadata, Reason: record.Regrouped}
	case v.Change == record.Moved && v.Reason == record.KnownContent, v.Change == 0:
		return Verdict{Do: do, Change: record.Added, Reason: record.NewPath}
	}
	v.Do = do
	return v
}
