package query

import (
	"context"
	"errors"

	"snap/record"
)

// Weight is what a folder holds, with all below it.
type Weight struct {
	Entries int64 // files and folders, without the folder itself
	Bytes   int64 // the sum of the sizes of the regular files, each name counting; see record.Plus
}

// Weights are those of a folder and of the folders directly in it.
type Weights struct {
	Whole Weight
	In    map[string]Weight // by name; of folders alone, files have their sizes in their records
}

// Weigh sums the sizes of what is in the folder path of the snapshot h. The first question about a snapshot reads all
// of its entries (some seconds for a million); with Options.Kept every further one about it is a look-up, also after
// the program began anew: Kept has a folder for that. index.ErrNotFound if h does not hold the folder.
func (d *Reader) Weigh(ctx context.Context, h *record.Header, path string) (*Weights, error) {
	return nil, errors.ErrUnsupported
}

// Weighed is Weigh if the answer is known by now; nil if it has to be found out. A page asks it first, and Weigh after.
func (d *Reader) Weighed(ctx context.Context, h *record.Header, path string) *Weights { return nil }
