package check

import (
	"context"
	"fmt"
)

// repairSet makes a change set again from the index, which is whole.
func (c *checker) repairSet(ctx context.Context, f *fault) error {
	h, err := c.header(ctx, f.seq)
	if err != nil || h == nil {
		return err
	}
	if err := c.d.RewriteChangeSet(ctx, h); err != nil {
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
