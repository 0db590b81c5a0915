// Package job runs what takes long, one at a time in this process, and tells of its progress: a backup, a restore, a
// check. It prints nothing. A [Runner] has the present job and the last ones; a [Job] can be watched by many at once
// and be cancelled. The settings are those of the destination, as a command line without flags has them.
package job

import (
	"context"
	"errors"
	"iter"
	"time"

	"snap/internal/progress"
)

// Kind is what a job does.
type Kind string

// The kinds of jobs.
const (
	Backup  Kind = "backup"
	Restore Kind = "restore"
	Check   Kind = "check"
)

// ErrRunning says that another job is at work.
var ErrRunning = errors.New("another job is at work")

// Event is something that happened in a job. ID counts from 1 in each job.
type Event struct {
	ID       int
	Time     time.Time
	Progress *progress.State // how far it has come
	Problem  *Problem        // something that went wrong, which did not end it
	Note     string          // something to know
	End      *End            // the last event
}

// Problem is a file with which something went wrong, or something else that did.
type Problem struct {
	Path string // "" for none
	Err  error
}

// End is how a job ended.
type End struct {
	Err    error // nil: well; context.Canceled: it was cancelled
	Result any   // *BackupResult, *RestoreResult or *CheckResult; nil where it did not come so far
}

// Job is one run, at work or at its end.
type Job struct {
	ID    int
	Kind  Kind
	Begin time.Time
}

// State is how a job is now.
type State struct {
	Progress progress.State
	Problems int       // that were met
	Last     []Problem // the last of them
	Notes    []string
	End      *End // nil: it is at work
	Ended    time.Time
}

// State is how the job is now.
func (j *Job) State() State { return State{} }

// Cancel asks the job to end. It ends at the next place where nothing is left half done.
func (j *Job) Cancel() {}

// Watch yields what happens from now on, and what happened after the event with the number after that is still known;
// of progress only the newest. It ends behind the End, or with ctx. Who is slow misses progress, and nothing else.
func (j *Job) Watch(ctx context.Context, after int) iter.Seq[Event] { return func(func(Event) bool) {} }

// Runner runs one job at a time. Its zero value is ready.
type Runner struct{}

// Present is the job at work, else the last one; nil if there was none.
func (r *Runner) Present() *Job { return nil }

// Job is the job with this number, one of the last ten; nil if it is not known.
func (r *Runner) Job(id int) *Job { return nil }

// Start begins a job and returns at once. ErrRunning if one is at work.
func (r *Runner) Start(kind Kind, work func(ctx context.Context, w *Watcher) (result any, err error)) (*Job, error) {
	return nil, errors.ErrUnsupported
}

// Wait waits for the job that is at work, if any.
func (r *Runner) Wait() {}

// Watcher is where the work of a job tells what happens.
type Watcher struct{}

// Progress takes the newest state.
func (w *Watcher) Progress(s progress.State) {}

// Problem takes something that went wrong and did not end the work.
func (w *Watcher) Problem(path string, err error) {}

// Note takes something to know.
func (w *Watcher) Note(text string) {}
