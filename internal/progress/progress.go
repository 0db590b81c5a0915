// Package progress says how far a long operation has come: a [State] is its [Stage] and what it has counted so far. The
// operations of all packages report it to a func(State), from one goroutine at a time; printing it is for the caller.
package progress

// Stage is a part of a run that takes time.
type Stage string

// The stages, as people are told of them.
const (
	Scanning   Stage = "scanning"
	Comparing  Stage = "comparing"
	Building   Stage = "copying"
	Publishing Stage = "publishing"
	Indexing   Stage = "indexing" // a reindex: Files are the entries looked at, Path the snapshot
	Deleting   Stage = "deleting"
	Purging    Stage = "purging"
	Checking   Stage = "checking"
	Reading    Stage = "reading" // checking, with the bytes of files
	Repairing  Stage = "mending"
)

// State counts what a stage has done so far. Totals are zero while unknown.
type State struct {
	Stage             Stage
	Files, TotalFiles int64
	Bytes, TotalBytes int64
	Path              string
}
