package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"snap/internal/long"
	"snap/remote/store/faultproxy"
	"snap/remote/store/storetest"
)

// timeless is a clock that goes on only when somebody pauses.
func timeless() clock {
	var mu sync.Mutex
	at := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	return clock{
		now: func() time.Time { mu.Lock(); defer mu.Unlock(); return at },
		pause: func(ctx context.Context, d time.Duration) error {
			mu.Lock()
			defer mu.Unlock()
			at = at.Add(d)
			return ctx.Err()
		},
		jitter: func() float64 { return 0.5 },
	}
}

// TestEveryFaultAtEveryRequest breaks each request of a script in each way, once and from then on for ever. Each step
// does what it should or says why it cannot, and nothing that it said was done is not.
func TestEveryFaultAtEveryRequest(t *testing.T) {
	small := storetest.NewSmall(t)
	sweep(t, small.URL, small.Env, small.At)
}

func TestEveryFaultAtEveryRequestOfVersitygw(t *testing.T) {
	server := storetest.Versitygw(t)
	sweep(t, server.URL, server.Env, server.At)
}

func sweep(t *testing.T, url string, env []string, place func(url, prefix string) string) {
	proxy, err := faultproxy.New(url)
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	runs := 0
	for _, fault := range faultproxy.Faults {
		for _, times := range []int{1, -1} {
			waits := fault == faultproxy.Wait || fault == faultproxy.WaitAfter
			if times < 0 && waits && !long.Form() { // each try of each step waits until it stalls
				continue
			}
			for k, more := 1, true; more; k++ {
				runs++
				name := fmt.Sprintf("%s, request %d, %d times", fault, k, times)
				s := &script{t: t, name: name, fault: fault, lasting: times < 0}
				s.plain = mustOpen(t, place(url, fmt.Sprint(runs)), Options{Env: env})
				s.harmed = mustOpen(t, place(proxy.URL(), fmt.Sprint(runs)), Options{Env: env, RetryFor: time.Minute,
					clock: timeless(), stall: 150 * time.Millisecond, Region: "us-east-1"})
				proxy.Break(faultproxy.Plan{At: k, Times: times, Fault: fault, Byte: 2})
				s.run()
				more = proxy.Count() >= k
				if t.Failed() {
					t.Fatalf("%s: the first that failed", name)
				}
			}
		}
	}
	t.Logf("%d runs", runs)
}

func mustOpen(t *testing.T, url string, o Options) Store {
	t.Helper()
	s, err := Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// script is one run: harmed goes through the proxy, plain does not.
type script struct {
	t             *testing.T
	name          string
	fault         faultproxy.Fault
	lasting       bool
	harmed, plain Store
}

const other = "what a second Put of a name would make"

func (s *script) run() {
	ctx := s.t.Context()
	body := strings.Repeat("0123456789", 100)
	there := map[string]bool{}
	for _, name := range []string{"data/ab/1", "data/ab/2", "head/1", "head/2"} {
		err := s.harmed.Put(ctx, name, []byte(body), PutOptions{})
		if errors.Is(err, ErrExists) { // its own: the vault looks
			err = nil
		}
		there[name] = s.fine("put "+name, err)
	}
	if got, err := s.harmed.Get(ctx, "head/1", 0, -1); s.fine("get", err) && there["head/1"] {
		s.same(string(got), body)
	}
	if got, err := s.harmed.Get(ctx, "head/2", 5, 7); s.fine("get a part", err) && there["head/2"] {
		s.same(string(got), "5678901")
	}
	if o, err := s.harmed.Stat(ctx, "head/1"); s.fine("stat", err) && there["head/1"] && o.Size != 1000 {
		s.t.Errorf("%s: %+v", s.name, o)
	}
	if s.fine("delete", s.harmed.Delete(ctx, "head/2")) {
		there["head/2"] = false
	} else {
		delete(there, "head/2") // who knows
	}
	var names []string
	for o, err := range s.harmed.List(ctx, "", "") {
		if s.fine("list", err) {
			names = append(names, o.Name)
		} else {
			names = nil
		}
	}
	if names != nil && s.fault != faultproxy.OldListing && s.fault != faultproxy.WrongByte {
		s.listed(names, there)
	}
	err := s.harmed.Put(ctx, "head/1", []byte(other), PutOptions{})
	if there["head/1"] && !errors.Is(err, ErrExists) {
		s.fine("put again", err)
		if err == nil {
			s.t.Errorf("%s: it was made twice", s.name)
		}
	}
	s.after(there, body)
}

// fine reports whether a step was done; if not, its error must be a clear one, and one fault must not be enough for it
// but where the store itself says no.
func (s *script) fine(doing string, err error) bool {
	if err == nil {
		return true
	}
	var reach *ReachError
	final := s.lasting || s.fault == faultproxy.Forbidden
	if absent := errors.Is(err, ErrNotFound); !absent && (!errors.As(err, &reach) || reach.Place == "" || !final) {
		s.t.Errorf("%s: %s: %v", s.name, doing, err)
	}
	if reach != nil && s.fault == faultproxy.Forbidden && reach.Kind != Rights {
		s.t.Errorf("%s: %s: %v", s.name, doing, err)
	}
	return false
}

func (s *script) same(got, want string) {
	if got != want && (s.fault != faultproxy.WrongByte || len(got) != len(want)) {
		s.t.Errorf("%s: got %q", s.name, got)
	}
}

func (s *script) listed(names []string, there map[string]bool) {
	if !slices.IsSorted(names) {
		s.t.Errorf("%s: %q", s.name, names)
	}
	for name, is := range there {
		if is && !slices.Contains(names, name) {
			s.t.Errorf("%s: %s is not listed", s.name, name)
		}
	}
}

// after looks without the proxy: what was said to be done is.
func (s *script) after(there map[string]bool, body string) {
	for name, is := range there {
		got, err := s.plain.Get(s.t.Context(), name, 0, -1)
		switch {
		case is && (err != nil || string(got) != body):
			s.t.Errorf("%s: %s: %d bytes, %v", s.name, name, len(got), err)
		case !is && err == nil && string(got) != body && string(got) != other:
			s.t.Errorf("%s: %s is half there", s.name, name)
		case !is && err != nil && !errors.Is(err, ErrNotFound):
			s.t.Errorf("%s: %s: %v", s.name, name, err)
		}
	}
}
