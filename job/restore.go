package job

import (
	"context"
	"errors"
	"fmt"
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

	Seen *RestoreResult // what a look has shown: where that would be something else by now, nothing is done
}

// RestoreResult is what a restore did, or would do.
type RestoreResult struct {
	restore.Result
	Target string // where everything went
	Took   time.Duration

	// What would happen to the entries, after a dry run: the first of each, as places in the target, and how many there
	// are. Folders that are there, and files that are what they should be, are none of them.
	New, Replaced, Left, Retouched Places

	Exists *restore.ExistsError // what would be overwritten, where nothing was to be; nil: nothing would

	sight sight // of a dry run
}

// Counts are what a restore would do to how many entries.
type Counts struct{ New, Replaced, Left, Retouched, Errors, Bytes int64 }

// Counts are those of a dry run.
func (r *RestoreResult) Counts() Counts {
	return Counts{r.New.Count, r.Replaced.Count, r.Left.Count, r.Retouched.Count, r.Errors, r.BytesRestored}
}

// errChanged says that a look is worth nothing any more, and where something has changed, if that is known.
func errChanged(place string) error {
	what := "what is there"
	if place != "" {
		what = quote.Name(place)
	}
	return exit.With(exit.Refused, hint.With(
		fmt.Errorf("%s is no longer what it was when it was looked at: nothing was restored", what), "look again"))
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
	r := &restoreRun{w: w, dry: o.DryRun}
	r.state.Stage = progress.Restoring
	if o.Seen != nil && !o.DryRun {
		look := &restoreRun{w: &Watcher{}, dry: true}
		again := o
		again.DryRun = true
		if err := look.run(ctx, d, h, &again); err != nil {
			return &look.result, err
		}
		if now := &look.result; now.Counts() != o.Seen.Counts() || now.sight.sum != o.Seen.sight.sum {
			return nil, errChanged(o.Seen.sight.changed(&now.sight))
		}
		t := &look.result
		r.state.TotalFiles = t.FilesRestored + t.MetadataSet + t.FilesSkipped + t.FilesBlocked
		r.state.TotalBytes = t.BytesRestored
	}
	err = r.run(ctx, d, h, &o)
	r.result.Took = p.Now().Sub(begin)
	if err == nil && r.result.Errors > 0 {
		err = exit.With(exit.Partial, nil)
	}
	return &r.result, err
}

// run restores, or looks.
func (r *restoreRun) run(ctx context.Context, d *query.Reader, h *record.Header, o *RestoreOptions) (err error) {
	if r.part, err = restorePart(ctx, d, h, o); err != nil {
		return err
	}
	if items := r.part.Options.Items; len(items) == 1 && items[0].Path == "" && r.state.TotalFiles == 0 {
		r.state.TotalFiles, r.state.TotalBytes = h.Files, h.Bytes
	}
	r.result.Target, r.part.Options.Report = r.part.Options.Target, r
	defer r.result.sight.close()
	if r.result.Result, err = r.part.Run(ctx, d); err != nil {
		errors.As(err, &r.result.Exists)
		err = exit.RestoreHint(err, r.result.Target)
	}
	return err
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
	way := parts.ByName
	switch {
	case o.Target == "":
		way = parts.WhereItWas
	case o.Relative:
		way = parts.ByPath
	}
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
		for _, it := range parts.Items(h, p, way) {
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
	if r.result.sight.add('r', place) {
		r.result.Replaced.add(place)
	} else {
		r.result.New.add(place)
	}
}

func (r *restoreRun) MetadataSet(path string) { r.stays(path, 'm', &r.result.Retouched) }
func (r *restoreRun) Skipped(path string)     { r.stays(path, 's', &r.result.Left) }
func (r *restoreRun) Blocked(path, _ string)  { r.stays(path, 's', &r.result.Left) }

// stays notes an entry that is there, and whose content stays.
func (r *restoreRun) stays(path string, what byte, all *Places) {
	if r.progress(path, 1, 0); r.dry {
		place := r.part.At(path)
		all.add(place)
		r.result.sight.add(what, place)
	}
}

func (r *restoreRun) Deleted(string)         {}
func (r *restoreRun) Spared(string, string)  {}
func (r *restoreRun) Lost(string, file.Lost) {}

func (r *restoreRun) Problem(p restore.Problem) { r.w.Problem(p.Path, p.Err) }
