package file

import "golang.org/x/sys/unix"

// Every call that may wait is repeated when a signal interrupted it (EINTR): on a network or FUSE file system any of
// them can be, whatever SA_RESTART promises. All go through the functions here; TestEveryCallIsRepeated looks. Not
// close: the handle is gone all the same, and its number may be another's by then.

// retry repeats a call that a signal interrupted.
func retry(f func() (int, error)) (int, error) {
	for {
		n, err := f()
		if err != unix.EINTR {
			return n, err
		}
	}
}

// again is retry for a call that only succeeds or fails.
func again(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}

// makes is again for a call that makes a name. A server may have made it before the answer was interrupted: then the
// name is there.
func makes(f func() error) error { return settled(f, unix.EEXIST) }

// removes is again for a call that takes a name away.
func removes(f func() error) error { return settled(f, unix.ENOENT) }

// settled repeats an interrupted call, and takes the answer done of a second one for success.
func settled(f func() error, done error) error {
	err := f()
	if err != unix.EINTR {
		return err
	}
	if err = again(f); err == done {
		return nil
	}
	return err
}
