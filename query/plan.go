package query

import (
	"context"

	"snap/destination/retention"
)

// Plan says what rules would keep and delete now, and why; nothing is deleted. With Options.Kept, what is known of the
// sizes of snapshots is not found out again.
func (d *Reader) Plan(ctx context.Context, rules *retention.Policy) (*retention.Plan, error) {
	return d.held().Plan(ctx, rules)
}

// PlanNamed says what deleting these snapshots would free.
func (d *Reader) PlanNamed(ctx context.Context, names []string) (*retention.Plan, error) {
	return d.held().PlanNamed(ctx, names)
}

func (d *Reader) held() retention.Held {
	h := retention.Held{Root: d.Root, DB: d.DB}
	if d.options.Kept != nil {
		h.Usage = d.usage
	}
	return h
}
