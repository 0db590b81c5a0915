// Package job runs what takes long or writes, one at a time in this process, and tells of its progress: a backup, a
// restore, a check, labels, a deletion. It prints nothing.
//
// A [Runner] has the present job and the last ones; a [Job] can be watched by many at once and be cancelled. The work
// itself is a method of [Place], a destination and what is taken from the process: with the settings of the
// destination, as a command line without flags has them. A backup is a [BackupRun], also that of the command line.
//
// Invariants:
//
//   - Two jobs never run at the same time. That other processes keep out of the way is the destination's lock.
//   - Who watches slows nothing down: of progress everybody gets the newest only.
//   - A job that is cancelled ends like a command that is interrupted.
package job

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"snap/cli/exit"
	"snap/internal/hint"
	"snap/internal/progress"
)

// Kind is what a job does.
type Kind string

// The kinds of jobs.
const (
	Backup  Kind = "backup"
	Restore Kind = "restore"
	Look    Kind = "look" // what a restore would do
	Check   Kind = "check"
	Label   Kind = "label"
	Delete  Kind = "delete"
	Prune   Kind = "prune"
)

var (
	// ErrRunning says that another job is at work.
	ErrRunning = errors.New("another job is at work")
	// ErrCancelled is how a job ends that was cancelled.
	ErrCancelled = errors.New("it was cancelled")
)

// Job is one run, at work or at its end.
type Job struct {
	ID    int
	Kind  Kind
	Begin time.Time

	cancel context.CancelCauseFunc
	done   chan struct{} // closed at its end

	mu     sync.Mutex
	course *progress.Course
	state  State
	events []Event       // the last ones, but for progress
	last   Event         // the newest progress, ID 0 before the first
	ids    int           // given so far
	news   chan struct{} // closed when there is something for watchers
}

// State is how a job is now.
type State struct {
	Progress progress.Standing
	Problems int       // that were met
	Last     []Problem // the last of them
	Notes    []string  // the last of them
	End      *End      // nil: it is at work
	Ended    time.Time
}

// End is how a job ended.
type End struct {
	Err    error // nil: it came to its end; ErrCancelled. See package hint for what to do about it.
	Code   int   // the exit code that a command would end in
	Result any   // *BackupResult, *RestoreResult or *CheckResult; nil where it did not come so far
}

// State is how the job is now.
func (j *Job) State() State {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := j.state
	s.Last, s.Notes = slices.Clone(s.Last), slices.Clone(s.Notes)
	return s
}

// Cancel asks the job to end. It ends at the next place where nothing is left half done.
func (j *Job) Cancel() { j.cancel(ErrCancelled) }

// Done is closed when the job has ended.
func (j *Job) Done() <-chan struct{} { return j.done }

// Runner runs one job at a time. Its zero value is ready.
type Runner struct {
	Now func() time.Time // default: time.Now

	mu   sync.Mutex
	jobs []*Job // the last ones, oldest first
	ids  int    // given so far
}

// jobsKept is how many jobs are known.
const jobsKept = 10

// Work is what a job does. It returns its result, also beside an error, if it came so far.
type Work func(ctx context.Context, w *Watcher) (result any, err error)

// Start begins a job and returns at once. ErrRunning, with the job that is at work, if there is one.
func (r *Runner) Start(kind Kind, work Work) (*Job, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.jobs); n > 0 && r.jobs[n-1].State().End == nil {
		return r.jobs[n-1], ErrRunning
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	ctx, meter := progress.Watch(ctx)
	r.ids++
	j := &Job{ID: r.ids, Kind: kind, Begin: r.now(), cancel: cancel, done: make(chan struct{}),
		course: progress.NewCourse(meter), news: make(chan struct{})}
	r.jobs = append(r.jobs[max(0, len(r.jobs)-jobsKept+1):], j)
	go func() {
		defer close(j.done)
		defer cancel(nil)
		stop := j.tellOften(r.now)
		result, err := work(ctx, &Watcher{j, r.now})
		stop()
		j.end(ended(ctx, result, err), r.now())
	}()
	return j, nil
}

// progressEvery is how often the watchers are told how far the job has come.
const progressEvery = 250 * time.Millisecond

// tellOften tells the watchers, also while one large file is in work, until stop is called.
func (j *Job) tellOften(now func() time.Time) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				j.progress(now())
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// ended is how work ended.
func ended(ctx context.Context, result any, err error) *End {
	end := &End{Err: err, Code: exit.Code(ctx, err), Result: result}
	switch {
	case err != nil && err.Error() == "": // its code says it all
		end.Err = nil
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		end.Err = ErrCancelled
		if lines := hint.Lines(err, func(text string) string { return text }); len(lines) > 0 {
			end.Err = hint.With(ErrCancelled, "%s", strings.Join(lines, "\n"))
		}
	}
	return end
}

func (r *Runner) now() time.Time {
	if r.Now == nil {
		return time.Now()
	}
	return r.Now()
}

// Present is the job at work, else the last one; nil if there was none.
func (r *Runner) Present() *Job {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.jobs) == 0 {
		return nil
	}
	return r.jobs[len(r.jobs)-1]
}

// Job is the job with this number, one of the last ten; nil if it is not known.
func (r *Runner) Job(id int) *Job {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.IndexFunc(r.jobs, func(j *Job) bool { return j.ID == id }); i >= 0 {
		return r.jobs[i]
	}
	return nil
}

// Jobs are the last ones, the newest first.
func (r *Runner) Jobs() []*Job {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := slices.Clone(r.jobs)
	slices.Reverse(all)
	return all
}

// Wait waits for the job that is at work, if any, until ctx ends.
func (r *Runner) Wait(ctx context.Context) {
	if j := r.Present(); j != nil {
		select {
		case <-j.done:
		case <-ctx.Done():
		}
	}
}
