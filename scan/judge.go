package scan

import (
	"snap/internal/file"
	"snap/record"
)

// Action is what a backup does with one path of the source.
type Action uint8

// The actions.
const (
	Keep  Action = iota // unchanged: link the previous snapshot's entry of the same path
	Learn               // Keep, and let the newest record learn what the stat record says now
	Read                // not decided yet: the content's hash is needed
	Link                // link the previous snapshot's entry at From
	Clone               // a new inode with the bytes of the previous entry at From and new metadata
	Copy                // read it from the source
	Make                // a folder, symbolic link or special file
)

// Verdict is the judgement about one path.
type Verdict struct {
	Do     Action
	Change record.Change // 0 with Keep, Learn and Read
	Reason record.Reason
	From   string // the path in the previous snapshot, with Link and Clone, and with Moved; "": the same path
}

// Facts are what is known of one path of the source when it is judged.
type Facts struct {
	Path string
	Old  *record.Record // what the previous snapshot had there, nil if nothing
	New  *record.Record // what the source has: stat, volume, xattrs, target; with HashKnown the hash too

	HashKnown bool // New.Hash is the hash of the source's content now
	Weak      bool // the index did not know Old.Hash; it was read from the previous snapshot's copy

	// An entry of the previous snapshot with the identity of New, at another path. KnownGone: that path
	// no longer leads to this file.
	Known     *record.Entry
	KnownGone bool

	// Of a folder: an entry that was in the folder Known, untouched, is in this one now. It is looked for where there
	// are no birth times.
	Together bool

	// Before is what was here before it was gone, or could not be read, where the previous snapshot does not hold the
	// path. Its Volume is that of New if it is of the same file system, else 0.
	Before *record.Record

	// SizeKnown: the previous snapshot has a file of this size, so that its content may be known. Twin
	// is an entry with New's content, owner, mode, xattrs and mtime whose path is gone and whose inode
	// nothing else in the new snapshot uses. It can only be looked for when the hash is known.
	SizeKnown bool
	Twin      *record.Entry
}

// Judge applies the rule table of change detection. It is asked again when it answers Read and the hash
// is known; it never answers Read then.
//
// An unchanged file whose number of names changed is linked as before but gets a new, silent record: which
// names share an inode is read off the records. So does one whose hash was not known: it is known now.
func Judge(f Facts, rules Rules) Verdict {
	v := judge(f, rules)
	if v.Do == Learn && f.Weak {
		return Verdict{Do: Link, Change: record.Silent, Reason: record.Verified}
	}
	if v.Do == Learn && f.New.Kind != file.Folder && f.Old.Nlink != f.New.Nlink ||
		v.Do == Keep && renumbered(f.Old, &f.New.Stat) {
		return Verdict{Do: Link, Change: record.Silent, Reason: record.Regrouped}
	}
	return v
}

func judge(f Facts, rules Rules) Verdict {
	old := f.Old
	if old != nil && old.Stored == record.Absent && old.Has(record.Unreadable) {
		old = nil // there is nothing to link
	}
	if old != nil && old.Kind != f.New.Kind {
		v := judgeNew(f, rules)
		if v.Do != Read && v.Change != record.Moved {
			v.Change, v.Reason = record.TypeChanged, record.OtherKind
		}
		return v
	}
	if old == nil {
		v := judgeNew(f, rules)
		if f.Old != nil && v.Change == record.Added { // unreadable until now
			v.Change, v.Reason = record.Modified, record.SizeOrTime
		}
		return v
	}
	switch f.New.Kind {
	case file.Regular:
		return judgeOld(f, rules)
	case file.Folder:
		switch {
		case old.Has(record.Unreadable) != f.New.Has(record.Unreadable):
			return Verdict{Make, record.Modified, record.UnreadableNow, ""}
		case !old.SameOwnerMode(f.New):
			return Verdict{Make, record.Metadata, record.OwnerOrMode, ""}
		case old.Mtime != f.New.Mtime:
			return Verdict{Make, record.Silent, record.TimeOnly, ""}
		}
		return Verdict{Do: Learn}
	}
	switch {
	case old.Target != f.New.Target || old.Rdev != f.New.Rdev:
		if f.Known != nil && f.KnownGone && f.Known.Target == f.New.Target && f.Known.Rdev == f.New.Rdev {
			return judgeNew(f, rules)
		}
		return Verdict{Make, record.Modified, record.TargetDiffers, ""}
	case !old.SameMeta(f.New):
		return Verdict{Make, record.Metadata, record.OwnerOrMode, ""}
	}
	return Verdict{Do: Learn}
}

// judgeOld judges a regular file that the previous snapshot has at the same path.
func judgeOld(f Facts, rules Rules) Verdict {
	old, now := f.Old, f.New
	if old.Stored == record.Absent { // the destination did not hold it, and nobody knows its bytes
		switch {
		case old.Size != now.Size || old.Mtime != now.Mtime:
			return Verdict{Copy, record.Modified, record.SizeOrTime, ""}
		case !old.SameOwnerMode(now):
			return Verdict{Copy, record.Metadata, record.OwnerOrMode, ""}
		}
		return Verdict{Do: Learn}
	}
	if old.Size != now.Size || old.Mtime != now.Mtime {
		if f.Known != nil && f.KnownGone { // another file was moved over it
			return judgeNew(f, rules)
		}
		return Verdict{Copy, record.Modified, record.SizeOrTime, ""}
	}
	if differs := f.HashKnown && !old.SameHash(now); !differs && Unchanged(old, &now.Stat, now.Volume, rules) &&
		old.SameOwnerMode(now) {
		return Verdict{Do: Keep}
	}
	if !f.HashKnown {
		return Verdict{Do: Read}
	}
	switch {
	case !old.SameHash(now):
		if f.Known != nil {
			return judgeNew(f, rules)
		}
		return Verdict{Copy, record.Modified, record.ContentDiffers, ""}
	case !old.SameOwnerMode(now):
		return Verdict{Clone, record.Metadata, record.OwnerOrMode, ""}
	case old.Has(record.Inconsistent): // what was copied then is the content after all
		return Verdict{Copy, record.Silent, record.Verified, ""}
	}
	return Verdict{Do: Learn}
}

// judgeNew judges an entry that the previous snapshot does not have at this path.
func judgeNew(f Facts, rules Rules) Verdict {
	added, reason := record.Added, record.NewPath
	if f.Old != nil {
		added, reason = record.Modified, record.SizeOrTime
	}
	now := f.New
	if now.Kind == file.Folder {
		if f.Known != nil && f.KnownGone && f.Known.Path != "" && sameFolder(f) { // a tree's root cannot move
			return Verdict{Make, record.Moved, record.SameIdentity, f.Known.Path}
		}
		return Verdict{Make, added, reason, ""}
	}
	if k := f.Known; k != nil && k.Kind == now.Kind && k.Stored != record.Absent && k.Flags&record.Unreadable == 0 {
		change, from := record.Moved, k.Path
		if !f.KnownGone {
			change, from = added, ""
		}
		birth := !now.Btime.IsZero() // without it an inode number proves too little
		if now.Kind != file.Regular {
			switch {
			case k.Target != now.Target || k.Rdev != now.Rdev: // it is another one: neither can be changed
				return Verdict{Make, added, reason, ""}
			case k.SameMeta(now):
				return Verdict{Link, change, linkReason(f, record.SameIdentity), k.Path}
			case birth:
				return Verdict{Make, change, linkReason(f, record.MovedAndEdited), from}
			}
			return Verdict{Make, added, reason, ""}
		}
		known := birth && !borrowedCtime(&now.Stat) && !k.Has(record.Racy) && !rules.Checksum
		if k.Size == now.Size && k.Mtime == now.Mtime && k.Has(record.Hashed) && !k.Has(record.Inconsistent) {
			same := k.SameOwnerMode(now)
			switch {
			case f.HashKnown && !k.SameHash(now): // whatever the stat record says
			case known && same && k.Ctime == now.Ctime:
				return Verdict{Link, change, linkReason(f, record.SameIdentity), k.Path}
			case known && same && rules.TrustMoves:
				return Verdict{Link, change, linkReason(f, record.TrustedMove), k.Path}
			case !f.HashKnown:
				return Verdict{Do: Read}
			case same:
				return Verdict{Link, change, linkReason(f, record.VerifiedMove), k.Path}
			default:
				return Verdict{Clone, change, linkReason(f, record.VerifiedMove), k.Path}
			}
		}
		if birth && f.KnownGone && f.Old == nil {
			return Verdict{Copy, record.Moved, record.MovedAndEdited, k.Path}
		}
		return Verdict{Copy, added, reason, ""}
	}
	if now.Kind != file.Regular {
		return Verdict{Make, added, reason, ""}
	}
	if b := f.Before; b != nil && b.Size == now.Size && b.Mtime == now.Mtime && b.Has(record.Hashed) &&
		!b.Has(record.Inconsistent) {
		unchanged := Unchanged(b, &now.Stat, now.Volume, rules) && !borrowedCtime(&now.Stat)
		alone := now.Nlink <= 1 && b.Nlink <= 1
		switch {
		case f.HashKnown && b.Hash != now.Hash:
		case b.SameOwnerMode(now) && (unchanged && b.Nlink == now.Nlink || f.HashKnown && alone):
			return Verdict{Link, added, record.Returned, ""}
		case !f.HashKnown && alone:
			return Verdict{Do: Read}
		}
	}
	if f.SizeKnown && now.Size > 0 && f.Old == nil {
		if !f.HashKnown {
			return Verdict{Do: Read}
		}
		if f.Twin != nil {
			return Verdict{Link, record.Moved, record.KnownContent, f.Twin.Path}
		}
	}
	return Verdict{Copy, added, reason, ""}
}

// sameFolder reports whether the folder is the one that Known is. Inode numbers are given out again: without a birth
// time either its own time is still what it was, which that of a new folder is not, or what was in it came with it.
func sameFolder(f Facts) bool {
	if f.Known.Kind != file.Folder {
		return false
	}
	return TellsApart(&f.New.Stat) || f.Known.Mtime == f.New.Mtime && !f.Known.Has(record.Racy) || f.Together
}

// TellsApart reports whether the inode number and birth time of s are its own for good. Where there is no birth time,
// the number may have been another file's before; FAT and exFAT give their files new numbers at each mount.
func TellsApart(s *file.Stat) bool { return !s.Btime.IsZero() && !borrowedCtime(s) }

// borrowedCtime reports whether the change time can be a copy of the modification time, as FAT and exFAT give it when
// they were mounted anew. Inode numbers are new there too, and times as coarse as theirs distinguish no two files.
func borrowedCtime(s *file.Stat) bool { return s.Ctime == s.Mtime && s.Ctime.Nsec%10_000_000 == 0 }

// linkReason is why a path shares an inode: as another hard link while the known path is still there.
func linkReason(f Facts, moved record.Reason) record.Reason {
	if f.KnownGone {
		return moved
	}
	return record.HardLink
}
