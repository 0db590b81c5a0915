package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// lock takes the destination's lock, which the kernel drops when the process ends however it ends. The
// file's text only tells others who holds it; it decides nothing. It is never removed: a removed lock
// file can be locked twice.
func lock(ctx context.Context, path, dest, holder string, wait time.Duration) (*flock.Flock, error) {
	l := flock.New(path, flock.SetPermissions(0o600), flock.SetFlag(os.O_CREATE|os.O_RDWR))
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	ok, err := l.TryLock()
	if err == nil && !ok && wait > 0 {
		ok, err = l.TryLockContext(ctx, 100*time.Millisecond)
		if errors.Is(err, context.DeadlineExceeded) {
			err = nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if !ok {
		text, _ := os.ReadFile(path)
		return nil, &LockedError{Dest: dest, Holder: strings.TrimSpace(string(text[:min(len(text), 300)]))}
	}
	// On a full disk it may fail, and then what makes room there must be possible.
	_ = os.WriteFile(path, []byte(holder+"\n"), 0o600)
	return l, nil
}
