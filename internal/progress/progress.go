// Package progress says how far a long operation has come: a [State] is its [Stage] and what it has counted so far. The
// operations of all packages report it to a func(State), from one goroutine at a time; printing it is for the caller.
//
// A State is told when a part of the work is done, which of a large file may take long. A [Meter] counts its bytes
// while they are moved; it goes to the operation with the context. An [Estimate] says from both when the work will be
// done.
package progress

// Stage is a part of a run that takes time.
type Stage string

// The stages, as people are told of them.
const (
	Scanning   Stage = "scanning the source"
	Comparing  Stage = "comparing"
	Building   Stage = "copying"
	Publishing Stage = "syncing the disk"
	Indexing   Stage = "indexing" // a reindex: Files are the entries looked at, Path the snapshot
	Deleting   Stage = "deleting"
	Purging    Stage = "purging"
	Repairing  Stage = "mending"
	Checking   Stage = "checking"
	Reading    Stage = "reading" // checking, with the bytes of files
	Restoring  Stage = "restoring"

	CheckingIndex Stage = "checking the index"
)

// State counts what a stage has done so far. Totals are zero while unknown.
type State struct {
	Stage             Stage
	Files, TotalFiles int64
	Bytes, TotalBytes int64
	About             bool // the totals are those of an earlier run
	Path              string
}
