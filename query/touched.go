package query

import (
	"context"
	"errors"
)

// Touched says for each snapshot, by its position, how many entries below the folder path it changed: 0 where nothing
// but times of folders did. The folder itself does not count; the oldest snapshot has added all that it holds.
//
// It is read off the lists of paths. Up to index.TouchedExactly the numbers of a snapshot are those of `diff` with the
// one before; of more, entries that people would not call changed may be among them. For the source itself the headers
// have the numbers.
func (d *Reader) Touched(ctx context.Context, path string) ([]int, error) {
	return nil, errors.ErrUnsupported
}
