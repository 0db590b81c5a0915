package job

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"snap/cli/exit"
	"snap/cli/settings"
	"snap/destination"
	"snap/destination/retention"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
)

// RemoveOptions say which snapshots are deleted: those named, or those that no rule keeps.
type RemoveOptions struct {
	Names     []string
	Rules     *settings.Rules // in place of Names
	AllowMost bool            // more than half may go by the rules
	// Seen are the snapshots that somebody has seen would go. Where others would go by now, nothing is deleted.
	Seen []string
}

// RemoveResult is what became of the snapshots.
type RemoveResult struct {
	*retention.Plan
	Removed []string
	Freed   int64
	Took    time.Duration
}

// errOthersGo says that a look is worth nothing any more.
var errOthersGo = errors.New("other snapshots would go than those that were looked at: nothing was deleted")

// Remove deletes snapshots, as `snap delete` and `snap prune` do.
func (p *Place) Remove(ctx context.Context, w *Watcher, o RemoveOptions) (res *RemoveResult, err error) {
	begin := p.Now()
	kind := Delete
	if o.Rules != nil {
		kind = Prune
	}
	d, err := p.openToWrite(ctx, kind)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(exit.Gone(d, err), d.Close()) }()
	defer p.User.Proved(ctx, p.Dest, d.DB)
	if d.Stuck != nil {
		w.Note(d.Stuck.Error())
	}
	plan, err := p.removing(ctx, d, &o)
	if err != nil {
		return nil, exit.Hint(err, p.Dest)
	}
	res = &RemoveResult{Plan: plan}
	err = retention.Apply(ctx, d, plan, 0, w.Progress)
	res.Took = p.Now().Sub(begin)
	var stuck *destination.StuckError
	if err != nil && !errors.As(err, &stuck) {
		return nil, exit.Hint(err, p.Dest)
	}
	for i := range plan.List {
		if e := &plan.List[i]; !e.Keep {
			res.Removed, res.Freed = append(res.Removed, e.Header.Name), record.Plus(res.Freed, e.Freed)
		}
	}
	if stuck != nil {
		err = exit.Hint(stuck, p.Dest)
	}
	return res, err
}

// removing is the plan, if it is the one that was seen.
func (p *Place) removing(ctx context.Context, d *destination.Destination, o *RemoveOptions) (plan *retention.Plan,
	err error) {
	if o.Rules != nil {
		r := o.Rules.Policy(p.Now())
		if r.Empty() {
			return nil, hint.Usagef("no rule says what to keep, and an empty rule would keep nothing")
		}
		r.Asked, r.AllowMost = true, o.AllowMost
		plan, err = retention.PlanFor(ctx, d, &r)
	} else {
		plan, err = retention.PlanNamed(ctx, d, o.Names)
	}
	if err != nil {
		return nil, err
	}
	if err := plan.Most(); err != nil {
		return nil, exit.With(exit.Refused, err)
	}
	if err := Spares(plan, o.Rules == nil); err != nil {
		return nil, err
	}
	var going []string
	for i := range plan.List {
		e := &plan.List[i]
		if e.Keep {
			continue
		}
		if o.Rules == nil && retention.Pinned(e.Header) {
			return nil, Pinned(e.Header.Name)
		}
		going = append(going, e.Header.Name)
	}
	seen := slices.Clone(o.Seen)
	slices.Sort(seen)
	slices.Sort(going)
	if !slices.Equal(seen, going) {
		return nil, exit.With(exit.Refused, hint.With(errOthersGo, "look again"))
	}
	return plan, nil
}

// Spares refuses a plan that takes what nobody means to lose: a snapshot whose folder only has another name by now, or,
// by name, the last ones. A command line has flags for both.
func Spares(plan *retention.Plan, named bool) error {
	if len(plan.Renamed) > 0 {
		r := plan.Renamed[0]
		return exit.With(exit.Refused, hint.With(fmt.Errorf("the folder of snapshot %s is not gone, but called %s now",
			quote.Name(r.Snapshot), quote.Name(r.Folder)), "give it its name back"))
	}
	if named && plan.Last() {
		return exit.With(exit.Refused, hint.With(errors.New("no snapshot would be left"),
			"nothing was deleted; the last ones go by snap delete --allow-all alone"))
	}
	return nil
}

// Pinned refuses to delete a snapshot that is pinned.
func Pinned(name string) error {
	return exit.With(exit.Refused, hint.With(fmt.Errorf("snapshot %s is pinned", quote.Name(name)),
		"take the pin from it first"))
}
