package vault

import (
	"context"
	"errors"
	"fmt"

	"snap/record"
	"snap/remote/store"
	"snap/remote/vault/chain"
)

// replaceLost puts what no table knows and snapshots of the vault name, as long as tables are lost: from the trees
// here. What is not here any more may still be in packs that only a lost table names, so that table stays in the head,
// and nothing is removed while it does.
func (c *copying) replaceLost(ctx context.Context) error {
	if len(c.v.lost) == 0 {
		return nil
	}
	if why := c.v.lost[0].why; errors.As(why, new(*store.ReachError)) {
		return why
	}
	lacks := map[[32]byte]bool{} // they are named already
	for _, m := range c.v.h.Missing {
		lacks[missingKey(m)] = true
	}
	for i := range c.v.h.Snapshots {
		seq := c.v.h.Snapshots[i].Header.Seq
		for e, err := range c.v.records(ctx, seq) {
			if err != nil {
				return err
			}
			if !hasContent(&e.Record) || lacks[keyOf(&e.Record)] {
				continue
			}
			if known, err := c.known(keyOf(&e.Record)); err != nil {
				return err
			} else if known {
				continue
			}
			got, err := c.inTrees(ctx, Place{seq, e.Path}, &e.Record)
			if err != nil {
				return err
			}
			if got == nil {
				c.unsure++
				continue
			}
			if whole, err := c.bringAgain(ctx, got, &e.Record); err != nil {
				return err
			} else if !whole {
				c.unsure++
				continue
			}
			c.res.Healed++
		}
	}
	if c.unsure > 0 && c.v.o.Warn != nil {
		c.v.o.Warn(fmt.Errorf("%w; %d contents that it may name are not here to be copied again, and it stays",
			c.v.lost[0].why, c.unsure))
	}
	return nil
}

// bringAgain puts a content that snapshots of the vault name already. false: its bytes were others when they were read
// once more. It is named, but not entered as missing: a lost table may still know a pack that has it.
func (c *copying) bringAgain(ctx context.Context, got *content, r *record.Record) (whole bool, err error) {
	before := len(c.lack)
	if err := c.bring(ctx, got, r, "healed/"+got.place.Path); err != nil {
		return false, err
	}
	for _, l := range c.lack[before:] {
		c.res.Missing = append(c.res.Missing, Missing{Place: l.at, Why: l.why})
	}
	whole = len(c.lack) == before
	c.lack = c.lack[:before]
	return whole, nil
}

// dropLost takes the lost tables out of a head: all that they knew is named by others.
func (c *copying) dropLost(h *Head) {
	if len(c.v.lost) == 0 || c.unsure > 0 {
		return
	}
	there, lost := c.v.split(h.Tables)
	var parts []string
	for i := range lost {
		for _, part := range lost[i].Parts {
			parts = append(parts, metaName(part))
		}
	}
	h.Tables = there
	h.Condemned = chain.Condemn(h.Condemned, parts, c.v.h.Number+1)
}
