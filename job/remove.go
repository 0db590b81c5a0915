package job

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"snap/cli/exit"
	"snap/cli/settings"
	"snap/destination"
	"snap/destination/retention"
	"snap/internal/hint"
	"snap/internal/progress"
	"snap/internal/quote"
)

// RemoveOptions say which snapshots are deleted: those named, or those that no rule keeps.
type RemoveOptions struct {
	Names     []string
	Rules     *settings.Rules // in place of Names
	AllowMost bool            // more than half may go by the rules
	// Seen are the snapshots that somebody has seen would go. Where others would go by now, nothing is deleted.
	Seen []string
}

// errOthersGo says that a look is worth nothing any more.
var errOthersGo = errors.New("other snapshots would go than those that were looked at: nothing was deleted")

// Remove deletes snapshots, as `snap delete` and `snap prune` do.
func (p *Place) Remove(ctx context.Context, w *Watcher, o RemoveOptions) (*RemoveResult, error) {
	kind := Delete
	if o.Rules != nil {
		kind = Prune
	}
	r := &Removal{Place: p, Kind: kind,
		Warn:  func(format string, args ...any) { w.Note(fmt.Sprintf(format, args...)) },
		Plan:  func(d *destination.Destination) (*retention.Plan, error) { return p.planned(ctx, d, &o) },
		Guard: func(plan *retention.Plan) error { return o.guard(plan) },
		Line: func(ctx context.Context) (context.Context, func(progress.State), func()) {
			return ctx, w.Progress, func() {}
		},
	}
	res, err := r.Run(ctx)
	if err == nil && res.Stuck != nil {
		err = res.Stuck
	}
	return res, err
}

// planned is what of it goes and what stays.
func (p *Place) planned(ctx context.Context, d *destination.Destination, o *RemoveOptions) (*retention.Plan, error) {
	if o.Rules == nil {
		return retention.PlanNamed(ctx, d, o.Names)
	}
	r := o.Rules.Policy(p.Now())
	if r.Empty() {
		return nil, hint.Usagef("no rule says what to keep, and an empty rule would keep nothing")
	}
	r.Asked, r.AllowMost = true, o.AllowMost
	return retention.PlanFor(ctx, d, &r)
}

// guard refuses a plan that is not the one that was seen, or takes what nobody means to lose.
func (o *RemoveOptions) guard(plan *retention.Plan) error {
	if err := plan.Most(); err != nil {
		return exit.With(exit.Refused, err)
	}
	if err := Spares(plan, o.Rules == nil); err != nil {
		return err
	}
	var going []string
	for i := range plan.List {
		e := &plan.List[i]
		if e.Keep {
			continue
		}
		if o.Rules == nil && retention.Pinned(e.Header) {
			return Pinned(e.Header.Name)
		}
		going = append(going, e.Header.Name)
	}
	seen := slices.Clone(o.Seen)
	slices.Sort(seen)
	slices.Sort(going)
	if !slices.Equal(seen, going) {
		return exit.With(exit.Refused, hint.With(errOthersGo, "look again"))
	}
	return nil
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
