package replica

import (
	"errors"
	"fmt"
	"time"

	"snap/destination"
	"snap/record"
)

// The reasons why a destination is not copied into another, in a destination.GuardError.
var (
	ErrOtherDestination = errors.New("another destination")
	ErrPromoted         = errors.New("promoted")
	ErrDiverged         = errors.New("diverged")
	ErrNoBase           = errors.New("the snapshot before is not there")
	ErrAhead            = errors.New("too far ahead")
)

// hello refuses a follower that is none of x.
func (f *following) hello() error {
	x, y := f.x.Name(), f.y
	if f.x.ID() != y.ID {
		return &destination.GuardError{
			Why:  fmt.Sprintf("%s holds another destination than %s: is it the right disk?", y.Path, x),
			Hint: "name the folder of its replica, or an empty one",
			Err:  ErrOtherDestination,
		}
	}
	if err := f.diverged(); err != nil {
		return err
	}
	if f.o.Adds {
		if err := f.checkAhead(); err != nil {
			return err
		}
	}
	is, err := y.IsReplica()
	if err != nil || is || len(f.ys) == 0 || f.o.Follow {
		return err
	}
	return &destination.GuardError{
		Why: fmt.Sprintf("%s is no replica of %s: it was promoted, or is the one that was copied", y.Path, x),
		Hint: "copy the other way; or, if it is to follow from now on and is backed up to no more, say so with " +
			"--follow",
		Err: ErrPromoted,
	}
}

// How far what is only added may be ahead: of the numbers that there are (a snapshot a minute takes two years), and of
// the clock here.
const (
	numbersAhead = 1 << 20
	timeAhead    = 24 * time.Hour
)

// checkAhead refuses snapshots with numbers that leave none for those after them, or of a time that is not yet: rules
// would keep them, and not what was made before.
func (f *following) checkAhead() error {
	now := f.o.Now
	if now.IsZero() {
		now = time.Now()
	}
	newest := f.newest()
	for i := range f.xs {
		h := &f.xs[i]
		why, hint := "", "is the clock here right, and there?"
		switch {
		case h.Seq <= newest:
		case h.Seq-newest > numbersAhead:
			why, hint = fmt.Sprintf("has the number %d, and the newest here %d", h.Seq, newest), "copy it without --append-only"
		case h.Time.Sub(now) > timeAhead || h.Finished.Sub(now) > timeAhead:
			why = fmt.Sprintf("is of %s, and it is %s here", h.Time.Format(time.DateTime), now.Format(time.DateTime))
		}
		if why != "" {
			return &destination.GuardError{Why: fmt.Sprintf("snapshot %s of %s %s", h.Name, f.x.Name(), why), Hint: hint,
				Err: ErrAhead}
		}
		newest = max(newest, h.Seq)
	}
	return nil
}

// mark marks the follower as one of x. Who may only add does not say whose an old one is.
func (f *following) mark() error {
	is, err := f.y.IsReplica()
	if err != nil || is && f.o.Adds {
		return err
	}
	return f.y.MarkReplica(f.x.Name())
}

// diverged refuses a follower with a snapshot that was never in the source.
func (f *following) diverged() error {
	bySeq := map[uint64]*record.Header{}
	for i := range f.xs {
		bySeq[f.xs[i].Seq] = &f.xs[i]
	}
	for i := range f.ys {
		own := &f.ys[i]
		other := bySeq[own.Seq]
		switch {
		case other != nil && other.Name == own.Name && other.Time.Equal(own.Time) && other.Finished.Equal(own.Finished):
			continue
		case other == nil && own.Seq < f.next:
			continue // deleted there
		}
		has := "never had it"
		if other != nil {
			has = fmt.Sprintf("has %s in its place", other.Name)
		}
		return &destination.GuardError{
			Why: fmt.Sprintf("the two have diverged: %s has snapshot %s of its own, and %s %s", f.y.Path, own.Name,
				f.x.Name(), has),
			Hint: fmt.Sprintf("both were backed up to. Delete there what is of its own (snap delete -d %s %s), or copy into an "+
				"empty folder", f.y.Path, own.Name),
			Err: ErrDiverged,
		}
	}
	return nil
}
