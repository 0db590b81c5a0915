package web

import (
	"errors"
	"sync"
	"time"

	"snap/index"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/job"
)

// A comparison with what is there now, as `snap diff --source`: what a backup made now would record. To know it the
// source is walked, which may take as long as a backup of little; so it comes after its page, and is kept for a while.

// nowKept is how long what is there now stands for now.
const nowKept = 5 * time.Minute

// sourceNow is what the source held when it was looked at, compared with a snapshot.
type sourceNow struct {
	of      [2]uint64 // the numbers of the snapshot and of the newest one
	at      time.Time
	pending *index.Pending
	partial bool // not all of it could be read
}

// sourcesNow has the last one.
type sourcesNow struct {
	looking sync.Mutex // one at a time
	mu      sync.Mutex // of last
	last    *sourceNow
}

// known is what is kept for these two snapshots, nil for nothing.
func (k *sourcesNow) known(of [2]uint64, now time.Time) *sourceNow {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.last == nil || now.Sub(k.last.at) > nowKept || k.last.of != of {
		return nil
	}
	return k.last
}

// keep keeps it for its time, asked for or not: it may be large.
func (k *sourcesNow) keep(n *sourceNow) {
	k.set(n)
	time.AfterFunc(nowKept, func() { k.forget(n) })
}

func (k *sourcesNow) set(n *sourceNow) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = n
}

// forget lets go of it, unless another one has come meanwhile.
func (k *sourcesNow) forget(n *sourceNow) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.last == n {
		k.last = nil
	}
}

// errNowIsB says on which side now is.
var errNowIsB = hint.With(hint.Usagef("what is there now can be B alone"), "the older one is A: swap the two")

// compareNow answers with how the snapshot at position a differs from what is there now.
func (q *question) compareNow(a int, path string) error {
	name := q.header(a).Name
	of := [2]uint64{q.header(a).Seq, q.header(q.newest()).Seq}
	n := q.sources.known(of, q.now)
	p := &diffPage{Now: true, To: liveName, Path: path, Time: q.now}
	if whole := q.r.Header.Get("Snap-Fragment") == "whole"; n == nil && (whole || q.form.Has("count")) {
		var err error
		if n, err = q.lookNow(a, of); err != nil && !whole {
			return err
		} else if err != nil { // it stands where the answer would
			p.Wrong = wrongLines(err)
		}
		if err := q.openAgain(); err != nil {
			return err
		}
		if a, err = q.d.Resolver().Resolve(name); err != nil {
			return notFound(err)
		}
	}
	p.A, p.B = q.header(a), q.header(q.newest())
	d := q.d.Diff(a, len(q.d.Snapshots), belowOf(path))
	if p.Looking = n == nil; n != nil {
		p.Time, p.Partial, d.Pending = n.at, n.partial, n.pending
	}
	return q.showDiff(p, [2]int{a, q.newest()}, d)
}

// lookNow looks at the source, and keeps what is there. The destination has to be opened again afterwards.
func (q *question) lookNow(a int, of [2]uint64) (*sourceNow, error) {
	const what = "what is there now"
	d := q.d.Diff(a, len(q.d.Snapshots), nil)
	if err := job.CheckSource(d, q.o.Dir, what); err != nil {
		return nil, err
	}
	if !q.sources.looking.TryLock() {
		return nil, hint.With(errors.New("somebody is looking at the source already"), "load the page again in a moment")
	}
	defer q.sources.looking.Unlock()
	place, err := q.place() // which gives the index back: a backup must not wait for it
	if err != nil {
		return nil, err
	}
	o, err := place.SourceOptions(d.B)
	if err != nil {
		return nil, err
	}
	n := &sourceNow{of: of, at: q.now}
	if n.partial, err = place.SourceNow(q.ctx, d, o, what); err != nil {
		return nil, err
	}
	n.pending = d.Pending
	if err := q.openAgain(); err != nil {
		return nil, err
	}
	if q.header(q.newest()).Seq != of[1] {
		return nil, hint.With(errors.New("a backup was made meanwhile"), "load the page again")
	}
	q.sources.keep(n)
	return n, nil
}

// wrongLines are an error and its hints, a line each.
func wrongLines(err error) (lines []string) {
	for _, part := range hint.Parts(err) {
		lines = append(lines, quote.Clean(part.Error()))
	}
	for _, line := range hint.Lines(err, asText) {
		lines = append(lines, quote.Clean(line))
	}
	return lines
}
