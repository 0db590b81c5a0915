package job

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"snap/cli/exit"
	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
	"snap/restore"
	"snap/restore/parts"
)

// RestoreOptions are what is brought back, and to where.
type RestoreOptions struct {
	Snapshot string   // its name
	Paths    []string // in it; "" is all of it
	Target   string   // an absolute folder; "": where it was

	// Relative puts a path of the snapshot at the same path below Target, instead of under its name alone.
	Relative  bool
	Overwrite restore.Overwrite // default: nothing is overwritten
	DryRun    bool              // look first: decide everything and write nothing
	NoXattrs  bool
	Numeric   bool // owners stay numbers
}

// RestoreResult is what a restore did, or would do.
type RestoreResult struct {
	restore.Result
	Target string // where everything went
	Took   time.Duration

	// What would happen to the entries, after a dry run: the first of each, as places in the target, and how many there
	// are. Folders that are there, and files that are what they should be, are none of them.
	New, Replaced, Left, Retouched Places
}

// Places are some places in the target, and how many there are in all.
type Places struct {
	First []string
	Count int64
}

// placesKept is how many are named.
const placesKept = 1000

func (p *Places) add(place string) {
	if p.Count++; len(p.First) < placesKept {
		p.First = append(p.First, place)
	}
}

// Restore brings files of one snapshot back, verified, as `snap restore` does. It deletes nothing.
func (p *Place) Restore(ctx context.Context, w *Watcher, o RestoreOptions) (result *RestoreResult, err error) {
	d, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(query.IndexHint(err, p.Dest), d.Close()) }()
	begin := p.Now()
	i := slices.IndexFunc(d.Snapshots, func(h record.Header) bool { return h.Name == o.Snapshot })
	if i < 0 {
		return nil, fmt.Errorf("%s: no such snapshot", quote.Name(o.Snapshot))
	}
	h := &d.Snapshots[i]
	part, err := restorePart(ctx, d, h, &o)
	if err != nil {
		return nil, err
	}
	target := part.Options.Target
	r := &restoreRun{w: w, part: part, dry: o.DryRun}
	r.state.Stage = progress.Restoring
	if items := part.Options.Items; len(items) == 1 && items[0].Path == "" {
		r.state.TotalFiles, r.state.TotalBytes = h.Files, h.Bytes
	}
	part.Options.Report = r
	res, err := part.Run(ctx, d)
	r.result.Result, r.result.Target, r.result.Took = res, target, p.Now().Sub(begin)
	if err != nil {
		return &r.result, exit.RestoreHint(err, target)
	}
	if res.Errors > 0 {
		return &r.result, exit.With(exit.Partial, nil)
	}
	return &r.result, nil
}

// restorePart is what is restored, and where each thing goes.
func restorePart(ctx context.Context, d *query.Reader, h *record.Header, o *RestoreOptions) (*parts.Part, error) {
	if len(o.Paths) == 0 {
		return nil, hint.Usagef("restore: nothing is named")
	}
	target := o.Target
	switch {
	case target == "" && h.Source == "":
		return nil, hint.With(fmt.Errorf("nobody knows the source of snapshot %s", quote.Name(h.Name)),
			"restore it into a folder")
	case target == "":
		target = h.Source
	case !filepath.IsAbs(target):
		return nil, hint.Usagef("restore: %s is no absolute path", quote.Name(target))
	}
	part := parts.New(h, restore.Options{Target: target, Overwrite: o.Overwrite, DryRun: o.DryRun, NoXattrs: o.NoXattrs,
		NumericIDs: o.Numeric})
	var places []parts.Place
	for _, p := range o.Paths {
		_, _, err := d.DB.Lookup(ctx, h.Seq, p)
		if errors.Is(err, index.ErrNotFound) || !record.ValidPath(p) {
			return nil, fmt.Errorf("%s: not in snapshot %s", quote.Path(p), quote.Name(h.Name))
		}
		if err == nil {
			err = d.Missing(ctx, h, p, "restore")
		}
		if err != nil {
			return nil, err
		}
		items := []restore.Item{{Path: p, To: p}}
		if o.Target == "" {
			items = parts.InPlace(h, p)
		} else if !o.Relative && p != "" {
			items[0].To = path.Base(p)
		}
		for _, it := range items {
			if place := (parts.Place{Item: it, Header: h, Arg: p}); !slices.Contains(places, place) {
				places, part.Options.Items = append(places, place), append(part.Options.Items, it)
			}
		}
	}
	return part, parts.Apart(places)
}

// restoreRun is the state of a restore, and hears what happens to single entries.
type restoreRun struct {
	w      *Watcher
	part   *parts.Part
	dry    bool
	state  progress.State
	result RestoreResult
}

func (r *restoreRun) progress(path string, files, bytes int64) {
	r.state.Path, r.state.Files, r.state.Bytes = path, r.state.Files+files, record.Plus(r.state.Bytes, bytes)
	r.w.Progress(r.state)
}

// Started, Restored and the others are what the restore reports, from one goroutine at a time.
func (r *restoreRun) Started(path string, _ int64) { r.progress(path, 0, 0) }

func (r *restoreRun) Restored(path string, bytes int64) {
	r.progress(path, 1, bytes)
	if !r.dry {
		return
	}
	place := r.part.At(path)
	if _, err := os.Lstat(place); err == nil {
		r.result.Replaced.add(place)
	} else {
		r.result.New.add(place)
	}
}

func (r *restoreRun) MetadataSet(path string) {
	if r.progress(path, 1, 0); r.dry {
		r.result.Retouched.add(r.part.At(path))
	}
}

func (r *restoreRun) Skipped(path string) {
	if r.progress(path, 1, 0); r.dry {
		r.result.Left.add(r.part.At(path))
	}
}

func (r *restoreRun) Blocked(path, _ string) {
	if r.progress(path, 1, 0); r.dry {
		r.result.Left.add(r.part.At(path))
	}
}

func (r *restoreRun) Deleted(string)         {}
func (r *restoreRun) Spared(string, string)  {}
func (r *restoreRun) Lost(string, file.Lost) {}

func (r *restoreRun) Problem(p restore.Problem) { r.w.Problem(p.Path, p.Err) }
