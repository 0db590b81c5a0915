package store

import (
	"context"
	"errors"
	"time"

	"snap/internal/hint"
)

// run tries until it works, cannot work, or took too long.
func (p *patient) run(ctx context.Context, doing string, try func(context.Context, flow) error) error {
	begun := p.clock.now()
	for tries := 1; ; tries++ {
		err := p.once(ctx, try)
		var pass *passing
		if !errors.As(err, &pass) {
			return p.told(err, doing)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		pause := p.pauseAfter(tries)
		if pass.times > 0 && tries >= pass.times || p.clock.now().Add(pause).Sub(begun) > p.retryFor {
			return p.gaveUp(pass, doing, tries)
		}
		if p.retrying != nil {
			p.retrying(pass, pause)
		}
		if err := p.clock.pause(ctx, pause); err != nil {
			return err
		}
	}
}

// pauseAfter doubles from a quarter of a second to half a minute, give or take half of it, so that those who were
// refused together do not come back together.
func (p *patient) pauseAfter(tries int) time.Duration {
	pause := min(time.Second/4<<min(tries-1, 10), 30*time.Second)
	return time.Duration(float64(pause) * (0.5 + p.clock.jitter()))
}

// once is one try. It is given up when no byte has moved for too long.
func (p *patient) once(ctx context.Context, try func(context.Context, flow) error) error {
	if err := p.gate.enter(ctx); err != nil {
		return err
	}
	trying, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(p.stall, func() { cancel(errStalled) })
	defer watch.Stop()
	err := try(trying, flow{p.up, p.down, func() { watch.Reset(p.stall) }})
	if err != nil && errors.Is(context.Cause(trying), errStalled) {
		err = &passing{err: errStalled}
	}
	var pass *passing
	p.gate.leave(errors.As(err, &pass) && pass.tooMuch)
	return err
}

// told puts the place into an error that is about it.
func (p *patient) told(err error, doing string) error {
	var reach *ReachError
	if errors.As(err, &reach) && reach.Place == "" {
		reach.Place, reach.Doing = p.url, doing
	}
	return err
}

func (p *patient) gaveUp(last *passing, doing string, tries int) error {
	kind := Unreachable
	if last.times > 0 {
		kind = Refused
	}
	err := &ReachError{Place: p.url, Doing: doing, Kind: kind, Said: last.Error(), Err: last.err, Tries: tries}
	return hint.With(err, "the same command again goes on where this one ended")
}
