package destination

import (
	"errors"
	"fmt"
)

// ErrNotDestination: the folder holds no .snap.
var ErrNotDestination = errors.New("not a snap destination")

// ErrNoHardLinks: the destination's file system cannot link, so every snapshot would be a full copy.
var ErrNoHardLinks = errors.New("the file system has no hard links, which snap's snapshots are made of")

// LockedError: another process holds the destination's lock.
type LockedError struct {
	Dest   string
	Holder Holder // nobody that is known if it is no snap, or did not get to write it
}

func (e *LockedError) Error() string {
	by := e.Holder.Text
	if by == "" {
		by = "another program"
	}
	return fmt.Sprintf("%s is locked by %s", e.Dest, by)
}

// GuardError: a backup that would be wrong was refused. Hint says how to go on if it is right, Err is the error
// behind it, if there is one.
type GuardError struct {
	Why, Hint string
	Err       error
}

func (e *GuardError) Error() string { return e.Why }
func (e *GuardError) Unwrap() error { return e.Err }

// SpaceError: what is to be written does not fit, as a GuardError says.
type SpaceError struct{ Need, Free uint64 } // bytes

func (e *SpaceError) Error() string { return "not enough space" }
