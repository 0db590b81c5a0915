package backup

import (
	"context"
	"errors"
	"iter"
	"strings"

	"snap/index"
)

// indexCheck is how the index is asked whether it is whole.
type indexCheck struct {
	// whole makes sure that the index agrees with itself.
	whole func(ctx context.Context, found func(error)) error
	// set makes sure that a snapshot's change set agrees with its records.
	set func(ctx context.Context, h *index.Header, set iter.Seq2[*index.Entry, error], found func(error)) error
}

// indexChecks are the checks of db.
func indexChecks(db *index.DB) indexCheck {
	return indexCheck{
		whole: func(context.Context, func(error)) error { return nil },
		set: func(_ context.Context, _ *index.Header, set iter.Seq2[*index.Entry, error], _ func(error)) error {
			for _, err := range set {
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// indexFault notes what is wrong with the index, once.
func (c *checker) indexFault(err error) {
	c.faults.once(&fault{what: FaultIndex, path: indexName, why: "the index is damaged: " + damageText(err)})
}

// damageText is what an ErrDamaged says, without the file and that it is damaged.
func damageText(err error) string {
	text := unwrapPath(err).Error()
	if i := strings.LastIndex(text, index.ErrDamaged.Error()+": "); i >= 0 {
		return text[i+len(index.ErrDamaged.Error())+2:]
	}
	return text
}

// indexName is the index as findings name it.
const indexName = metaName + "/index.db"

// indexError takes an error of the index: damage is a finding, and the check goes on with what can still be
// read.
func (c *checker) indexError(err error) error {
	if errors.Is(err, index.ErrDamaged) {
		c.indexFault(err)
		return nil
	}
	return err
}
