package replica_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"snap/backup/backuptest"
	"snap/destination"
	"snap/record"
	"snap/remote/replica"
)

// odd is a destination that says other things of its snapshots, and of where it is.
type odd struct {
	*replica.Here
	name   string
	change func(h *record.Header)
}

func (x *odd) Name() string { return x.name }

func (x *odd) Snapshots(ctx context.Context) ([]record.Header, error) {
	all, err := x.Here.Snapshots(ctx)
	if len(all) > 0 && x.change != nil {
		x.change(&all[len(all)-1])
	}
	return all, err
}

func (x *odd) NextSeq(context.Context) (uint64, error) { return 1 << 63, nil }

// TestAddsOnly: who may only add snapshots takes no numbers from those to come, makes none of the future, and does not
// say whose a replica is.
func TestAddsOnly(t *testing.T) {
	ctx := context.Background()
	p := backuptest.NewPlace(t)
	p.Write("a", "a")
	p.Backup()
	y := follower(t)
	x, err := replica.OpenHere(ctx, p.Dest)
	p.Do(err)
	all, err := x.Snapshots(ctx)
	p.Do(errors.Join(err, x.Close()))
	now := all[0].Finished
	follow := func(name string, o replica.Options, change func(h *record.Header)) error {
		x, err := replica.OpenHere(ctx, p.Dest)
		p.Do(err)
		defer x.Close()
		o.Now = now
		_, err = replica.Follow(ctx, &odd{x, name, change}, y, o)
		return err
	}
	adds := replica.Options{Adds: true}
	p.Do(follow("first", adds, nil))
	mark := func() string {
		b, err := os.ReadFile(filepath.Join(y, ".snap", "replica"))
		p.Do(err)
		return string(b)
	}
	was := mark()
	p.Write("b", "b")
	p.Backup()
	for what, change := range map[string]func(h *record.Header){
		"a number":      func(h *record.Header) { h.Seq = 1 << 40 },
		"a time":        func(h *record.Header) { h.Time = now.Add(300 * 24 * time.Hour) },
		"a time of end": func(h *record.Header) { h.Finished = now.Add(300 * 24 * time.Hour) },
	} {
		err := follow("second", adds, change)
		if guard := (*destination.GuardError)(nil); !errors.As(err, &guard) || !errors.Is(err, replica.ErrAhead) ||
			guard.Hint == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	p.Do(follow("second", adds, nil))
	if mark() != was {
		t.Errorf("what only adds has marked it as %s", mark())
	}
	wantSame(p, y, names(p))
	p.Do(follow("second", replica.Options{}, nil))
	if mark() == was {
		t.Error("it is not told where the other is now")
	}
}
