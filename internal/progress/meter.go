package progress

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// Meter counts the bytes of a run while they are moved, and knows which large files are in work. Its context takes it
// to whoever moves bytes, as a trace is taken along. A nil one counts nothing.
type Meter struct {
	bytes, more atomic.Int64

	mu    sync.Mutex
	large []*Work // in work, in the order in which they began
}

type meterKey struct{}

// Watch returns a context that takes a new meter along.
func Watch(ctx context.Context) (context.Context, *Meter) {
	m := &Meter{}
	return context.WithValue(ctx, meterKey{}, m), m
}

// MeterOf is the meter that the context takes along, nil if nobody watches.
func MeterOf(ctx context.Context) *Meter {
	m, _ := ctx.Value(meterKey{}).(*Meter)
	return m
}

// Bytes is how many bytes were counted since the meter was made, and how many more of them, or fewer, there are than
// the totals of the states say.
func (m *Meter) Bytes() (done, more int64) {
	if m == nil {
		return 0, 0
	}
	return m.bytes.Load(), m.more.Load()
}

// Add counts bytes that are done with.
func (m *Meter) Add(n int64) {
	if m != nil {
		m.bytes.Add(n)
	}
}

// Expect takes n bytes more into the total than the state says: of a file that was not to be copied and is.
func (m *Meter) Expect(n int64) {
	if m != nil {
		m.more.Add(n)
	}
}

// Path is the large file that has been in work longest, "" if none is.
func (m *Meter) Path() string {
	if m == nil {
		return ""
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.large) == 0 {
		return ""
	}
	return m.large[0].path
}

// largeFile is the size from which a file takes long enough to be named while it is in work.
const largeFile = 4 << 20

// Work is a file in work. It counts for the bytes that it was begun with, whatever it turns out to have, so that the
// counts come to the total and never to more. A nil one counts nothing.
type Work struct {
	m          *Meter
	path       string
	size, done int64
	large      bool // it is named
}

// Begin begins a file of which size bytes are to be moved.
func (m *Meter) Begin(path string, size int64) *Work {
	if m == nil {
		return nil
	}
	w := &Work{m: m, path: path, size: size, large: size >= largeFile}
	if w.large {
		m.mu.Lock()
		m.large = append(m.large, w)
		m.mu.Unlock()
	}
	return w
}

// Moved counts n bytes of the file.
func (w *Work) Moved(n int64) {
	if w == nil {
		return
	}
	n = min(n, w.size-w.done)
	w.done += n
	w.m.bytes.Add(n)
}

// Again says that the file is read from its beginning once more.
func (w *Work) Again() {
	if w != nil {
		w.m.bytes.Add(-w.done)
		w.done = 0
	}
}

// Drop ends the file, whose bytes are to be moved in another way.
func (w *Work) Drop() {
	if w != nil {
		w.Again()
		w.size = 0
		w.End()
	}
}

// End ends the file, whatever became of it.
func (w *Work) End() {
	if w == nil {
		return
	}
	w.Moved(w.size)
	if w.large {
		w.m.mu.Lock()
		w.m.large = slices.DeleteFunc(w.m.large, func(o *Work) bool { return o == w })
		w.m.mu.Unlock()
	}
}
