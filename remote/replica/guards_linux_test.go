package replica_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"snap/backup/backuptest"
	"snap/destination"
	"snap/remote/replica"
)

// TestGuards: what is no follower is refused, both are named, and there is a way on.
func TestGuards(t *testing.T) {
	ctx := context.Background()
	p := backuptest.NewPlace(t)
	p.Write("a", "a")
	p.Backup()
	y := follower(t)
	copyTo(p, y, replica.Options{})
	q := &backuptest.Place{T: t, Src: p.Src, Dest: y, N: 1}
	refused := func(from, to string, o replica.Options, why error, words ...string) {
		t.Helper()
		_, err := replica.Copy(ctx, from, to, o)
		var guard *destination.GuardError
		if !errors.As(err, &guard) || guard.Hint == "" || why != nil && !errors.Is(err, why) {
			t.Fatalf("%v", err)
		}
		for _, w := range words {
			if !strings.Contains(err.Error(), w) {
				t.Fatalf("%v: no %q", err, w)
			}
		}
	}
	other := backuptest.NewPlace(t)
	other.Write("a", "a")
	other.Backup()
	refused(p.Dest, other.Dest, replica.Options{}, replica.ErrOtherDestination, p.Dest, other.Dest)
	refused(p.Dest, p.Dest, replica.Options{}, nil)
	if _, _, err := q.Try(); !errors.Is(err, destination.ErrReplica) {
		t.Fatalf("a backup to a replica: %v", err)
	}
	z := follower(t)
	_, err := replica.Copy(ctx, y, z, replica.Options{}) // a replica of a replica
	p.Do(err)
	p.Do(replica.Promote(ctx, y, destination.Holder{}, 0))
	if err := replica.Promote(ctx, y, destination.Holder{}, 0); !errors.As(err, new(*destination.GuardError)) {
		t.Fatalf("promoted again: %v", err)
	}
	refused(p.Dest, y, replica.Options{}, replica.ErrPromoted, y)
	q.Write("b", "b")
	q.Backup()
	refused(p.Dest, y, replica.Options{Follow: true}, replica.ErrDiverged, "s0003", y, p.Dest)
	_, err = replica.Copy(ctx, y, p.Dest, replica.Options{Follow: true}) // the other way
	p.Do(err)
	wantSame(q, p.Dest, []string{"s0001", "s0003"})
	if _, _, err := p.Try(); !errors.Is(err, destination.ErrReplica) {
		t.Fatalf("a backup to what follows now: %v", err)
	}
	p.Do(replica.Promote(ctx, z, destination.Holder{}, 0)) // both were promoted
	r := &backuptest.Place{T: t, Src: p.Src, Dest: z, N: 4}
	r.Write("c", "c")
	r.Backup()
	refused(y, z, replica.Options{Follow: true}, replica.ErrDiverged, "s0005", "s0003")
}
