package check

import (
	"cmp"
	"slices"

	"snap/destination"
	"snap/record"
)

// Fault is what is wrong with a path. The values are JSON's.
type Fault string

// The faults. All but Unchecked are damage.
const (
	FaultIndex   Fault = "index"      // index.db contradicts itself
	FaultSet     Fault = "set"        // a change set is missing, damaged, or not what the index says
	FaultLatest  Fault = "latest"     // the link leads elsewhere
	FaultMissing Fault = "missing"    // in the index, not in the tree
	FaultExtra   Fault = "extra"      // in the tree, not in the index
	FaultType    Fault = "type"       // another type of file
	FaultSize    Fault = "size"       // another size
	FaultContent Fault = "content"    // other bytes
	FaultUnread  Fault = "unreadable" // the disk does not give it back
	FaultTarget  Fault = "target"     // of a symbolic link
	FaultDevice  Fault = "device"     // its number
	FaultTime    Fault = "mtime"
	FaultMode    Fault = "mode"
	FaultOwner   Fault = "owner"

	FaultAttributes Fault = "attributes" // extended ones, ACLs among them
	FaultWritable   Fault = "writable"   // a snapshot that is a subvolume and not read-only
	Unchecked       Fault = "unchecked"  // this user may not look at it
)

// Finding is a path with what is wrong with it, and in which snapshots.
type Finding struct {
	What      Fault
	Path      string   // in the snapshots; of an index, change set or link: in the destination
	Snapshots []string // names, oldest first
	Ranges    []Range  // the same, as ranges of snapshots that follow each other
	Why       string
	Below     int64 // entries in a folder that are missing or extra with it
	Repaired  bool
	From      string // what it was repaired from; if the repair failed: why
}

// Range is a run of snapshots without a gap.
type Range struct {
	First, Last string
	Count       int
}

// findingsKept bounds the memory that a destination full of damage can take.
const findingsKept = 100_000

// posRange is a run of positions in checker.snaps.
type posRange struct{ first, last int }

// fault is a finding being gathered.
type fault struct {
	what  Fault
	path  string
	why   string
	inode inodeKey // zero where there is none, or the inode does not matter
	below int64
	spans []posRange
	names []string // snapshots, where no tree was looked at

	seq      uint64 // of a change set that the index can give back
	repaired []posRange
	whole    bool   // repaired as a whole
	from     string // what it was repaired from
	left     string // why the rest was not
}

// faults gathers what is wrong, each path and inode once for all snapshots.
type faults struct {
	all   []*fault
	known map[faultKey]*fault
	more  int64 // that there was no room for
	apart int64 // of them, Unchecked
}

type faultKey struct {
	what      Fault
	path, why string
	inode     inodeKey
}

// add notes a fault that is not of a tree. There is always room for one: they are few, and they decide whether
// anything is repaired.
func (f *faults) add(one *fault) { f.all = append(f.all, one) }

// once is add for what may be met again.
func (f *faults) once(one *fault) {
	key := faultKey{what: one.what, path: one.path, why: one.why}
	if f.known[key] != nil {
		return
	}
	if f.known == nil {
		f.known = map[faultKey]*fault{}
	}
	f.known[key] = one
	f.add(one)
}

// count notes a fault of a tree that there is no room for.
func (f *faults) count(one *fault) {
	if f.more++; one.what == Unchecked {
		f.apart++
	}
}

// in notes a fault in the tree at position pos; positions come in rising order for each path and inode.
func (f *faults) in(pos int, one *fault) {
	if f.known == nil {
		f.known = map[faultKey]*fault{}
	}
	key := faultKey{one.what, one.path, one.why, one.inode}
	old := f.known[key]
	if old == nil {
		if len(f.all) >= findingsKept {
			f.count(one)
			return
		}
		one.spans = []posRange{{pos, pos}}
		f.known[key] = one
		f.all = append(f.all, one)
		return
	}
	old.below = max(old.below, one.below)
	old.spans = extend(old.spans, pos)
}

// extend adds a position that is not before the last one.
func extend(spans []posRange, pos int) []posRange {
	if n := len(spans); n > 0 && spans[n-1].last >= pos-1 {
		spans[n-1].last = max(spans[n-1].last, pos)
		return spans
	}
	return append(spans, posRange{pos, pos})
}

// report turns what was gathered into findings and counts them.
func (f *faults) report(snaps []record.Header, res *Result) {
	slices.SortStableFunc(f.all, func(a, b *fault) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), record.Compare(a.path, b.path))
	})
	for _, one := range f.all {
		if one.whole || len(one.repaired) > 0 {
			res.addFinding(one, snaps, one.repaired, true)
		}
		if left := without(one.spans, one.repaired); !one.whole && (len(left) > 0 || len(one.spans) == 0) {
			res.addFinding(one, snaps, left, false)
		}
	}
	res.More = f.more
	res.Damaged += f.more - f.apart
	res.Errors += f.more
}

// rank puts what is wrong with the destination before what is wrong in its trees.
func (f *fault) rank() int {
	switch f.what {
	case FaultIndex:
		return 0
	case FaultSet:
		return 1
	case FaultLatest:
		return 2
	}
	return 3
}

func (r *Result) addFinding(one *fault, snaps []record.Header, spans []posRange, mended bool) {
	f := Finding{What: one.what, Path: one.path, Why: one.why, Below: one.below, Repaired: mended, From: one.left,
		Snapshots: one.names}
	if mended {
		f.From = one.from
	}
	for _, s := range spans {
		f.Ranges = append(f.Ranges, Range{snaps[s.first].Name, snaps[s.last].Name, s.last - s.first + 1})
		for pos := s.first; pos <= s.last; pos++ {
			f.Snapshots = append(f.Snapshots, snaps[pos].Name)
		}
	}
	if len(spans) == 0 {
		for _, name := range one.names {
			f.Ranges = append(f.Ranges, Range{name, name, 1})
		}
	}
	r.Findings = append(r.Findings, f)
	if one.what != Unchecked {
		r.Damaged++
	}
	if mended {
		r.Repaired++
	} else {
		r.Errors++
	}
}

// left is what was not repaired, as it is noted.
func (r *Result) left() (found []destination.DamageFound) {
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Repaired {
			continue
		}
		d := destination.DamageFound{What: string(f.What), Path: []byte(f.Path), Why: f.Why}
		for _, s := range f.Ranges {
			d.Snapshots = append(d.Snapshots, destination.SnapshotRange(s))
		}
		found = append(found, d)
	}
	return found
}

// mended is what was repaired, as it is noted.
func (r *Result) mended() (all []destination.Mended) {
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Repaired {
			all = append(all, destination.Mended{What: string(f.What), Path: f.Path, Snapshots: f.Snapshots})
		}
	}
	return all
}

// without are the positions of all that are not in some, both rising.
func without(all, some []posRange) (left []posRange) {
	i := 0
	for _, s := range all {
		for pos := s.first; pos <= s.last; pos++ {
			for i < len(some) && some[i].last < pos {
				i++
			}
			if i == len(some) || some[i].first > pos {
				left = extend(left, pos)
			}
		}
	}
	return left
}
