package job

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"snap/cli/exit"
	"snap/internal/hint"
	"snap/internal/progress"
)

// start begins a job whose work is fed by the test.
func start(t *testing.T, r *Runner, work Work) *Job {
	t.Helper()
	j, err := r.Start(Backup, work)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func TestOneJobAtATime(t *testing.T) {
	var r Runner
	if r.Present() != nil || r.Job(1) != nil {
		t.Error("there is a job before the first")
	}
	r.Wait(t.Context())
	goOn := make(chan struct{})
	first := start(t, &r, func(context.Context, *Watcher) (any, error) { <-goOn; return "done", nil })
	if j, err := r.Start(Check, nil); !errors.Is(err, ErrRunning) || j != first {
		t.Errorf("a second one: %v, %v", j, err)
	}
	if first.State().End != nil || r.Present() != first {
		t.Error("it is not at work")
	}
	close(goOn)
	r.Wait(t.Context())
	if end := first.State().End; end == nil || end.Err != nil || end.Code != 0 || end.Result != "done" {
		t.Errorf("it ended with %+v", end)
	}
	for range jobsKept {
		<-start(t, &r, func(context.Context, *Watcher) (any, error) { return nil, nil }).Done()
	}
	if r.Job(1) != nil || r.Job(2) == nil || r.Job(jobsKept+1) != r.Present() {
		t.Error("not the last ten are known")
	}
}

func TestHowAJobEnds(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		cancel bool
		want   string
		code   int
	}{
		"cancelled": {hint.With(fmt.Errorf("read: %w", context.Canceled), "go on"), true, "it was cancelled",
			exit.Interrupted},
		"well":     {nil, false, "<nil>", 0},
		"failed":   {errors.New("bad"), false, "bad", exit.Failed},
		"refused":  {exit.With(exit.Refused, errors.New("no")), false, "no", exit.Refused},
		"in part":  {exit.With(exit.Partial, nil), false, "<nil>", exit.Partial},
		"too late": {nil, true, "<nil>", 0},
	} {
		var r Runner
		j := start(t, &r, func(ctx context.Context, _ *Watcher) (any, error) {
			if c.cancel {
				<-ctx.Done()
			}
			return 7, c.err
		})
		if c.cancel {
			j.Cancel()
		}
		<-j.Done()
		end := j.State().End
		if got := fmt.Sprint(end.Err); got != c.want || end.Code != c.code || end.Result != 7 {
			t.Errorf("%s: %s, code %d, result %v", name, got, end.Code, end.Result)
		}
		if lines := hint.Lines(end.Err, func(s string) string { return s }); name == "cancelled" &&
			(!errors.Is(end.Err, ErrCancelled) || !slices.Equal(lines, []string{"go on"})) {
			t.Errorf("%v with the hints %q", end.Err, lines)
		}
	}
}

// Who watches is told everything but old progress, once and in order; so is who comes later, and who comes back.
func TestWatchersMissNothingButProgress(t *testing.T) {
	clock := time.Unix(0, 0)
	r := Runner{Now: func() time.Time { return clock }}
	told := make(chan struct{})
	j := start(t, &r, func(_ context.Context, w *Watcher) (any, error) {
		<-told
		for i := range int64(50) {
			w.Progress(progress.State{Stage: progress.Scanning, Files: i})
		}
		w.Note("one")
		w.Progress(progress.State{Stage: progress.Building, Files: 1})
		w.Problem("a", errors.New("bad"))
		w.Progress(progress.State{Stage: progress.Building, Files: 2}) // too early for another event
		return "result", nil
	})
	watch := func(after int) (got []string) {
		last := after
		for e := range j.Watch(t.Context(), after) {
			if e.ID <= last {
				t.Errorf("event %d after %d", e.ID, last)
			}
			last = e.ID
			switch {
			case e.Progress != nil: // may be missed
			case e.Problem != nil:
				got = append(got, e.Problem.Path+": "+e.Problem.Err.Error())
			case e.End != nil:
				got = append(got, fmt.Sprint("end ", e.End.Result))
			default:
				got = append(got, e.Note)
			}
		}
		return got
	}
	want := []string{"one", "a: bad", "end result"}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if got := watch(0); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	close(told)
	all.Wait()
	if got := watch(0); !slices.Equal(got, want) {
		t.Errorf("later: %q, want %q", got, want)
	}
	for e := range j.Watch(t.Context(), 0) {
		if e.Note == "one" {
			if got := watch(e.ID); !slices.Equal(got, want[1:]) {
				t.Errorf("after the note: %q, want %q", got, want[1:])
			}
		}
	}
	s := j.State()
	if s.Progress.Files != 2 || s.Problems != 1 || len(s.Last) != 1 || !slices.Equal(s.Notes, []string{"one"}) {
		t.Errorf("state %+v", s)
	}
}

func TestAWatcherCanLeave(t *testing.T) {
	var r Runner
	end := make(chan struct{})
	j := start(t, &r, func(_ context.Context, w *Watcher) (any, error) { w.Note("one"); <-end; return nil, nil })
	for range j.Watch(t.Context(), 0) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range j.Watch(ctx, 0) {
		cancel() // and nothing comes any more
	}
	close(end)
	<-j.Done()
}

// A long job with a problem in each file keeps the last ones, and how many there were.
func TestManyProblemsAreBounded(t *testing.T) {
	var r Runner
	j := start(t, &r, func(_ context.Context, w *Watcher) (any, error) {
		for i := range eventsKept + 5 {
			w.Problem(fmt.Sprint(i), errors.New("bad"))
			w.Note(fmt.Sprint(i))
		}
		return nil, nil
	})
	<-j.Done()
	s := j.State()
	if s.Problems != eventsKept+5 || len(s.Last) != problemsKept || len(s.Notes) != problemsKept ||
		s.Last[problemsKept-1].Path != fmt.Sprint(eventsKept+4) || len(j.events) != eventsKept {
		t.Errorf("%d problems, %d and %d notes kept, %d events", s.Problems, len(s.Last), len(s.Notes), len(j.events))
	}
}
