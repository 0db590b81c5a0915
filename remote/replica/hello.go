package replica

import (
	"errors"
	"fmt"

	"snap/destination"
	"snap/record"
)

// The reasons why a destination is not copied into another, in a destination.GuardError.
var (
	ErrOtherDestination = errors.New("another destination")
	ErrPromoted         = errors.New("promoted")
	ErrDiverged         = errors.New("diverged")
	ErrNoBase           = errors.New("the snapshot before is not there")
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
