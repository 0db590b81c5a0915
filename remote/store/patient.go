package store

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"time"

	"snap/internal/pace"
)

// place is a Store that does each request once. Its errors are final, those of this package among them, unless a
// passing one is in them.
type place interface {
	put(ctx context.Context, f flow, name string, body []byte, how putting) error
	get(ctx context.Context, f flow, name, version string, off, n int64) ([]byte, error)
	stat(ctx context.Context, name string) (Object, error)
	list(ctx context.Context, f flow, prefix, after string) iter.Seq2[Object, error]
	remove(ctx context.Context, name string, locks bool) error
	now(ctx context.Context) (time.Time, error)
	facts() facts
	close() error
}

// facts is what a place knows of itself.
type facts struct {
	ownClock bool // the times of its objects are of a clock that all who use it share
	whole    bool // it was asked for a range and sent all
}

// putting is PutOptions and what of it the place is known to understand.
type putting struct {
	PutOptions
	condition bool // ask it to make, not to replace
	checksum  bool // send the SHA-256
}

// passing is an error that another try may not meet.
type passing struct {
	err     error
	tooMuch bool // fewer requests at a time would help
	times   int  // no more tries than these; 0: as long as there is time
}

func (e *passing) Error() string { return e.err.Error() }
func (e *passing) Unwrap() error { return e.err }

var (
	errStalled     = errors.New("no byte moved for too long")
	errNoCondition = errors.New("no conditional PUT")
	errNoChecksum  = errors.New("no checksum of this kind")
)

// patient is a Store that asks a place again.
type patient struct {
	place
	url         string
	retryFor    time.Duration
	stall       time.Duration
	page        int // how many objects the place lists in one answer; 0: all
	gate        *gate
	up, down    *pace.Rate
	clock       clock
	retrying    func(err error, pause time.Duration)
	traits      atomic.Pointer[Traits]
	noCondition atomic.Bool
	noChecksum  atomic.Bool
}

// clock is how time passes between two tries.
type clock struct {
	now    func() time.Time
	pause  func(context.Context, time.Duration) error
	jitter func() float64 // 0 ≤ x < 1
}

func (p *patient) Put(ctx context.Context, name string, body []byte, o PutOptions) error {
	if err := CheckName(name); err != nil {
		return err
	}
	for {
		known := p.traits.Load()
		how := putting{PutOptions: o,
			condition: !o.Replace && !p.noCondition.Load() && (known == nil || known.CreateOnly),
			checksum:  !p.noChecksum.Load() && (known == nil || known.ChecksSum)}
		err := p.run(ctx, "put "+name, func(ctx context.Context, f flow) error {
			return p.put(ctx, f, name, body, how)
		})
		switch {
		case errors.Is(err, errNoCondition) && how.condition:
			p.noCondition.Store(true)
		case errors.Is(err, errNoChecksum) && how.checksum:
			p.noChecksum.Store(true)
		default:
			return err
		}
	}
}

func (p *patient) Get(ctx context.Context, name string, off, n int64) ([]byte, error) {
	return p.getVersion(ctx, name, "", off, n)
}

func (p *patient) getVersion(ctx context.Context, name, version string, off, n int64) (body []byte, err error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	err = p.run(ctx, "get "+name, func(ctx context.Context, f flow) (err error) {
		body, err = p.get(ctx, f, name, version, off, n)
		return err
	})
	return body, err
}

func (p *patient) Stat(ctx context.Context, name string) (o Object, err error) {
	if err := CheckName(name); err != nil {
		return Object{}, err
	}
	err = p.run(ctx, "stat "+name, func(ctx context.Context, _ flow) (err error) {
		o, err = p.stat(ctx, name)
		return err
	})
	return o, err
}

// List asks again behind the last name that was yielded.
func (p *patient) List(ctx context.Context, prefix, after string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		err := checkPrefix(prefix)
		for more := err == nil; more; {
			var page []Object
			err = p.run(ctx, "list "+prefix, func(ctx context.Context, f flow) (err error) {
				page, more, err = onePage(p.list(ctx, f, prefix, after), p.page)
				return err
			})
			if err != nil {
				break
			}
			for _, o := range page {
				if !yield(o, nil) {
					return
				}
				after = o.Name
			}
		}
		if err != nil {
			yield(Object{}, err)
		}
	}
}

// onePage is the beginning of a listing, at most so many or all for 0, and whether there may be more.
func onePage(all iter.Seq2[Object, error], most int) (page []Object, more bool, err error) {
	for o, err := range all {
		if err != nil {
			return nil, false, err
		}
		if page = append(page, o); len(page) == most {
			return page, true, nil
		}
	}
	return page, false, nil
}

func (p *patient) Delete(ctx context.Context, name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	known := p.traits.Load()
	return p.run(ctx, "delete "+name, func(ctx context.Context, _ flow) error {
		return p.remove(ctx, name, known != nil && known.Lock)
	})
}

func (p *patient) Now(ctx context.Context) (t time.Time, err error) {
	err = p.run(ctx, "ask for the time", func(ctx context.Context, _ flow) (err error) {
		t, err = p.now(ctx)
		return err
	})
	return t, err
}

func (p *patient) Traits() Traits {
	if known := p.traits.Load(); known != nil {
		return *known
	}
	return Traits{}
}

func (p *patient) learn(t Traits) { p.traits.Store(&t) }

func (p *patient) Close() error { return p.close() }
