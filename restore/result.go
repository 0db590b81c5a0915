package restore

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"snap/internal/file"
	"snap/record"
)

// Why a path was not restored, or not truly. Problems wrap them.
var (
	// ErrDamagedFile: the tree holds something else than was backed up. Where bytes could be read they
	// were restored, unless something else was there.
	ErrDamagedFile = errors.New("the snapshot's copy is damaged")
	// ErrMissingFile: the tree no longer holds the file.
	ErrMissingFile = errors.New("the snapshot's copy is gone")
	// ErrNotInSnapshot: the file could not be read when the snapshot was made.
	ErrNotInSnapshot = errors.New("could not be read by the backup, so the snapshot does not hold it")
	// ErrUnheld: the destination could not hold the file.
	ErrUnheld = errors.New("could not be held by the destination, by its name or size")
	// ErrExists: something has that name, and was not to be overwritten.
	ErrExists = errors.New("already exists")
	// ErrInTheWay: something that must not be removed has that name.
	ErrInTheWay = errors.New("is in the way")
	// ErrInDestination: the target is in the destination, or a part of the target is the destination.
	ErrInDestination = errors.New("is in the destination of the backup, which holds snapshots only")
	// ErrFolds: to the target the name is the same as that of something else that was restored.
	ErrFolds = errors.New("the target takes the name for that of something else that is restored there")
	// ErrOwner: an existing folder of another owner keeps its owner, mode and times; what is in it is restored.
	ErrOwner = errors.New("the folder keeps its owner, mode and times, because no folder is given to another user")
	// ErrChanged: somebody else exchanged a folder of the target during the restore.
	ErrChanged = errors.New("was exchanged while it was restored")
)

// ExistsError says that Never refused.
type ExistsError struct {
	Paths []string // the first paths below the target, in key order, that something has
	Count int64    // of all such paths
}

// maxNamed is how many paths an ExistsError names.
const maxNamed = 20

func (e *ExistsError) Error() string {
	if e.Count == 1 {
		return fmt.Sprintf("%q exists and would be overwritten", e.Paths[0])
	}
	return fmt.Sprintf("%q and %d more exist and would be overwritten", e.Paths[0], e.Count-1)
}

func (e *ExistsError) add(path string) {
	if e.Count++; e.Count <= maxNamed {
		e.Paths = append(e.Paths, path)
	}
}

// notHeld is why a snapshot does not hold the file of a record.
func notHeld(r *record.Record) error {
	if r.Unheld() {
		return ErrUnheld
	}
	return ErrNotInSnapshot
}

// Problem is a path that was not restored as it was recorded.
type Problem struct {
	Path string // in the snapshot, also of what was to be deleted
	Err  error
}

// Lost counts entries with metadata that this user or the target's file system could not set.
type Lost struct {
	Owner, Mode, Xattrs, Times int64
	Setuid                     int64 // of those without their owner, how many had setuid or setgid
}

// Result is what Run did, or would do.
type Result struct {
	FilesRestored int64 // entries that are not folders, damaged ones included
	BytesRestored int64 // of content written; a file with several names counts once
	MetadataSet   int64 // files that had the content already and were given the recorded metadata
	FilesSkipped  int64 // left as they are: unchanged, newer, or there
	FilesBlocked  int64 // not restored, because their folder is not there and could not be made
	FilesDeleted  int64 // entries removed, folders included
	FilesSpared   int64 // entries that Delete left because the backup leaves them out, a folder with all in it as one
	Errors        int64 // number of Problems
	Problems      []Problem
	Lost          Lost
}

// Add adds what another Run did; its problems stay there.
func (s *Result) Add(o *Result) {
	s.BytesRestored = record.Plus(s.BytesRestored, o.BytesRestored)
	for _, n := range [][2]*int64{
		{&s.FilesRestored, &o.FilesRestored}, {&s.MetadataSet, &o.MetadataSet}, {&s.FilesSkipped, &o.FilesSkipped},
		{&s.FilesBlocked, &o.FilesBlocked}, {&s.FilesDeleted, &o.FilesDeleted}, {&s.FilesSpared, &o.FilesSpared},
		{&s.Errors, &o.Errors}, {&s.Lost.Owner, &o.Lost.Owner}, {&s.Lost.Mode, &o.Lost.Mode},
		{&s.Lost.Xattrs, &o.Lost.Xattrs}, {&s.Lost.Times, &o.Lost.Times}, {&s.Lost.Setuid, &o.Lost.Setuid},
	} {
		*n[0] += *n[1]
	}
}

// Reporter is called with what happens to single entries, in no particular order. Paths are in the snapshot.
type Reporter interface {
	Started(path string, size int64) // a regular file is about to be written
	Restored(path string, bytes int64)
	MetadataSet(path string)
	Skipped(path string)
	// not restored, because the place of the folder at is taken; at "": it could not be made, which was reported
	Blocked(path, at string)
	Deleted(path string)
	Spared(path, why string)           // not deleted, for this rule
	Lost(path string, parts file.Lost) // could not be set
	Problem(p Problem)
}

// tally counts and reports.
type tally struct {
	report Reporter
	mu     sync.Mutex
	result Result
}

func (t *tally) tell(count func(*Result), tell func(Reporter)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	count(&t.result)
	if t.report != nil {
		tell(t.report)
	}
}

func (t *tally) started(path string, size int64) {
	t.tell(func(*Result) {}, func(r Reporter) { r.Started(path, size) })
}

func (t *tally) restored(path string, bytes int64) {
	t.tell(func(s *Result) { s.FilesRestored++; s.BytesRestored = record.Plus(s.BytesRestored, bytes) },
		func(r Reporter) { r.Restored(path, bytes) })
}

func (t *tally) metadataSet(path string) {
	t.tell(func(s *Result) { s.MetadataSet++ }, func(r Reporter) { r.MetadataSet(path) })
}

func (t *tally) skipped(path string) {
	t.tell(func(s *Result) { s.FilesSkipped++ }, func(r Reporter) { r.Skipped(path) })
}

func (t *tally) blocked(path, at string) {
	t.tell(func(s *Result) { s.FilesBlocked++ }, func(r Reporter) { r.Blocked(path, at) })
}

func (t *tally) deleted(path string) {
	t.tell(func(s *Result) { s.FilesDeleted++ }, func(r Reporter) { r.Deleted(path) })
}

func (t *tally) spared(path, why string) {
	t.tell(func(s *Result) { s.FilesSpared++ }, func(r Reporter) { r.Spared(path, why) })
}

func (t *tally) problem(path string, err error) {
	p := Problem{path, err}
	t.tell(func(s *Result) { s.Errors++; s.Problems = append(s.Problems, p) }, func(r Reporter) { r.Problem(p) })
}

func (t *tally) lost(path string, l file.Lost) {
	if l == 0 {
		return
	}
	t.tell(func(s *Result) { s.Lost.add(l) }, func(r Reporter) { r.Lost(path, l) })
}

func (s *Lost) add(l file.Lost) {
	for _, c := range [...]struct {
		part  file.Lost
		count *int64
	}{
		{file.LostOwner, &s.Owner}, {file.LostMode, &s.Mode}, {file.LostXattrs, &s.Xattrs},
		{file.LostTimes, &s.Times}, {file.LostSetuid, &s.Setuid},
	} {
		if l&c.part != 0 {
			*c.count++
		}
	}
}

// done is the result, its problems in key order.
func (t *tally) done() Result {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.SortStableFunc(t.result.Problems, func(a, b Problem) int { return record.Compare(a.Path, b.Path) })
	return t.result
}
