// Package record has what a snapshot says of a path, without a database: a [Record], how it is packed, the order of
// paths ([Compare]), the [Header] of a snapshot, and the file of a change set ([ChangeWriter], [ChangeReader]). From
// change sets the index can be made again.
//
// Paths are relative to the source, with slashes; "" is the source itself.
package record

import (
	"snap/internal/file"
)

// Change is what a snapshot did to a path. The values are stored: they never change.
type Change uint8

// The changes. Silent marks a record that shows no change of the file itself: a folder whose times alone changed, or
// a new copy because the old one could not be linked.
const (
	Added Change = iota + 1
	Modified
	Metadata
	Moved
	TypeChanged
	Removed
	Silent
)

var changeNames = [...]string{"none", "added", "modified", "metadata", "moved", "type", "removed", "silent"}

// String is the change as JSON spells it.
func (c Change) String() string {
	if int(c) < len(changeNames) {
		return changeNames[c]
	}
	return "unknown"
}

// Stored is how an entry came into the snapshot's tree.
type Stored uint8

// The ways. Absent entries are in the index only: unreadable files, and tombstones.
const (
	Absent Stored = iota
	Copied        // read from the source and written
	// another name of an inode that the snapshot before holds, there at Link, else From, else this path; see Since
	Linked
	Cloned // a new inode that shares its blocks with an older snapshot's
	Made   // a folder, symbolic link or special file
	Joined // another name of an inode that was new in this snapshot, there at Link
)

var storedNames = [...]string{"absent", "copied", "linked", "cloned", "made", "joined"}

// Shares reports whether the entry is another name of an inode that was there already.
func (s Stored) Shares() bool { return s == Linked || s == Joined }

func (s Stored) String() string {
	if int(s) < len(storedNames) {
		return storedNames[s]
	}
	return "unknown"
}

// Reason is why a record is as it is.
type Reason uint8

// The reasons. `snap explain` and -vv print them.
const (
	NoReason          Reason = iota
	NewPath                  // the path was not in the snapshot before
	SizeOrTime               // size or modification time differ
	ContentDiffers           // size and time are equal, the hash differs
	OwnerOrMode              // content equal; owner, group, mode or xattrs differ
	TimeOnly                 // content equal; the times differ
	OtherKind                // a file became a folder, a folder a link, …
	SameIdentity             // moved: inode, birth time, size, mtime and ctime are equal
	VerifiedMove             // moved: inode and birth time are equal, and the content's hash
	TrustedMove              // moved: as above, not read because of --trust-moves
	MovedAndEdited           // moved, and the content changed on the way
	KnownContent             // moved: another inode, but hash and metadata of a file that is gone
	HardLink                 // another name of a file in the snapshot
	Regrouped                // its hard links are other names than before
	TargetDiffers            // a symbolic link leads elsewhere, a device has another number
	OldCopyDamaged           // the older snapshot's copy is gone or was changed
	LinkLimit                // the old inode has as many names as the file system allows
	Forced                   // --checksum read it
	Verified                 // read: same content as before, only its ctime or inode is new
	Gone                     // no longer in the source, or left out by a filter
	UnreadableNow            // could not be read this time
	VanishedMeanwhile        // was gone when it was to be read
	Replaced                 // by another file, in a snapshot that was deleted since
	FromTree                 // taken from a snapshot's tree: another inode than before, equal size and time
	CannotHold               // the destination cannot hold it: its name, or its size
	HoldsNow                 // it could not, and can now
	AnotherOwner             // the older copy was made by another user
	// gone or unreadable in the snapshot before: the last one that held it at this path is linked, see Since
	Returned
	NotReceived // a copy of the snapshot elsewhere: the bytes were lost where it came from; Hash is theirs
)

var reasonTexts = [...]string{
	"", "new path", "size or time differ", "same size and time, other content", "owner, mode or attributes differ",
	"times differ", "another type of file", "moved: same inode, times and size", "moved: same inode, content verified",
	"moved: same inode and size, trusted", "moved and edited", "moved: same content and metadata as a file that is gone",
	"another hard link", "hard links regrouped", "another target", "the older copy was gone or altered",
	"the older copy has as many links as the file system allows", "content read as --checksum asks",
	"content verified", "no longer in the source", "could not be read", "vanished while the backup ran",
	"replaced by another file in a snapshot that was deleted since",
	"another copy of the same size and time, not compared",
	"the destination cannot hold it", "the destination can hold it now", "the older copy was made by another user",
	"back as it was in an older snapshot",
	"lost where the snapshot was copied from",
}

func (r Reason) String() string {
	if int(r) < len(reasonTexts) {
		return reasonTexts[r]
	}
	return "unknown reason"
}

// Flags of a record.
type Flags uint8

const (
	// Racy: a timestamp lay so close to the scan that a later change may not show in the times. The next
	// backup reads the file, or looks at the folder, link or special file again.
	Racy Flags = 1 << iota
	// Inconsistent: the file changed while it was read, again and again.
	Inconsistent
	// Unreadable: the file could not be read and is not in the tree.
	Unreadable
	// Hashed: Hash is set.
	Hashed
	// Capped: it has more extended attributes than Xattrs.
	Capped
	// SparseHash: Hash is of the sparse form (file.NewDigest), not the plain SHA-256 of the bytes.
	SparseHash
)

// TreeVolume is the Volume of a record that was made from a snapshot's tree. Its inode and birth time are
// those of the tree, so that the names that share an inode are known; no file system of a source has
// this number.
const TreeVolume = 1<<32 - 1

// Record is the state that one snapshot introduced for one path.
type Record struct {
	file.Stat        // Dev and Mount are not stored; Volume stands for Dev
	Volume    uint32 // number of the file system in the source; those of the newest snapshot are in Header.Volumes
	Hash      [32]byte
	Target    string // of a symbolic link
	Xattrs    []file.Xattr
	Flags     Flags
	Change    Change
	Stored    Stored
	Reason    Reason
	From      string // with Moved and hard links: the path it was linked or moved from, in the snapshot before
	To        string // where the file that was here before has moved; set when records are imported
	Link      string // with Joined, and with Linked where From does not say it: another name of the inode
	Holes     int64  // bytes of Size that take no room in the tree, where that is worth telling; see Took

	// With Copied, of a file that was patched: how many bytes it shares with the older copy, and in how many blocks of
	// 64 KiB it differs from that. Blocks that became holes were not written.
	Shared, Patched int64

	// With Linked, where the snapshot before does not hold the inode: the last one that has something at the path does,
	// if it has this number or a higher one and the same file. Else the one with this number does; if it is deleted,
	// none is known to.
	Since uint64
}

// OnDisk is what the content of a regular file takes in the tree: its size without its holes, in bytes.
func (r *Record) OnDisk() int64 { return r.Size - min(r.Holes, r.Size) }

// Written is how much of the content of a copied file its backup wrote: what is on the disk, and not shared with an
// older copy.
func (r *Record) Written() int64 { return r.OnDisk() - min(r.Shared, r.OnDisk()) }

// PatchBlocks is how many blocks of 64 KiB a file has.
func (r *Record) PatchBlocks() int64 { return r.Size/file.PatchBlock + min(r.Size%file.PatchBlock, 1) }

// Took notes that the content takes so many bytes. Where that is about the size, as for nearly every file, it is not
// stored: a few blocks more or less are no reason for a longer record.
func (r *Record) Took(bytes int64) {
	if r.Holes = max(r.Size-max(bytes, 0), 0); r.Holes < 4<<10 || r.Holes < r.Size/16 {
		r.Holes = 0
	}
}

// Has reports whether all of the flags are set.
func (r *Record) Has(f Flags) bool { return r.Flags&f == f }

// Begins reports whether another file than before is at the path, which did not come from a path that it would be
// reported with.
func (r *Record) Begins() bool {
	return r.Change == Added || r.Change == TypeChanged || r.Reason == Replaced
}

// Unheld reports whether the destination could not hold the file or folder, by its name or size: the snapshot's tree
// lacks it.
func (r *Record) Unheld() bool {
	return r.Exists() && r.Stored == Absent && !r.Has(Unreadable) && (r.Kind == file.Regular || r.Kind == file.Folder)
}

// OnlyTrail reports whether the record only says which inode was at the path in snapshots that are deleted by now. The
// snapshot before has nothing there, nor has its own.
func (r *Record) OnlyTrail() bool {
	return r.Change == Removed && r.Reason == NoReason && r.Stored.Shares()
}

// Exists reports whether the record says that something is there.
func (r *Record) Exists() bool { return r != nil && r.Change != Removed }

// Held reports whether the snapshot holds what the record describes: not what could not be read. A link or special file
// that the tree could not take is held by its record.
func (r *Record) Held() bool {
	switch {
	case !r.Exists():
		return false
	case r.Kind == file.Folder:
		return true
	}
	return !r.Has(Unreadable) && (r.Kind != file.Regular || r.Stored != Absent)
}

// Meta is what a restore sets in addition to the bytes.
func (r *Record) Meta() *file.Meta {
	return &file.Meta{Kind: r.Kind, Mode: r.Mode, UID: r.UID, GID: r.GID, Mtime: r.Mtime, Xattrs: r.Xattrs}
}

// SameIdentity reports whether two records are of the same source file, whatever its name: volume,
// inode and birth time agree.
func (r *Record) SameIdentity(o *Record) bool {
	return r.Volume == o.Volume && r.Ino == o.Ino && r.Ino != 0 && r.Btime == o.Btime
}

// Weak reports whether the record is of a file whose content is not known: it was made from a tree.
func (r *Record) Weak() bool {
	return r.Kind == file.Regular && r.Stored != Absent && !r.Has(Hashed)
}

// TakeHash gives r the hash of from, in its form.
func (r *Record) TakeHash(from *Record) {
	r.Hash = from.Hash
	r.Flags = r.Flags&^(Hashed|SparseHash) | from.Flags&(Hashed|SparseHash)
}

// SameHash reports whether both have a hash, of the same form, and the same one. Hashes of different forms are never
// equal.
func (r *Record) SameHash(o *Record) bool {
	const form = Hashed | SparseHash
	return r.Has(Hashed) && r.Flags&form == o.Flags&form && r.Hash == o.Hash
}

// SameContent reports whether both hold the same bytes, target or device, as far as the records say: where one has no
// hash, size and modification time have to do.
func (r *Record) SameContent(o *Record) bool {
	if r.Kind != o.Kind || r.Size != o.Size || r.Target != o.Target || r.Rdev != o.Rdev {
		return false
	}
	switch {
	case r.Kind != file.Regular:
		return true
	case r.Has(Hashed) && o.Has(Hashed):
		return r.SameHash(o)
	}
	return r.Mtime == o.Mtime
}

// SameMeta reports whether mode, owner, xattrs and modification time are equal.
func (r *Record) SameMeta(o *Record) bool {
	return r.Mtime == o.Mtime && r.SameOwnerMode(o)
}

// SameOwnerMode reports whether mode, owner and xattrs are equal.
func (r *Record) SameOwnerMode(o *Record) bool {
	return (r.Kind == file.Symlink || r.Mode == o.Mode) && r.UID == o.UID && r.GID == o.GID && r.SameXattrs(o)
}

// SameXattrs reports whether the extended attributes are equal.
func (r *Record) SameXattrs(o *Record) bool {
	if len(r.Xattrs) != len(o.Xattrs) {
		return false
	}
	for i, x := range r.Xattrs {
		if x.Name != o.Xattrs[i].Name || string(x.Value) != string(o.Xattrs[i].Value) {
			return false
		}
	}
	return true
}

// Entry is a path and its record.
type Entry struct {
	Path string
	Record
}

// Learn takes over what now says of the source alone.
func (r *Record) Learn(now *Record) {
	r.Volume, r.Ino, r.Btime, r.Ctime = now.Volume, now.Ino, now.Btime, now.Ctime
	r.Flags = r.Flags&^Racy | now.Flags&Racy
}

// HasInode reports whether the record's entry is in the tree with an inode that may have several names.
func (r *Record) HasInode() bool {
	return r.Exists() && r.Kind != file.Folder && r.Stored != Absent
}

// OlderName is the path of the older name that a linked record of path shares its inode with.
func (r *Record) OlderName(path string) string {
	switch {
	case r.Link != "":
		return r.Link
	case r.From != "":
		return r.From
	}
	return path
}
