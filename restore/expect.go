package restore

import (
	"context"

	"snap/internal/file"
	"snap/internal/progress"
	"snap/record"
)

// expect tells whoever watches how many bytes there are to restore. Of a whole snapshot the caller knows that, and of
// what is chosen by its path nobody does before.
func (r *run) expect(ctx context.Context) error {
	meter := progress.MeterOf(ctx)
	if meter == nil || r.o.Include != nil || r.o.Exclude != nil || len(r.items) == 1 && r.items[0].Path == "" {
		return nil
	}
	bytes := int64(0)
	for i := range r.items {
		for e, err := range r.db.Entries(ctx, r.seq, r.items[i].Path) {
			if err != nil {
				return err
			}
			if e.Kind == file.Regular && e.Held() {
				bytes = record.Plus(bytes, e.Size)
			}
		}
	}
	meter.Expect(bytes)
	return nil
}

// notToMove tells whoever watches that an entry has no bytes to be moved, although the totals count them.
func notToMove(ctx context.Context, j *job) {
	if j.Kind == file.Regular {
		progress.MeterOf(ctx).Expect(-j.Size)
	}
}
