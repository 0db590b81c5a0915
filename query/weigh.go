package query

import (
	"context"
	"strings"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// Weight is what a folder holds, with all below it.
type Weight struct {
	Entries int64 // files and folders, without the folder itself
	Bytes   int64 // the sum of the sizes of the regular files, each name counting; see record.Plus
}

func (w *Weight) add(o Weight) {
	w.Entries, w.Bytes = w.Entries+o.Entries, record.Plus(w.Bytes, o.Bytes)
}

// Weights are those of a folder and of the folders directly in it.
type Weights struct {
	Whole Weight
	In    map[string]Weight // by name; of folders alone, files have their sizes in their records
}

// of is the weight of a folder in it; of nil nothing is known.
func (w *Weights) of(name string) (weight Weight, ok bool) {
	if w != nil {
		weight, ok = w.In[name]
	}
	return weight, ok
}

// Weigh sums the sizes of what is in the folder path of the snapshot h. The first question about a snapshot reads all
// of its entries (some seconds for a million); with Options.Kept every further one about it is a look-up, also after
// the program began anew: Kept has a folder for that. index.ErrNotFound if h does not hold the folder.
func (d *Reader) Weigh(ctx context.Context, h *record.Header, path string) (*Weights, error) {
	f, err := d.folderWeights(ctx, h)
	if err != nil {
		return nil, err
	}
	if w := f.below(path); w != nil {
		return w, nil
	}
	return nil, index.ErrNotFound
}

// Weigher knows the weights of folders, false for what it does not know.
type Weigher func(path string) (w Weight, ok bool)

// NoWeights knows none.
func NoWeights(string) (w Weight, ok bool) { return w, false }

// WeighFolders knows the weight of each folder of the snapshot h, found out at once for all.
func (d *Reader) WeighFolders(ctx context.Context, h *record.Header) (Weigher, error) {
	f, err := d.folderWeights(ctx, h)
	if err != nil {
		return nil, err
	}
	return f.sum, nil
}

// folderWeights are those that are known, or else found out.
func (d *Reader) folderWeights(ctx context.Context, h *record.Header) (f *folderWeights, err error) {
	k := d.options.Kept
	if f = k.knownWeights(h); f != nil {
		return f, nil
	}
	err = k.inTurn(ctx, func() error {
		if f = k.knownWeights(h); f != nil {
			return nil
		}
		if f, err = weighAll(ctx, d.DB, h, k.come); err == nil {
			k.keepWeights(h, f)
		}
		return err
	})
	return f, err
}

// Weighed is Weigh if the answer is known by now; nil if it has to be found out. A page asks it first, and Weigh after.
func (d *Reader) Weighed(h *record.Header, path string) *Weights {
	if f := d.options.Kept.knownWeights(h); f != nil {
		return f.below(path)
	}
	return nil
}

// folderWeights are those of all folders of one snapshot.
type folderWeights struct {
	of string // the snapshot: see weighedAs
	folderSums[Weight]
}

// below are the Weights of a folder, nil if there is none.
func (f *folderWeights) below(path string) *Weights {
	whole, in, ok := f.in(path)
	if !ok {
		return nil
	}
	return &Weights{whole, in}
}

// weighAll reads all entries of the snapshot.
func weighAll(ctx context.Context, db *index.DB, h *record.Header,
	come func(done, total int64)) (*folderWeights, error) {
	f, n := &folderWeights{}, int64(0)
	var open []int // the folders that the present entry is in, by their places
	for e, err := range db.Entries(ctx, h.Seq, "") {
		if err != nil {
			return nil, err
		}
		if n++; n%listed == 0 {
			come(n, h.Files+h.Dirs)
		}
		for n := len(open); n > 0 && !record.Within(e.Path, f.paths[open[n-1]]); n-- {
			open = f.close(open)
		}
		if len(open) > 0 {
			f.sums[open[len(open)-1]].Entries++
		}
		switch e.Kind {
		case file.Folder:
			open = append(open, len(f.paths))
			f.paths, f.sums = append(f.paths, strings.Clone(e.Path)), append(f.sums, Weight{})
		case file.Regular:
			if len(open) > 0 {
				f.sums[open[len(open)-1]].add(Weight{Bytes: e.Size})
			}
		}
	}
	for len(open) > 0 {
		open = f.close(open)
	}
	return f, nil
}

// close adds the innermost folder, in which nothing more comes, to the one that it is in.
func (f *folderWeights) close(open []int) []int {
	n := len(open) - 1
	if n > 0 {
		f.sums[open[n-1]].add(f.sums[open[n]])
	}
	return open[:n]
}
