package backup

import (
	"errors"
	"fmt"
	"io/fs"
)

// ErrNotDestination: the folder holds no .snap.
var ErrNotDestination = errors.New("not a snap destination")

// ErrNoHardLinks: the destination's file system cannot link, so every snapshot would be a full copy.
var ErrNoHardLinks = errors.New("the file system has no hard links, which snap's snapshots are made of")

// ErrSetsDamaged: not every snapshot has a whole change set, so that an index made of them would know less than
// the trees tell.
var ErrSetsDamaged = errors.New("the change sets are not whole")

// ErrEmptySource: a source has nothing in it.
var ErrEmptySource = errors.New("the source is empty")

// LockedError: another process holds the destination's lock.
type LockedError struct {
	Dest   string
	Holder string // who, as that run wrote it; "" if it is no snap, or did not get to
}

func (e *LockedError) Error() string {
	by := e.Holder
	if by == "" {
		by = "another program"
	}
	return fmt.Sprintf("%s is locked by %s", e.Dest, by)
}

// LayoutError: source and destination lie in each other, or are one.
type LayoutError struct{ Why string }

func (e *LayoutError) Error() string { return e.Why }

// GuardError: a backup that would be wrong was refused. Hint says how to go on if it is right, Err is what
// told, if it was an error.
type GuardError struct {
	Why, Hint string
	Err       error
}

func (e *GuardError) Error() string { return e.Why }
func (e *GuardError) Unwrap() error { return e.Err }

// unwrapPath is the reason in a *fs.PathError, for messages that name the path themselves.
func unwrapPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
