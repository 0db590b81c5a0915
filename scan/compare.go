package scan

import (
	"iter"

	"snap/internal/file"
	"snap/internal/stream"
	"snap/record"
)

// Rules loosen or tighten what counts as proof that a file is unchanged. The zero value is the safe
// default.
type Rules struct {
	Checksum    bool // trust nothing: every file's content is read
	TrustMoves  bool // a renamed file with equal inode, birth time, size and mtime is not read
	IgnoreInode bool // inode and birth time need not agree: for sources that give their files new numbers
	IgnoreCtime bool // the ctime need not agree: for sources where tools set it without changing files
}

// Pair is what the source has at a path and what the previous snapshot had there. One of the two may be
// nil. Both are valid until the next pair.
type Pair struct {
	New  *Item
	Old  *record.Entry
	Same bool // proved unchanged by the stat record alone
}

// Path is the pair's path.
func (p *Pair) Path() string {
	if p.Old != nil {
		return p.Old.Path
	}
	return p.New.Path()
}

// Compare merges a walk with the entries of the previous snapshot, both in key order. volume numbers
// the file system with this device number, 0 if the index does not know it.
func Compare(walk iter.Seq2[*Item, error], old iter.Seq2[*record.Entry, error], volume func(dev uint64) uint32,
	rules Rules) iter.Seq2[*Pair, error] {
	return func(yield func(*Pair, error) bool) {
		pair := new(Pair)
		order := func(it *Item, e *record.Entry) int { return -compareTo(e.Path, it.Dir, it.Name) }
		for j, err := range stream.Join(walk, old, order) {
			if err != nil {
				yield(nil, err)
				return
			}
			*pair = Pair{New: j.Left, Old: j.Right}
			if it, e := pair.New, pair.Old; it != nil && e != nil {
				pair.Same = it.Err == nil && Unchanged(&e.Record, &it.Stat, volume(it.Stat.Dev), rules) &&
					!renumbered(&e.Record, &it.Stat)
			}
			if !yield(pair, nil) {
				return
			}
		}
	}
}

// compareTo is record.Compare(path, dir/name) without joining the two.
func compareTo(path, dir, name string) int {
	if dir == "" {
		return record.Compare(path, name)
	}
	n := len(dir)
	if len(path) <= n || path[:n] != dir {
		// Neither equal nor below dir, as long as path[n] is not the slash: dir decides, unless path
		// runs on from dir with another byte, which sorts after everything in dir.
		if c := record.Compare(path, dir); c != 0 {
			return c
		}
		return -1 // the folder itself comes before what is in it
	}
	if path[n] != '/' {
		return 1
	}
	return record.Compare(path[n+1:], name)
}

// renumbered reports whether a file has another number of names than before. Its ctime says so too, unless that
// is to be ignored.
func renumbered(old *record.Record, s *file.Stat) bool {
	return s.Kind != file.Folder && old.Ctime != s.Ctime && old.Nlink != s.Nlink
}

// Unchanged is the first row of the rule table: the stat record alone proves that nothing happened to the
// file since old was recorded. volume is the number that the index has for the file system of s.
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

// Untrue reports whether the size of a file differs and no time does: it has another length than it says, as the
// files of proc have, or was changed within a tick of the clock. Reading it shows.
func Untrue(old *record.Record, s *file.Stat) bool {
	return old.Exists() && old.Kind == file.Regular && s.Kind == file.Regular && old.Has(record.Hashed) &&
		old.Size != s.Size && old.Mtime == s.Mtime && old.Ctime == s.Ctime
}
