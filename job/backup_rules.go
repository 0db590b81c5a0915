package job

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"snap/cli/settings"
	"snap/destination"
	"snap/destination/retention"
	"snap/record"
)

// prune keeps to the destination's rules, if it has some.
func (b *backupRun) prune(ctx context.Context, d *destination.Destination) error {
	rules := b.s.Keep.Policy(b.p.Now())
	if rules.Empty() {
		return nil
	}
	if b.res.Unknown = b.s.Unknown; len(b.res.Unknown) > 0 {
		return nil // one of them may be a rule with a mistake in it
	}
	plan, err := retention.PlanFor(ctx, d, &rules)
	if err == nil {
		b.res.Stops = plan.Stops
		err = retention.Apply(ctx, d, plan, 0, b.w.Progress)
	}
	if err != nil && !errors.As(err, new(*destination.StuckError)) {
		return fmt.Errorf("the backup is done, but old snapshots could not be deleted by the rules of %s: %w",
			settings.OptionsFile, err)
	}
	for i := range plan.List {
		if e := &plan.List[i]; !e.Keep {
			b.res.Removed = append(b.res.Removed, e.Header.Name)
			b.res.Freed = record.Plus(b.res.Freed, e.Freed)
		}
	}
	if len(b.res.Removed) > 0 {
		b.log.Info("deleted by the rules", "snapshots", strings.Join(b.res.Removed, " "), "freed", b.res.Freed)
	}
	return err
}
