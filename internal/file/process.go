package file

import "errors"

// ErrNoPriority: this system has no such priority, or this user may not have it.
var ErrNoPriority = errors.New("not possible here")

// IOClass is how a process gets its turn at the disks.
type IOClass uint8

// The classes, as ioprio_set(2) has them.
const (
	IOBestEffort IOClass = 2 // by level, from 0, the first, to 7
	IOIdle       IOClass = 3 // only when nobody else wants the disk
)
