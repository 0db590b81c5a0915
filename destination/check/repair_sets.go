package check

import (
	"context"
	"fmt"

	"snap/record"
)

// repairSet makes a change set again from the index, which is whole.
func (c *checker) repairSet(ctx context.Context, f *fault) error {
	h, err := c.header(ctx, f.seq)
	if err != nil || h == nil {
		return err
	}
	if err := c.rewriteSet(ctx, h); err != nil {
		return err
	}
	left, err := c.set(ctx, h)
	if err != nil {
		return err
	}
	if f.whole, f.from = left == nil, "the index"; left != nil {
		f.left = fmt.Sprintf("made again from the index, and still %s", left.why)
	}
	return nil
}

// rewriteSet writes the change set of a snapshot from its records. It appears by rename.
func (c *checker) rewriteSet(ctx context.Context, h *record.Header) error {
	all, err := c.d.DB.Snapshots(ctx)
	if err != nil {
		return err
	}
	prev := uint64(0)
	for i := range all {
		if all[i].Seq < h.Seq {
			prev = all[i].Seq
		}
	}
	head := *h
	head.State, head.Work, head.Bucket = "", "", 0
	counted := head // Merged counts again, and less than a run counts
	return c.d.WriteChangeSet(ctx, prev, &head, &counted)
}
