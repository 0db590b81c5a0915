package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Memory is a Store in memory with a clock of its own, for tests of what is built on stores. It can be told to be as
// poor as real ones are: without create-only Puts, or with listings that are late.
type Memory struct {
	mu     sync.Mutex
	traits Traits
	now    time.Time
	late   time.Duration
	past   map[string][]event // what became of each name, oldest first
}

// event is an object from this time on, or that it is gone.
type event struct {
	at          time.Time
	body        []byte
	gone        bool
	lockedUntil time.Time
}

// NewMemory is an empty one that has every trait but Versions.
func NewMemory() *Memory {
	return &Memory{
		traits: Traits{CreateOnly: true, ChecksSum: true, Ranges: true, Lists: true, ServerClock: true, Lock: true},
		now:    time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC),
		past:   map[string][]event{},
	}
}

// SetTraits changes what it does: CreateOnly and Lock count.
func (m *Memory) SetTraits(t Traits) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.traits = t
}

// Advance lets its clock go on.
func (m *Memory) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
}

// ListLate makes listings show what there was so long ago; 0: what there is.
func (m *Memory) ListLate(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.late = d
}

// Change replaces the bytes of an object behind everybody's back, keeping its time; nil removes it.
func (m *Memory) Change(name string, to []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if past := m.past[name]; len(past) > 0 {
		last := &past[len(past)-1]
		last.body, last.gone = bytes.Clone(to), to == nil
	}
}

// at is what there is of a name at a time.
func (m *Memory) at(name string, t time.Time) (event, bool) {
	for _, e := range slices.Backward(m.past[name]) {
		if !e.at.After(t) {
			return e, !e.gone
		}
	}
	return event{}, false
}

func (m *Memory) Put(ctx context.Context, name string, body []byte, o PutOptions) error {
	if err := firstError(ctx.Err(), CheckName(name)); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if o.Sum != [32]byte{} && o.Sum != sha256.Sum256(body) && m.traits.ChecksSum {
		return &ReachError{Place: "memory", Doing: "put " + name, Kind: Refused, Said: "BadDigest"}
	}
	old, there := m.at(name, m.now)
	if there && m.traits.CreateOnly && !o.Replace {
		return fmt.Errorf("%s: %w", name, ErrExists)
	}
	e := event{at: m.now, body: bytes.Clone(body), lockedUntil: old.lockedUntil}
	if o.Lock > 0 && m.traits.Lock {
		e.lockedUntil = m.now.Add(o.Lock)
	}
	m.past[name] = append(m.past[name], e)
	return nil
}

func (m *Memory) Get(ctx context.Context, name string, off, n int64) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, there := m.at(name, m.now)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case CheckName(name) != nil:
		return nil, CheckName(name)
	case !there:
		return nil, fmt.Errorf("%s: %w", name, ErrNotFound)
	}
	if n < 0 {
		n = max(int64(len(e.body))-off, 0)
	}
	if off+n > int64(len(e.body)) {
		return nil, fmt.Errorf("%s: %w", name, ErrShort)
	}
	return bytes.Clone(e.body[off : off+n]), nil
}

func (m *Memory) Stat(ctx context.Context, name string) (Object, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := firstError(ctx.Err(), CheckName(name)); err != nil {
		return Object{}, err
	}
	e, there := m.at(name, m.now)
	if !there {
		return Object{}, fmt.Errorf("%s: %w", name, ErrNotFound)
	}
	return Object{Name: name, Size: int64(len(e.body)), Modified: e.at}, nil
}

func (m *Memory) List(ctx context.Context, prefix, after string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		if err := firstError(ctx.Err(), checkPrefix(prefix)); err != nil {
			yield(Object{}, err)
			return
		}
		m.mu.Lock()
		var all []Object
		for _, name := range slices.Sorted(maps.Keys(m.past)) {
			if e, there := m.at(name, m.now.Add(-m.late)); there && strings.HasPrefix(name, prefix) && name > after {
				all = append(all, Object{Name: name, Size: int64(len(e.body)), Modified: e.at})
			}
		}
		m.mu.Unlock()
		for _, o := range all {
			if !yield(o, nil) {
				return
			}
		}
	}
}

func (m *Memory) Delete(ctx context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := firstError(ctx.Err(), CheckName(name)); err != nil {
		return err
	}
	e, there := m.at(name, m.now)
	switch {
	case !there:
		return nil
	case e.lockedUntil.After(m.now):
		return fmt.Errorf("%s: %w", name, ErrLocked)
	}
	m.past[name] = append(m.past[name], event{at: m.now, gone: true})
	return nil
}

func (m *Memory) Now(ctx context.Context) (time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now, ctx.Err()
}

func (m *Memory) Extend(ctx context.Context, name, _ string, until time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, there := m.at(name, m.now)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !there:
		return fmt.Errorf("%s: %w", name, ErrNotFound)
	case until.After(e.lockedUntil):
		m.past[name][len(m.past[name])-1].lockedUntil = until
	}
	return nil
}

func (m *Memory) LockedUntil(ctx context.Context, name, _ string) (time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, there := m.at(name, m.now)
	if !there {
		return time.Time{}, fmt.Errorf("%s: %w", name, ErrNotFound)
	}
	return e.lockedUntil, ctx.Err()
}

func (m *Memory) Traits() Traits {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.traits
}

func (m *Memory) Close() error { return nil }

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Versions are all that there was.
func (m *Memory) Versions(_ context.Context, prefix string) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		m.mu.Lock()
		var all []Version
		for _, name := range slices.Sorted(maps.Keys(m.past)) {
			events := m.past[name]
			for i := len(events) - 1; i >= 0 && strings.HasPrefix(name, prefix); i-- {
				e := &events[i]
				all = append(all, Version{Object: Object{Name: name, Size: int64(len(e.body)), Modified: e.at},
					ID: strconv.Itoa(i), Latest: i == len(events)-1, Deleted: e.gone})
			}
		}
		m.mu.Unlock()
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// GetVersion is Get for one of them.
func (m *Memory) GetVersion(_ context.Context, name, version string, off, n int64) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, err := strconv.Atoi(version)
	if err != nil || i < 0 || i >= len(m.past[name]) || m.past[name][i].gone {
		return nil, fmt.Errorf("%s: %w", name, ErrNotFound)
	}
	body := m.past[name][i].body
	if n < 0 {
		n = int64(len(body)) - off
	}
	if n < 0 || off+n > int64(len(body)) {
		return nil, fmt.Errorf("%s: %w", name, ErrShort)
	}
	return bytes.Clone(body[off : off+n]), nil
}
