package scan

import (
	"testing"

	"snap/internal/file"
	"snap/record"
)

// edit is a step from one record to another.
type edit func(r *record.Record)

func size(n int64) edit               { return func(r *record.Record) { r.Size = n } }
func mtime(sec int64) edit            { return func(r *record.Record) { r.Mtime.Sec = sec } }
func ctime(sec int64) edit            { return func(r *record.Record) { r.Ctime.Sec = sec } }
func btime(sec int64) edit            { return func(r *record.Record) { r.Btime = file.Time{Sec: sec} } }
func inode(n uint64) edit             { return func(r *record.Record) { r.Ino = n } }
func mode(m uint16) edit              { return func(r *record.Record) { r.Mode = m } }
func owner(uid uint32) edit           { return func(r *record.Record) { r.UID = uid } }
func names(n uint32) edit             { return func(r *record.Record) { r.Nlink = n } }
func volume(v uint32) edit            { return func(r *record.Record) { r.Volume = v } }
func target(s string) edit            { return func(r *record.Record) { r.Target = s } }
func device(n uint64) edit            { return func(r *record.Record) { r.Rdev = n } }
func flags(f record.Flags) edit       { return func(r *record.Record) { r.Flags |= f } }
func stored(s record.Stored) edit     { return func(r *record.Record) { r.Stored = s } }
func unhashed(r *record.Record)       { r.Flags &^= record.Hashed }
func xattr(r *record.Record)          { r.Xattrs = []file.Xattr{{Name: "user.x", Value: []byte("1")}} }
func content(b byte) edit             { return func(r *record.Record) { r.Hash[0] = b } }
func unreadableThen(r *record.Record) { r.Flags, r.Stored = record.Unreadable, record.Absent }

// recordOf is an entry of the kind with these edits; a file's content is known.
func recordOf(kind file.Kind, edits ...edit) *record.Record {
	r := &record.Record{Volume: 1, Change: record.Added, Stored: record.Made, Stat: file.Stat{
		Kind: kind, Mode: 0o644, UID: 1000, Nlink: 1, Ino: 7,
		Mtime: file.Time{Sec: 100}, Ctime: file.Time{Sec: 101}, Btime: file.Time{Sec: 90},
	}}
	switch kind {
	case file.Regular:
		r.Size, r.Flags, r.Stored = 5, record.Hashed, record.Copied
	case file.Symlink:
		r.Target = "there"
	case file.CharDevice, file.BlockDevice:
		r.Rdev = 3
	}
	for _, e := range edits {
		e(r)
	}
	return r
}

// at is an entry of the previous snapshot at another path.
func at(path string, r *record.Record) *record.Entry { return &record.Entry{Path: path, Record: *r} }

var (
	none        = Rules{}
	checksum    = Rules{Checksum: true}
	trustMoves  = Rules{TrustMoves: true}
	ignoreInode = Rules{IgnoreInode: true}
	ignoreCtime = Rules{IgnoreCtime: true}
)

// The verdicts that need no more than a name.
var (
	keep  = Verdict{Do: Keep}
	learn = Verdict{Do: Learn}
	reads = Verdict{Do: Read}
)

func modified(r record.Reason) Verdict { return Verdict{Copy, record.Modified, r, ""} }

var added = Verdict{Copy, record.Added, record.NewPath, ""}

func linked(r record.Reason, from string) Verdict { return Verdict{Link, record.Moved, r, from} }

// String is the action in the messages of these tests.
func (a Action) String() string {
	return [...]string{"keep", "learn", "read", "link", "clone", "copy", "make"}[a]
}

type judgement struct {
	name  string
	facts Facts
	rules Rules
	want  Verdict
}

func (j *judgement) check(t *testing.T) {
	t.Helper()
	if got := Judge(j.facts, j.rules); got != j.want {
		t.Errorf("%s, %+v:\ngot  %+v\nwant %+v", j.name, j.rules, got, j.want)
	}
}

// hashed says that the source's content was read.
func hashed(f Facts) Facts {
	f.HashKnown = true
	return f
}

// weak says that the index did not know the hash, and the copy was read.
func weak(f Facts) Facts {
	f.Weak = true
	return f
}

// same is a file of the previous snapshot at its own path, and what the source has there now.
func same(edits ...edit) Facts {
	return Facts{Path: "p", Old: recordOf(file.Regular), New: recordOf(file.Regular, edits...)}
}

// sameAfter is that with another past.
func sameAfter(past edit, edits ...edit) Facts {
	return Facts{Path: "p", Old: recordOf(file.Regular, past), New: recordOf(file.Regular, edits...)}
}

func TestAFileAtItsPath(t *testing.T) {
	chmod := Verdict{Clone, record.Metadata, record.OwnerOrMode, ""}
	for _, j := range []judgement{
		{"nothing happened", same(), none, keep},
		{"nothing happened", same(), trustMoves, keep},
		{"nothing happened", same(), ignoreInode, keep},
		{"nothing happened", same(), ignoreCtime, keep},
		{"nothing happened", same(), checksum, reads},
		{"nothing happened, read", hashed(same()), checksum, learn},
		{"nothing shows, but the content differs", hashed(same(content(1))), checksum, modified(record.ContentDiffers)},
		{"nothing shows, but the content is known to differ", hashed(same(content(1))), none,
			modified(record.ContentDiffers)},

		{"E1 edited, time set back", same(ctime(200), content(1)), none, reads},
		{"E1 edited, time set back, read", hashed(same(ctime(200), content(1))), none, modified(record.ContentDiffers)},
		{"E1 edited, time set back", same(ctime(200), content(1)), ignoreInode, reads},
		{"E1 edited, time set back", same(ctime(200), content(1)), trustMoves, reads},
		{"E1 the times are ignored as asked", same(ctime(200)), ignoreCtime, keep},
		{"E1 only the ctime is new, read", hashed(same(ctime(200))), none, learn},
		{"E2 replaced by a file of that size and time", same(inode(8), btime(150), ctime(150), content(1)), none, reads},
		{"E2 replaced by a file of that size and time, read", hashed(same(inode(8), btime(150), ctime(150), content(1))),
			none, modified(record.ContentDiffers)},
		{"E2 replaced, the inode number used again", same(btime(150), ctime(101)), none, reads},
		{"E2 replaced, the inode number used again", same(btime(150), ctime(150)), ignoreCtime, reads},
		{"E2 replaced by an equal copy, read", hashed(same(inode(8), btime(150), ctime(150))), none, learn},
		{"E5 racy", sameAfter(flags(record.Racy)), none, reads},
		{"E5 racy", sameAfter(flags(record.Racy)), ignoreCtime, reads},
		{"E5 racy", sameAfter(flags(record.Racy)), ignoreInode, reads},
		{"E5 racy, the same after all", hashed(sameAfter(flags(record.Racy))), none, learn},
		{"E5 edited within the tick", hashed(sameAfter(flags(record.Racy), content(1))), none,
			modified(record.ContentDiffers)},
		{"E6 stored through a mapping while the backup ran", sameAfter(flags(record.Racy), content(1)), none, reads},
		{"E7 chmod", same(mode(0o600), ctime(200)), none, reads},
		{"E7 chmod, read", hashed(same(mode(0o600), ctime(200))), none, chmod},
		{"E7 chmod without a new ctime, as some network systems do", same(mode(0o600)), none, reads},
		{"E7 chown, read", hashed(same(owner(0), ctime(200))), none, chmod},
		{"E7 setfattr, read", hashed(same(xattr, ctime(200))), none, chmod},
		{"E7 setfattr and ln, ctime ignored", same(xattr, ctime(200), names(2)), ignoreCtime, reads},
		{"E7 setfattr and ln, ctime ignored, read", hashed(same(xattr, ctime(200), names(2))), ignoreCtime, chmod},
		{"E7 chmod and edited, read", hashed(same(mode(0o600), ctime(200), content(1))), none,
			modified(record.ContentDiffers)},
		{"E8 another file system", same(volume(2)), none, reads},
		{"E8 a file system that the index does not know", same(volume(0)), none, reads},
		{"E8 another file system with the same files, read", hashed(same(volume(2))), none, learn},
		{"E9 another inode number every time", same(inode(8)), none, reads},
		{"E9 another inode number every time, read", hashed(same(inode(8))), none, learn},
		{"E9 another inode number every time", same(inode(8), btime(91)), ignoreInode, keep},

		{"touched", same(mtime(200), ctime(200)), none, modified(record.SizeOrTime)},
		{"touched back in time", same(mtime(1), ctime(200)), none, modified(record.SizeOrTime)},
		{"grown", same(size(6)), none, modified(record.SizeOrTime)},
		{"grown", same(size(6)), ignoreCtime, modified(record.SizeOrTime)},
		{"a hard link made of it, read", hashed(same(names(2), ctime(200))), none,
			Verdict{Link, record.Silent, record.Regrouped, ""}},
		{"a hard link made of it, the ctime ignored", same(names(2), ctime(200)), ignoreCtime,
			Verdict{Link, record.Silent, record.Regrouped, ""}},
		{"a number of names that no ctime tells of", same(names(2)), none, keep},
		{"never hashed", sameAfter(unhashed, ctime(200)), none, reads},
		{"from a tree", sameAfter(unhashed), ignoreCtime, reads},
		{"from a tree, equal to its copy", weak(hashed(sameAfter(inode(99), inode(7)))), none,
			Verdict{Link, record.Silent, record.Verified, ""}},
		{"from a tree, equal to its copy, names changed", weak(hashed(sameAfter(inode(99), names(2)))), none,
			Verdict{Link, record.Silent, record.Verified, ""}},
		{"from a tree, another content than its copy", weak(hashed(same(content(1)))), none, modified(record.ContentDiffers)},
		{"from a tree, another mode", weak(hashed(same(mode(0o600)))), none, chmod},
		{"never hashed, read", hashed(sameAfter(unhashed, ctime(200))), none, modified(record.ContentDiffers)},
		{"changed while it was copied", sameAfter(flags(record.Inconsistent)), none, reads},
		{"changed while it was copied, read", hashed(sameAfter(flags(record.Inconsistent))), none,
			Verdict{Copy, record.Silent, record.Verified, ""}},
		{"could not be read before", sameAfter(unreadableThen), none, modified(record.SizeOrTime)},
	} {
		j.check(t)
	}
}

// moved is a file that the previous snapshot has at "was", found at "p".
func moved(gone bool, edits ...edit) Facts {
	return Facts{Path: "p", New: recordOf(file.Regular, edits...), Known: at("was", recordOf(file.Regular)),
		KnownGone: gone}
}

// back is a file that was at "p" before it was gone in the previous snapshot.
func back(edits ...edit) Facts {
	return Facts{Path: "p", New: recordOf(file.Regular, edits...), Before: recordOf(file.Regular)}
}

func twoNames(f Facts) Facts {
	f.Before.Nlink = 2
	return f
}

var returned = Verdict{Link, record.Added, record.Returned, ""}

// movedAfter is that with another past of the file.
func movedAfter(past edit, edits ...edit) Facts {
	f := moved(true, edits...)
	past(&f.Known.Record)
	return f
}

func TestAFileAtANewPath(t *testing.T) {
	edited := Verdict{Copy, record.Moved, record.MovedAndEdited, "was"}
	hardLink := Verdict{Link, record.Added, record.HardLink, "was"}
	noBirth := func(past ...edit) Facts {
		f := movedAfter(btime(0), btime(0))
		for _, e := range past {
			e(f.New)
		}
		return f
	}
	over := func(f Facts, old *record.Record) Facts {
		f.Old = old
		return f
	}
	other := recordOf(file.Regular, inode(9), size(99))
	sized := Facts{Path: "p", New: recordOf(file.Regular, inode(8)), SizeKnown: true}
	twin := sized
	twin.Twin = at("twin", recordOf(file.Regular))
	empty := sized
	empty.New = recordOf(file.Regular, size(0))
	for _, j := range []judgement{
		{"a new file", Facts{Path: "p", New: recordOf(file.Regular)}, none, added},
		{"in a renamed folder", moved(true), none, linked(record.SameIdentity, "was")},
		{"in a renamed folder", moved(true), checksum, reads},
		{"in a renamed folder, read", hashed(moved(true)), checksum, linked(record.VerifiedMove, "was")},
		{"in a renamed folder, but the content is known to differ", hashed(moved(true, content(1))), none, edited},
		{"renamed", moved(true, ctime(200)), none, reads},
		{"renamed, read", hashed(moved(true, ctime(200))), none, linked(record.VerifiedMove, "was")},
		{"renamed", moved(true, ctime(200)), trustMoves, linked(record.TrustedMove, "was")},
		{"renamed", moved(true, ctime(200)), ignoreCtime, reads},
		{"renamed on FAT, where the change time is a copy", movedAfter(ctime(100), ctime(100)), none, reads},
		{"renamed on FAT, where the change time is a copy", movedAfter(ctime(100), ctime(100)), trustMoves, reads},
		{"renamed, racy", movedAfter(flags(record.Racy), ctime(200)), trustMoves, reads},
		{"in a renamed folder, racy", movedAfter(flags(record.Racy)), none, reads},
		{"renamed and its mode changed", moved(true, ctime(200), mode(0o600)), trustMoves, reads},
		{"renamed and its mode changed, read", hashed(moved(true, ctime(200), mode(0o600))), trustMoves,
			Verdict{Clone, record.Moved, record.VerifiedMove, "was"}},
		{"renamed and edited", moved(true, ctime(200), size(6), mtime(200)), none, edited},
		{"renamed and touched", moved(true, ctime(200), mtime(200)), none, edited},
		{"E4 renamed and edited, time set back", moved(true, ctime(200), content(1)), none, reads},
		{"E4 renamed and edited, time set back, read", hashed(moved(true, ctime(200), content(1))), none, edited},
		{"E3 the inode number used again, no birth time", noBirth(), none, reads},
		{"E3 the inode number used again, no birth time", noBirth(), trustMoves, reads},
		{"E3 the inode number used again, no birth time, read", hashed(noBirth(content(1))), trustMoves, added},
		{"E3 a rename without birth times, read", hashed(noBirth(ctime(200))), none, linked(record.VerifiedMove, "was")},
		{"E3 no birth time, other size", noBirth(size(6)), none, added},
		{"never hashed", movedAfter(unhashed), none, edited},
		{"inconsistent then", movedAfter(flags(record.Inconsistent)), none, edited},
		{"unreadable then", movedAfter(unreadableThen), none, added},
		{"another hard link", moved(false, ctime(200)), none, reads},
		{"another hard link, read", hashed(moved(false, ctime(200))), none, hardLink},
		{"another hard link", moved(false, ctime(200)), trustMoves, hardLink},
		{"another hard link, edited", moved(false, ctime(200), size(6)), none, added},
		{"another hard link, edited, time set back", hashed(moved(false, ctime(200), content(1))), none, added},
		{"renamed over another file", over(moved(true), other), none, linked(record.SameIdentity, "was")},
		{"renamed over another file", over(moved(true, ctime(200)), other), none, reads},
		{"renamed over another file and edited, read", hashed(over(moved(true, ctime(200), content(1)), other)), none,
			modified(record.SizeOrTime)},
		{"renamed over a file of its size and time",
			over(moved(true, ctime(200)), recordOf(file.Regular, inode(9), content(1))), none, reads},
		{"renamed over a file of its size and time, read",
			hashed(over(moved(true, ctime(200)), recordOf(file.Regular, inode(9), content(1)))), none,
			linked(record.VerifiedMove, "was")},
		{"linked over another file", over(moved(false, ctime(200)), other), none, modified(record.SizeOrTime)},
		{"the size is known", sized, none, reads},
		{"the size is known, not the content", hashed(sized), none, added},
		{"the content of a file that is gone", hashed(twin), none, linked(record.KnownContent, "twin")},
		{"empty files are all alike", empty, none, added},
		{"could not be read before", Facts{Path: "p", Old: recordOf(file.Regular, unreadableThen),
			New: recordOf(file.Regular)}, none, modified(record.SizeOrTime)},
		{"could not be read for one run", Facts{Path: "p", Old: recordOf(file.Regular, unreadableThen),
			New: recordOf(file.Regular), Before: recordOf(file.Regular)}, none,
			Verdict{Link, record.Modified, record.Returned, ""}},
		{"away for one run", back(), none, returned},
		{"away for one run", back(), checksum, reads},
		{"away for one run, its ctime is another", back(ctime(200)), none, reads},
		{"away for one run, its ctime is another, read", hashed(back(ctime(200))), none, returned},
		{"away for one run, on another disk", back(volume(2)), none, reads},
		{"away for one run, and edited", back(size(6)), none, added},
		{"away for one run, and edited, time set back", hashed(back(ctime(200), content(1))), none, added},
		{"away for one run, and its mode changed", hashed(back(ctime(200), mode(0o600))), none, added},
		{"away for one run, several names", twoNames(back(names(2))), none, returned},
		{"away for one run, more names than before", back(names(2), ctime(200)), none, added},
	} {
		j.check(t)
	}
}
