package store

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
)

// TestFewerAtATime: SlowDown halves what goes on at a time, and what goes well brings it back.
func TestFewerAtATime(t *testing.T) {
	g := newGate(8)
	for i, c := range []struct {
		tooMuch bool
		times   int
		want    int
	}{{false, 100, 8}, {true, 1, 4}, {true, 1, 2}, {true, 1, 1}, {true, 5, 1}, {false, 1, 2}, {false, 2, 3}, {false, 2, 3},
		{false, 100, 8}} {
		for range c.times {
			if err := g.enter(t.Context()); err != nil {
				t.Fatal(err)
			}
			g.leave(c.tooMuch)
		}
		if g.limit != c.want {
			t.Errorf("%d: %d at a time, want %d", i, g.limit, c.want)
		}
	}
}

// TestJobs: no more requests go on at a time than were asked for.
func TestJobs(t *testing.T) {
	for _, jobs := range []int{1, 3} {
		g := newGate(jobs)
		var mu sync.Mutex
		var all sync.WaitGroup
		busy, most := 0, 0
		for range 100 {
			all.Go(func() {
				if g.enter(t.Context()) != nil {
					return
				}
				mu.Lock()
				busy++
				most = max(most, busy)
				mu.Unlock()
				mu.Lock()
				busy--
				mu.Unlock()
				g.leave(false)
			})
		}
		all.Wait()
		if most > jobs {
			t.Errorf("%d at a time, not %d", most, jobs)
		}
	}
	g := newGate(1)
	g.enter(t.Context())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.enter(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestRates: what is sent and got keeps to the rates.
func TestRates(t *testing.T) {
	waited := map[string]int{}
	var f flow
	f.alive = func() {}
	body := make([]byte, 1000)
	up := &sender{bytes.NewReader(body), 100, func(n int) error { waited["up"] += n; return nil }}
	if n, err := io.Copy(io.Discard, up); n != 1000 || err != nil || waited["up"] != 1000 {
		t.Error(n, err, waited)
	}
	s := mustOpen(t, "vault:"+t.TempDir(), Options{LimitUp: 1, LimitDown: 1}).(*patient)
	if s.up == nil || s.down == nil || chunk(s.up) != 1 || chunk(nil) < 1<<10 {
		t.Error("no rates")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (flow{down: s.down, alive: func() {}}).receive(ctx, strings.NewReader("123"), 3); err == nil {
		t.Error("it did not wait")
	}
	if _, err := f.receive(t.Context(), strings.NewReader("12"), 3); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}
