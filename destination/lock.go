package destination

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"snap/internal/file"
)

// lock takes the destination's lock, which the kernel drops when the process ends however it ends. The
// file's text only tells others who holds it; it decides nothing. It is never removed: a removed lock
// file can be locked twice.
func lock(ctx context.Context, path, dest string, holder Holder, wait time.Duration) (*flock.Flock, error) {
	l := flock.New(path, flock.SetPermissions(0o600), flock.SetFlag(os.O_CREATE|os.O_RDWR|file.Plain))
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	ok, err := uninterrupted(l.TryLock)
	if err == nil && !ok && wait > 0 {
		ok, err = uninterrupted(func() (bool, error) { return l.TryLockContext(ctx, 100*time.Millisecond) })
		if errors.Is(err, context.DeadlineExceeded) {
			err = nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if !ok {
		by := holderIn(path)
		if by.Gone() { // somebody else holds it, who wrote nothing of himself
			by = Holder{}
		}
		return nil, &LockedError{Dest: dest, Holder: by}
	}
	// On a full disk it may fail, and then what makes room there must be possible.
	_ = writeHolder(path, holder.Text+"\n")
	return l, nil
}

// uninterrupted repeats try when a signal interrupted it, as can happen on a network file system.
func uninterrupted(try func() (bool, error)) (ok bool, err error) {
	for {
		if ok, err = try(); !errors.Is(err, syscall.EINTR) {
			return ok, err
		}
	}
}
