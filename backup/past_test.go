package backup

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"snap/destination"
	"snap/record"
)

func TestPastIsHowTheRunEnded(t *testing.T) {
	at := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	made := &Result{Header: &record.Header{Name: "s1"}}
	bad := errors.New("bad")
	for _, c := range []struct {
		name string
		r    *Result
		err  error
		want destination.PastRun
	}{
		{"well", made, nil, destination.PastRun{End: destination.RunDone, Snapshot: "s1"}},
		{"a file not read", &Result{Header: made.Header, missing: 1}, nil,
			destination.PastRun{End: destination.RunIncomplete, Snapshot: "s1"}},
		{"not all was done", made, bad, destination.PastRun{End: destination.RunIncomplete, Snapshot: "s1", Why: "bad"}},
		{"no labels", &Result{Skipped: true}, bad, destination.PastRun{End: destination.RunIncomplete, Why: "bad"}},
		{"nothing changed", &Result{Skipped: true}, nil, destination.PastRun{End: destination.RunUnchanged}},
		{"failed", &Result{}, bad, destination.PastRun{End: destination.RunFailed, Why: "bad"}},
		{"failed early", nil, bad, destination.PastRun{End: destination.RunFailed, Why: "bad"}},
		{"interrupted", &Result{}, fmt.Errorf("read: %w", context.Canceled),
			destination.PastRun{End: destination.RunInterrupted}},
	} {
		c.want.Time, c.want.Seconds = at, 2
		if got := c.r.Past(&Options{Start: at}, 2*time.Second, c.err); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
