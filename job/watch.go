package job

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"snap/internal/progress"
)

// Event is something that happened in a job. One of the fields behind Time is set. ID counts from 1 in each job.
type Event struct {
	ID       int
	Time     time.Time
	Progress *progress.Standing // how far it has come
	Problem  *Problem           // something that went wrong, which did not end it
	Note     string             // something to know
	End      *End               // the last event
}

// Problem is a file with which something went wrong, or something else that did.
type Problem struct {
	Path string // "" for none
	Err  error
}

const (
	eventsKept   = 1000 // that a watcher who comes later, or comes back, is still told
	problemsKept = 100  // in a State
)

// Watch yields what happens from now on, and what happened after the event with the number after that is still known;
// of progress only the newest. It ends behind the End, or with ctx. Who is slow misses progress, and nothing else.
func (j *Job) Watch(ctx context.Context, after int) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for {
			events, news, over := j.since(after)
			for _, e := range events {
				if ctx.Err() != nil || !yield(e) {
					return
				}
				after = e.ID
			}
			if over {
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-news:
			}
		}
	}
}

// since are the events after one, in order; news is closed when there are others, and over reports that there will be
// none.
func (j *Job) since(after int) (events []Event, news <-chan struct{}, over bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range append(slices.Clone(j.events), j.last) {
		if e.ID > after {
			events = append(events, e)
		}
	}
	slices.SortFunc(events, func(a, b Event) int { return cmp.Compare(a.ID, b.ID) })
	return events, j.news, j.state.End != nil
}

// tell gives an event its number and wakes the watchers.
func (j *Job) tell(e Event) Event {
	j.ids++
	e.ID = j.ids
	close(j.news)
	j.news = make(chan struct{})
	return e
}

// keep adds an event that nobody is to miss.
func (j *Job) keep(e Event) {
	j.events = append(j.events[max(0, len(j.events)-eventsKept+1):], j.tell(e))
}

func (j *Job) end(end *End, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.state.Progress = j.course.At(now)
	j.state.End, j.state.Ended = end, now
	j.keep(Event{Time: now, End: end})
}

// Watcher is where the work of a job tells what happens, from as many goroutines as it likes. The zero one tells
// nobody.
type Watcher struct {
	job *Job
	now func() time.Time
}

// Progress takes the newest state. It costs next to nothing: watchers are told some times a second, and of each stage.
func (w *Watcher) Progress(s progress.State) {
	j := w.job
	if j == nil {
		return
	}
	j.mu.Lock()
	begins := j.course.Show(s, w.now)
	j.mu.Unlock()
	if begins {
		j.progress(w.now())
	}
}

// progress tells the watchers how far the job has come, if that is more than they know.
func (j *Job) progress(now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	before := j.state.Progress
	j.state.Progress = j.course.At(now)
	if at := j.state.Progress; at.Stage != "" && at != before {
		j.last = j.tell(Event{Time: now, Progress: &at})
	}
}

// Problem takes something that went wrong and did not end the work.
func (w *Watcher) Problem(path string, err error) {
	j := w.job
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	p := Problem{path, err}
	j.state.Problems++
	j.state.Last = append(j.state.Last[max(0, len(j.state.Last)-problemsKept+1):], p)
	j.keep(Event{Time: w.now(), Problem: &p})
}

// Note takes something to know.
func (w *Watcher) Note(text string) {
	j := w.job
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.state.Notes = append(j.state.Notes[max(0, len(j.state.Notes)-problemsKept+1):], text)
	j.keep(Event{Time: w.now(), Note: text})
}
