package job

import (
	"context"
	"errors"
	"time"

	"snap/cli/exit"
	"snap/destination"
	"snap/destination/retention"
	"snap/internal/progress"
	"snap/record"
)

// Removal is one deletion of snapshots, by name or by rules. The command line and the page make theirs by it.
type Removal struct {
	*Place
	Kind     Kind // Delete or Prune
	DryRun   bool // decide everything and delete nothing
	LockWait time.Duration

	Warn  func(format string, args ...any)
	Plan  func(d *destination.Destination) (*retention.Plan, error)
	Guard func(plan *retention.Plan) error // refuses a plan; it is not asked where nothing is deleted
	Line  func(ctx context.Context) (on context.Context, show func(progress.State), end func())
}

// RemoveResult is what became of the snapshots, or would.
type RemoveResult struct {
	*retention.Plan
	Removed []string
	Freed   int64
	Stuck   error // folders are left that could not be removed
	Took    time.Duration
}

// Run deletes the snapshots that the plan does not keep.
func (r *Removal) Run(ctx context.Context) (res *RemoveResult, err error) {
	begin := r.Now()
	d, err := r.openToWrite(ctx, destination.Options{Mode: destination.ReadOnlyIf(r.DryRun), LockWait: r.LockWait,
		Holder: destination.NewHolder(string(r.Kind), begin)})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(exit.Gone(d, err), d.Close()) }()
	defer r.User.Proved(ctx, r.Dest, d.DB)
	if d.Stuck != nil {
		r.Warn("%v", d.Stuck)
	}
	plan, err := r.Plan(d)
	if err != nil {
		return nil, exit.Hint(err, r.Dest)
	}
	res = &RemoveResult{Plan: plan}
	if !r.DryRun {
		if err := r.Guard(plan); err != nil {
			return nil, err
		}
		on, show, end := r.Line(ctx)
		err := retention.Apply(on, d, plan, 0, show)
		end()
		if stuck := (*destination.StuckError)(nil); errors.As(err, &stuck) {
			res.Stuck = exit.Hint(stuck, r.Dest)
		} else if err != nil {
			return nil, exit.Hint(err, r.Dest)
		}
	}
	res.Took = r.Now().Sub(begin)
	for i := range plan.List {
		if e := &plan.List[i]; !e.Keep {
			res.Removed, res.Freed = append(res.Removed, e.Header.Name), record.Plus(res.Freed, e.Freed)
		}
	}
	return res, nil
}
