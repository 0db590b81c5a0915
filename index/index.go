// Package index knows what every snapshot of a destination holds, and is the only user of bbolt.
//
// # Schema
//
// One bbolt database, index.db, version 1:
//
//	meta/        version · id                                  of the schema; of the destination
//	snapshots/   <seq>           → header                      JSON
//	records/     <seq>/ <path>   → record                      one bucket per snapshot: what it changed, tombstones too
//	paths/       <path>          → seqs                        the snapshots that hold a record for the path
//	identity/    <volume,inode><path>  → –                     entries of the newest snapshot
//	content/     <size,sha256[:8]><volume,inode><sum> → –      regular files of the newest snapshot
//
// <seq> is eight bytes, big-endian. <path> is a key: slashes become NUL, the root is one NUL, so that a
// folder sorts directly before what is in it and a subtree is one range of keys. <volume,inode> and
// <size> are numbers that sort as numbers: a length byte, then the bytes that are not zero. Birth times
// and whole hashes are compared in the record that a key leads to. A key of content leads to the one of identity
// that has the path, by 48 bits of a sum of it, <sum>; without an inode number a byte ff and <path> stand there.
// A record, a seq list and a header
// end in a CRC-32C over their key and value, because bbolt does not check its pages.
//
// When a snapshot is deleted, its records and those of the next one become one bucket, the larger of the
// two. A snapshot's records therefore lie in one bucket <b> with seq of the snapshot before < b ≤ its own
// seq (Header.Bucket), and a record in bucket b belongs to the first snapshot with a seq ≥ b.
//
// # Invariants
//
//   - The state of a path at snapshot S is its record in the largest <b> ≤ S; no record or a tombstone
//     means that it is not there.
//   - A snapshot exists for readers when its header does; the header is written after all its records.
//   - identity and content describe the newest snapshot, also while it is only prepared.
//   - Everything here can be made again from the change sets ([ChangeReader]).
//
// Paths in the exported API are relative to the source, with slashes; "" is the source itself.
//
// # Where to begin
//
// A [DB] is the index of one destination: after [Open], [DB.Snapshots] lists the headers, [DB.Entries] what one
// snapshot holds, [DB.Lookup] one path of it, [DB.Diff] what lies between two, [DB.Follow] a file's life. A [Record]
// is the state of a path (record.go); codec.go packs it, key.go orders paths. [DB.Import] (write.go) takes in a
// change set, which a [ChangeWriter] writes and a [ChangeReader] reads. open.go and prove.go keep a damaged file from
// doing harm. docs/formats.md has all of it byte by byte.
package index

import (
	"errors"
	"fmt"
	"time"
)

// Sentinel errors. Their texts say what to do.
var (
	// ErrMissing: there is no index.db. In a destination with snapshots that is damage.
	ErrMissing = errors.New("the index is missing")
	// ErrDamaged: index.db cannot be read or contradicts itself.
	ErrDamaged = errors.New("the index is damaged")
	// ErrNewer: a newer version of snap wrote this.
	ErrNewer = errors.New("written by a newer version of snap")
	// ErrNotFound: no such snapshot, or no such path in it.
	ErrNotFound = errors.New("not found")
	// ErrBusy: another process kept the database locked for too long.
	ErrBusy = errors.New("the index stayed locked by another snap")
)

// damaged makes an ErrDamaged that says where.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// bucket is the number of the bucket that holds the snapshot's records.
func (h *Header) bucket() uint64 {
	if h.Bucket != 0 {
		return h.Bucket
	}
	return h.Seq
}

// State is how far a snapshot has come.
type State string

// The states that are stored, and those that are derived when snapshots are listed.
const (
	Prepared   State = "prepared"   // its records are here, its tree may not be published yet
	Complete   State = "complete"   // published
	Deleting   State = "deleting"   // its tree is on its way out, its records are being folded into the next
	Incomplete State = "incomplete" // published, but some source files could not be read (derived)
	Missing    State = "missing"    // its folder is gone (derived)
)

// Header is what the index knows of a snapshot as a whole. Its JSON form is the `list` contract.
type Header struct {
	Name        string    `json:"name"`
	Seq         uint64    `json:"seq"`
	Time        time.Time `json:"time"` // when the scan began
	Finished    time.Time `json:"finished"`
	Source      string    `json:"source"` // absolute path of the folder that the tree is of
	Host        string    `json:"host"`
	User        string    `json:"user"`
	Files       int64     `json:"files"` // entries that are not folders
	Dirs        int64     `json:"dirs"`  // folders, the source itself included
	Bytes       int64     `json:"bytes"` // sum of the sizes of the regular files; see Plus
	Added       int64     `json:"added"` // of this change set, counting files and folders
	Modified    int64     `json:"modified"`
	Metadata    int64     `json:"metadata"`
	Moved       int64     `json:"moved"`
	Removed     int64     `json:"removed"`
	Linked      int64     `json:"linked"`       // files that are hard links into an older snapshot
	CopiedBytes int64     `json:"copied_bytes"` // bytes of file content written, holes left out
	Errors      int64     `json:"errors"`       // source files and folders that could not be read

	Unread      int64    `json:"unread,omitempty"`       // of Files, those that it does not hold, because they could not be read
	UnreadBytes int64    `json:"unread_bytes,omitempty"` // of Bytes, theirs; see HeldBytes
	State       State    `json:"state"`
	Tags        []string `json:"tags"`
	Note        string   `json:"note"`

	// Sources are what of Source was backed up, if not all of it: absolute paths, sorted. See Roots.
	Sources []string `json:"sources,omitempty"`

	// Below: what a rebuild of the index needs. Not part of the `list` contract.
	Parent      uint64            `json:"parent,omitempty"`      // the snapshot that the change set is relative to; 0: the first
	Destination string            `json:"destination,omitempty"` // the destination's id
	Volumes     Volumes           `json:"volumes,omitempty"`     // the source's file systems
	Users       map[uint32]string `json:"users,omitempty"`       // names of the owners met, as the source's system knew them
	Groups      map[uint32]string `json:"groups,omitempty"`
	Records     int64             `json:"records,omitempty"`  // number of records in the change set
	Work        string            `json:"work,omitempty"`     // folder in .snap/tmp that a prepared snapshot is published from
	Bucket      uint64            `json:"bucket,omitempty"`   // where its records lie, if not under its own Seq
	Merged      []uint64          `json:"merged,omitempty"`   // in a change set: the sets that were folded into it last
	Unheld      int64             `json:"unheld,omitempty"`   // files and folders that the destination could not hold
	Capped      int64             `json:"capped,omitempty"`   // entries with more extended attributes than are kept
	Returned    int64             `json:"returned,omitempty"` // records with Since
	Boot        string            `json:"boot,omitempty"`     // in the header a change set begins with: file.Dir.Session of the destination
}
