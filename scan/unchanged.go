package scan

import (
	"snap/internal/file"
	"snap/record"
)

// Rules loosen or tighten what counts as proof that a file is unchanged. The user chooses them, by settings and flags.
// The zero value is the safe default.
type Rules struct {
	Checksum    bool // trust nothing: every file's content is read
	TrustMoves  bool // a renamed file with equal inode, birth time, size and mtime is not read
	IgnoreInode bool // inode and birth time need not agree: for sources that give their files new numbers
	IgnoreCtime bool // the ctime need not agree: for sources where tools set it without changing files
}

// Unchanged is the first row of the rule table: the stat record alone proves that nothing happened to the
// file since old was recorded. volume is the number that the index has for the file system of s.
//
// Compare asks it before Judge is asked at all, so that a rule that Judge alone knows decides about candidates only.
// Package backup takes it as proof, too: for xattrs that are not read again, for files in a folder that moved, and for
// what an interrupted run has copied.
func Unchanged(old *record.Record, s *file.Stat, volume uint32, rules Rules) bool {
	if old.Kind != s.Kind || old.Mtime != s.Mtime || old.Size != s.Size || old.Mode != s.Mode && s.Kind != file.Symlink ||
		old.UID != s.UID || old.GID != s.GID || old.Rdev != s.Rdev {
		return false
	}
	if old.Weak() || old.Flags&(record.Racy|record.Inconsistent|record.Unreadable) != 0 ||
		rules.Checksum && s.Kind == file.Regular {
		return false
	}
	if !rules.IgnoreCtime && old.Ctime != s.Ctime {
		return false
	}
	return rules.IgnoreInode || old.Ino == s.Ino && old.Volume == volume && old.Btime == s.Btime
}

// renumbered reports whether a file has another number of names than before. Its ctime says so too, unless that
// is to be ignored.
func renumbered(old *record.Record, s *file.Stat) bool {
	return s.Kind != file.Folder && old.Ctime != s.Ctime && old.Nlink != s.Nlink
}

// Untrue reports whether the size of a file differs and no time does: it has another length than it says, as the
// files of proc have, or was changed within a tick of the clock. Reading it shows.
func Untrue(old *record.Record, s *file.Stat) bool {
	return old.Exists() && old.Kind == file.Regular && s.Kind == file.Regular && old.Has(record.Hashed) &&
		old.Size != s.Size && old.Mtime == s.Mtime && old.Ctime == s.Ctime
}
