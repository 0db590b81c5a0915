package job

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
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
	what, err := restoreItems(ctx, d, h, &o)
	if err != nil {
		return nil, err
	}
	r := &restoreRun{w: w, target: what.Target, items: what.Items, dry: o.DryRun}
	r.state.Stage = progress.Restoring
	if len(what.Items) == 1 && what.Items[0].Path == "" {
		r.state.TotalFiles, r.state.TotalBytes = h.Files, h.Bytes
	}
	what.Report = r
	res, err := restore.Run(ctx, d.DB, h, filepath.Join(d.Dir, h.Name), *what)
	r.result.Result, r.result.Target, r.result.Took = res, what.Target, p.Now().Sub(begin)
	if err != nil {
		return &r.result, exit.RestoreHint(err, what.Target)
	}
	if res.Errors > 0 {
		return &r.result, exit.With(exit.Partial, nil)
	}
	return &r.result, nil
}

// restoreItems are the options of package restore.
func restoreItems(ctx context.Context, d *query.Reader, h *record.Header, o *RestoreOptions) (*restore.Options, error) {
	if len(o.Paths) == 0 {
		return nil, hint.Usagef("restore: nothing is named")
	}
	what := &restore.Options{Target: o.Target, Overwrite: o.Overwrite, DryRun: o.DryRun, NoXattrs: o.NoXattrs,
		NumericIDs: o.Numeric}
	roots := h.Roots()
	what.Carrier = func(path string) bool { return roots.Place(path) == record.Carrier }
	switch {
	case o.Target == "" && h.Source == "":
		return nil, hint.With(fmt.Errorf("nobody knows the source of snapshot %s", quote.Name(h.Name)),
			"restore it into a folder")
	case o.Target == "":
		what.Target = h.Source
	case !filepath.IsAbs(o.Target):
		return nil, hint.Usagef("restore: %s is no absolute path", quote.Name(o.Target))
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
		switch {
		case o.Target == "" && what.Carrier(p): // stands for the sources that it leads to
			for _, r := range roots.Outer() {
				if record.Within(r, p) {
					what.Items = append(what.Items, restore.Item{Path: r, To: r})
				}
			}
		case o.Target == "" || o.Relative || p == "":
			what.Items = append(what.Items, restore.Item{Path: p, To: p})
		default:
			what.Items = append(what.Items, restore.Item{Path: p, To: path.Base(p)})
		}
	}
	return what, apart(what)
}

// apart refuses items that go to, or into, the place of another, and drops what another one brings along.
func apart(what *restore.Options) error {
	slices.SortStableFunc(what.Items, func(a, b restore.Item) int { return record.Compare(a.To, b.To) })
	var items []restore.Item
	for _, it := range what.Items {
		n := len(items)
		switch {
		case n == 0 || !record.Within(it.To, items[n-1].To):
			items = append(items, it)
		case it != items[n-1] && (it.Path != it.To || items[n-1].Path != items[n-1].To):
			return hint.With(hint.Usagef("%s and %s would go to the same place", quote.Path(items[n-1].Path),
				quote.Path(it.Path)), "restore them one by one, or keep their whole paths")
		}
	}
	what.Items = items
	return nil
}

// restoreRun is the state of a restore, and hears what happens to single entries.
type restoreRun struct {
	w      *Watcher
	target string
	items  []restore.Item
	dry    bool
	state  progress.State
	result RestoreResult
}

// place is where a path of the snapshot goes.
func (r *restoreRun) place(path string) string {
	for _, it := range r.items {
		if record.Within(path, it.Path) {
			return filepath.Join(r.target, filepath.FromSlash(record.Join(it.To, strings.TrimPrefix(path[len(it.Path):], "/"))))
		}
	}
	return filepath.Join(r.target, filepath.FromSlash(path))
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
	place := r.place(path)
	if _, err := os.Lstat(place); err == nil {
		r.result.Replaced.add(place)
	} else {
		r.result.New.add(place)
	}
}

func (r *restoreRun) MetadataSet(path string) {
	if r.progress(path, 1, 0); r.dry {
		r.result.Retouched.add(r.place(path))
	}
}

func (r *restoreRun) Skipped(path string) {
	if r.progress(path, 1, 0); r.dry {
		r.result.Left.add(r.place(path))
	}
}

func (r *restoreRun) Blocked(path, _ string) {
	if r.progress(path, 1, 0); r.dry {
		r.result.Left.add(r.place(path))
	}
}

func (r *restoreRun) Deleted(string)         {}
func (r *restoreRun) Spared(string, string)  {}
func (r *restoreRun) Lost(string, file.Lost) {}

func (r *restoreRun) Problem(p restore.Problem) { r.w.Problem(p.Path, p.Err) }
