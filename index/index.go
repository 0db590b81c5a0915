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
//   - Everything here can be made again from the change sets ([record.ChangeReader]).
//
// Paths in the exported API are relative to the source, with slashes; "" is the source itself.
//
// # Where to begin
//
// A [DB] is the index of one destination: after [Open], [DB.Snapshots] lists the headers, [DB.Entries] what one
// snapshot holds, [DB.Lookup] one path of it, [DB.Diff] what lies between two, [DB.Follow] a file's life. Their
// records and headers are those of package record; key.go makes keys of paths. [DB.Import] (write.go) takes in a change
// set. open.go and package pages keep a damaged file from doing harm. docs/formats.md has all of it byte by byte.
package index

import (
	"errors"
	"fmt"

	"snap/record"
)

// Sentinel errors. Their texts say what to do.
var (
	// ErrMissing: there is no index.db. In a destination with snapshots that is damage.
	ErrMissing = errors.New("the index is missing")
	// ErrNotFound: no such snapshot, or no such path in it.
	ErrNotFound = errors.New("not found")
	// ErrBusy: another process kept the database locked for too long.
	ErrBusy = errors.New("the index stayed locked by another snap")
)

// damaged makes an ErrDamaged that says where.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", record.ErrDamaged, fmt.Sprintf(format, args...))
}
