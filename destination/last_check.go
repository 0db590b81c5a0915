package destination

import (
	"cmp"
	"slices"
	"time"

	"snap/internal/file"
)

// lastCheckName is the file in .snap that tells of the last check, sealed. People are told what stands in it, and
// nothing else goes by it: when it is lost or damaged, no check is known.
const lastCheckName = "last-check"

// LastCheck is what the last check of a destination has left to be told.
type LastCheck struct {
	Time      time.Time `json:"time"`              // when it began, by the clock
	Read      ReadPart  `json:"read"`              // the part of the files that it read
	Stopped   bool      `json:"stopped,omitempty"` // before its end, having found damage
	Snapshots int64     `json:"snapshots"`
	Files     int64     `json:"files"`
	BytesRead int64     `json:"bytes_read"`
	Damaged   int64     `json:"damaged"`
	Repaired  int64     `json:"repaired"`
	Errors    int64     `json:"errors"` // what is left: damage, and what could not be looked at

	Missing int64 `json:"missing,omitempty"` // snapshots whose folders are gone

	Found  []DamageFound `json:"-"` // what it found and did not repair, for Left
	Mended []Mended      `json:"-"` // what it did repair

	// For Reads.
	Newest uint64 `json:"-"`
	Copied int64  `json:"-"`

	// What it, or a check before it, left, if no check since has looked there again and found it well.
	Left *DamageLeft `json:"left,omitempty"`
	// The last checks that read a part, this one too, oldest first.
	Reads []PastRead `json:"reads,omitempty"`
}

// ReadPart is which part of the files a check read.
type ReadPart struct {
	Share float64 `json:"share"`           // of their bytes, about: 1 for all, 0 for none
	Part  int     `json:"part,omitempty"`  // by their content: this one, from 1 on,
	Parts int     `json:"parts,omitempty"` // of so many; 0: at random
}

// DamageLeft is damage that a check found and did not repair.
type DamageLeft struct {
	Time   time.Time `json:"time"` // of the check that found it
	Errors int64     `json:"errors"`
	Read   ReadPart  `json:"read"` // what a check has to read to find it

	Found []DamageFound `json:"found,omitempty"` // some of it
}

// DamageFound is one of the things that a check found.
type DamageFound struct {
	What      string          `json:"what"` // as check.Fault says it
	Path      []byte          `json:"path"` // in the snapshots, else in the destination
	Why       string          `json:"why"`
	Snapshots []SnapshotRange `json:"snapshots,omitempty"`
}

// SnapshotRange is a run of snapshots without a gap, by their names.
type SnapshotRange struct {
	First string `json:"first"`
	Last  string `json:"last"`
	Count int    `json:"count"`
}

// foundKept bounds how many things are told, and foundBytes how long they are together.
const (
	foundKept  = 200
	foundBytes = 64 << 10
)

// keepFound leaves out what is too much to be told.
func keepFound(all []DamageFound) (kept []DamageFound) {
	size := 0
	for _, f := range all {
		size += len(f.Path) + len(f.Why)
		for _, r := range f.Snapshots {
			size += len(r.First) + len(r.Last)
		}
		if len(kept) == foundKept || size > foundBytes {
			break
		}
		kept = append(kept, f)
	}
	return kept
}

// PastRead is a check that read a part of the files.
type PastRead struct {
	Time time.Time `json:"time"`
	Read ReadPart  `json:"read"`

	// What was there: the number of the newest snapshot, and how much all runs had copied so far.
	Newest uint64 `json:"newest,omitempty"`
	Copied int64  `json:"copied,omitempty"`
}

// readsKept bounds how many checks that read are remembered: those of a year, with one a day.
const readsKept = 400

// covers reports whether a check that reads p sees all that one that reads q does.
func (p ReadPart) covers(q ReadPart) bool {
	return p.Share >= 1 || q.Share == 0 || p.Parts > 0 && p.Part == q.Part && p.Parts == q.Parts
}

// follow adds to c what stays true of the check before it, nil for none.
func (c *LastCheck) follow(before *LastCheck) {
	if c.Errors > 0 {
		c.Left = &DamageLeft{Time: c.Time, Errors: c.Errors, Read: c.Read, Found: keepFound(c.Found)}
	}
	if before != nil {
		switch old := before.Left.settle(c.Mended); {
		case old == nil || !c.Stopped && c.Read.covers(old.Read):
		case c.Left == nil:
			c.Left = old
		case !c.Read.covers(old.Read):
			c.Left.Read = ReadPart{Share: 1}
			c.Left.Found = keepFound(append(c.Left.Found, old.Found...))
		}
		c.Reads = before.Reads
	}
	if c.Read.Share > 0 && !c.Stopped {
		c.Reads = append(c.Reads[max(0, len(c.Reads)-readsKept+1):], PastRead{c.Time, c.Read, c.Newest, c.Copied})
	}
}

// ReadSince is about which part of the bytes that are there now was read by checks that began at t or later, from 0 to
// 1. newer says which part of them was not there yet when a check read.
func (c *LastCheck) ReadSince(t time.Time, newer func(PastRead) float64) (share float64) {
	reads := slices.DeleteFunc(slices.Clone(c.Reads), func(r PastRead) bool { return r.Time.Before(t) })
	slices.SortStableFunc(reads, func(a, b PastRead) int { return cmp.Compare(newer(a), newer(b)) })
	for i, r := range reads {
		before := 1.0 // what is older than this is newer than the next has seen
		if i+1 < len(reads) {
			before = newer(reads[i+1])
		}
		share += (before - newer(r)) * readBy(reads[:i+1])
	}
	return share
}

// readBy is about which part of bytes was read by these checks, that were there for each of them.
func readBy(reads []PastRead) float64 {
	type part struct{ part, parts int }
	seen, of := map[part]bool{}, map[int]int{}
	unread := 1.0
	for _, r := range reads {
		p := part{r.Read.Part, r.Read.Parts}
		switch {
		case seen[p]:
		case r.Read.Parts > 0:
			seen[p] = true
			of[p.parts]++
		default: // at random
			unread *= 1 - max(min(r.Read.Share, 1), 0)
		}
	}
	for parts, n := range of {
		unread *= 1 - min(float64(n)/float64(parts), 1)
	}
	return 1 - unread
}

// NoteCheck leaves the result of a check for those who ask later. It needs no lock: of two checks the one that ends
// last leaves its.
func (d *Destination) NoteCheck(c LastCheck) error {
	return d.leave(lastCheckName, func(meta *file.Dir) any {
		c.Time = c.Time.UTC()
		var before LastCheck
		if readSealed(meta, lastCheckName, &before) == nil {
			c.follow(&before)
		} else {
			c.follow(nil)
		}
		return &c
	})
}

// forgetNames leaves out of what was noted of runs and checks what may name paths.
func (d *Destination) forgetNames() error {
	var runs pastRuns
	var c LastCheck
	err := d.rewrite(pastRunsName, &runs, func() {
		for i := range runs.Runs {
			if r := &runs.Runs[i]; r.End == RunIncomplete && r.Why != "" {
				r.Why = "why is not told any more, since a purge"
			} else {
				r.Why = ""
			}
		}
	})
	return cmp.Or(err, d.rewrite(lastCheckName, &c, func() {
		if c.Left != nil {
			c.Left.Found = nil
		}
	}))
}

// ReadLastCheck is what the last check of the destination root has left, nil if none has, or nothing is known of it.
func ReadLastCheck(root *file.Dir) *LastCheck {
	meta, err := root.OpenDir(MetaName)
	if err != nil {
		return nil
	}
	defer meta.Close()
	var c LastCheck
	if readSealed(meta, lastCheckName, &c) != nil {
		return nil
	}
	return &c
}
