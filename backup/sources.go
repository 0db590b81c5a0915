package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"snap/destination"
	"snap/filter"
	"snap/index"
	"snap/internal/file"
	"snap/scan"
)

// checkSources refuses other sources than those of the snapshot before, unless that is meant, and a source that is not
// there.
func (r *run) checkSources() error {
	if r.prev != nil {
		before, now := r.prev.AllSources(), r.head.AllSources()
		was := fmt.Sprintf("snapshot %s is of %s", r.prev.Name, strings.Join(before, ", "))
		switch {
		case len(before) == 0 || sameSources(before, now):
		case r.o.SourceMoved:
			r.problem("", fmt.Errorf("%s; this one is of %s", was, strings.Join(now, ", ")), true)
			r.o.Force = true // only a snapshot remembers them, for the runs after this one
		default:
			return &destination.GuardError{
				Why: fmt.Sprintf("%s, and this one would be of %s", was, strings.Join(now, ", ")),
				Hint: "other files belong in a destination of their own\n" +
					"the same files at a new path, or these from now on: --source-moved",
			}
		}
	}
	for _, root := range r.o.Scan.Roots {
		if _, err := r.lstat(root); err != nil && root != "" {
			return r.missingSource(root, err)
		}
	}
	return r.markedSources()
}

func (r *run) missingSource(root string, err error) error {
	return &SourceMissingError{Path: r.head.At(root), Err: err, Several: len(r.o.Scan.Roots) > 1}
}

// sameSources reports whether two sets of absolute paths are the same folders and files. One may be spelled in several
// ways: through links, or in other letters where their case does not matter.
func sameSources(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	left := slices.Clone(b)
	for _, s := range a {
		i := slices.Index(left, s)
		if i < 0 {
			i = slices.IndexFunc(left, func(t string) bool { return samePlace(s, t) })
		}
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return true
}

// samePlace reports whether two paths lead to the same folder or file.
func samePlace(a, b string) bool {
	if a, b = filepath.Clean(a), filepath.Clean(b); a == b {
		return true
	}
	realA, err := filepath.EvalSymlinks(a)
	if err != nil {
		return false
	}
	realB, err := filepath.EvalSymlinks(b)
	if err != nil {
		return false
	}
	if realA == realB {
		return true
	}
	infoA, err := os.Lstat(realA)
	if err != nil {
		return false
	}
	infoB, err := os.Lstat(realB)
	return err == nil && os.SameFile(infoA, infoB)
}

// markedSources notes a source that holds a marker for leaving a folder out: the marker counts in folders of the
// source, not in the source itself.
func (r *run) markedSources() error {
	for _, root := range r.members() {
		d, err := r.tree.Dir(root)
		if err != nil {
			continue // a file, or the scan reports it
		}
		name, err := scan.Marked(d, r.o.Scan)
		d.Close()
		if err == nil && name != "" {
			r.problem("", fmt.Errorf("%s holds %s and is backed up all the same, because it is the source itself",
				r.head.At(root), name), true)
		}
	}
	return nil
}

// members are the sources as paths in the tree.
func (r *run) members() index.Roots {
	if len(r.o.Scan.Roots) == 0 {
		return index.Roots{""}
	}
	return r.o.Scan.Roots
}

// syncSources writes to the disk what programs have written to the sources through memory. A source that cannot be
// synced is read all the same.
func (r *run) syncSources() {
	for _, root := range r.members() {
		d, err := r.tree.Dir(root)
		if err != nil { // a file
			dir, _ := index.Split(root)
			d, err = r.tree.Dir(dir)
		}
		if err == nil {
			_ = d.SyncSystem()
			d.Close()
		}
	}
}

// sourceCensus notes which sources a scan has met, and which of them have something in them. One may lie in another.
type sourceCensus struct {
	open  index.Roots // those that were not met, or in which nothing was met so far
	there map[string]bool
}

func (r *run) newCensus() *sourceCensus {
	return &sourceCensus{open: slices.Clone(r.members()), there: map[string]bool{}}
}

// meet takes each item of the scan.
func (c *sourceCensus) meet(it *scan.Item) {
	if len(c.open) == 0 || it.Stat.Kind == file.None {
		return
	}
	path := it.Path()
	c.open = slices.DeleteFunc(c.open, func(root string) bool {
		switch {
		case path == root:
			c.there[root] = true
			return it.Stat.Kind != file.Folder
		default:
			return index.Within(path, root)
		}
	})
}

// checkCensus refuses a source that the scan has not met, and one in which it has met nothing: its disk may not be
// mounted. One that was as empty in the snapshot before, beside others, is accepted.
func (r *run) checkCensus(ctx context.Context, c *sourceCensus) error {
	for _, root := range c.open {
		if !c.there[root] {
			return r.checkMet(root)
		}
		if r.o.AllowEmptySource {
			continue
		}
		was, known, err := r.held(ctx, root)
		if err != nil {
			return err
		}
		if len(c.open) < len(r.members()) && known && !was {
			continue
		}
		why, err := r.leftOutWhole(root)
		switch {
		case err != nil:
			return err
		case len(why) > 0:
			return &destination.GuardError{Why: fmt.Sprintf("%s: everything in it is left out: %s", r.head.At(root),
				strings.Join(why, ", ")),
				Hint: "take out what says so, or take something in with Whitelist.txt or --include"}
		}
		g := &destination.GuardError{Why: r.head.At(root) + ": the source is empty",
			Hint: "is its disk mounted? If it is meant to be empty: --allow-empty-source", Err: ErrEmptySource}
		if was {
			g.Why += ", and it was not in snapshot " + r.prev.Name
		}
		if len(r.o.Scan.Roots) > 1 {
			g.Hint += "\nto go on without it, name the other sources, with --source-moved"
		}
		return g
	}
	return nil
}

// checkLeftOut refuses a backup without a single file where the snapshot before has some, or there is none, and rules
// leave out what is there: folders alone do not count.
func (r *run) checkLeftOut(files int64) error {
	if files > 0 || r.prev != nil && r.prev.Files == 0 || r.o.AllowEmptySource {
		return nil
	}
	some := "nothing would be in the snapshot but folders"
	if r.prev != nil {
		some = "there were some in snapshot " + r.prev.Name
	}
	for _, root := range r.members() {
		why, err := r.leftOutWhole(root)
		if err != nil {
			continue // of a file alone
		}
		if len(why) == 0 {
			why = r.fitting()
		}
		if len(why) > 0 {
			return &destination.GuardError{Why: fmt.Sprintf("%s: no file is left of it, and %s; left out by %s", r.head.At(root),
				some, strings.Join(why, ", ")),
				Hint: "take out what says so; if it is meant to have no files: --allow-empty-source"}
		}
	}
	return nil
}

// held reports whether the snapshot before knows the source and has something in it.
func (r *run) held(ctx context.Context, root string) (something, known bool, err error) {
	if r.prev == nil {
		return false, false, nil
	}
	for e, err := range r.d.DB.Entries(ctx, r.seq, root) {
		if err != nil {
			return false, false, err
		}
		if e.Path != root {
			return true, true, nil
		}
		known = true
	}
	return false, known, nil
}

// checkMet is why the scan did not come to a source that was there before.
func (r *run) checkMet(root string) error {
	_, err := r.lstat(root)
	if err == nil {
		cause, at, _ := scan.LeftOut(r.source, root, r.o.Scan)
		by := cause.Option()
		if v, err := r.explain(root, true); cause == scan.TakenIn && err == nil && v != "" {
			at, by = root, v
		}
		if by != "" {
			return &destination.GuardError{Why: fmt.Sprintf("%s: the source is left out: %s (at %s)", r.head.At(root), by,
				r.head.At(at)),
				Hint: "it lies in another source, in which this is left out: take out what says so, or do not name it"}
		}
		err = fs.ErrNotExist
	}
	return r.missingSource(root, err)
}

// leftOutWhole is what leaves out all that there is in a source, each once, and at most three; none if nothing is in
// it.
func (r *run) leftOutWhole(root string) (why []string, err error) {
	d, err := r.tree.Dir(root)
	if err != nil {
		return nil, r.missingSource(root, err)
	}
	defer d.Close()
	entries, err := d.Entries()
	if err != nil {
		return nil, r.missingSource(root, err)
	}
	for i := range entries {
		path := index.Join(root, entries[i].Name)
		s, err := d.Lstat(entries[i].Name)
		if err != nil {
			continue
		}
		by, err := r.explain(path, s.Kind == file.Folder)
		if err != nil {
			return nil, err
		}
		if by == "" {
			cause, _, err := scan.LeftOut(r.source, path, r.o.Scan)
			if err != nil {
				continue
			}
			by = cause.Option()
		}
		if by != "" && !slices.Contains(why, by) {
			if why = append(why, by); len(why) == 3 {
				break
			}
		}
	}
	return why, nil
}

// fitting are the first lines of lists and flags that have left out anything.
func (r *run) fitting() (why []string) {
	if r.o.Scan.Filter == nil {
		return nil
	}
	for _, rule := range r.o.Scan.Filter.Fitting() {
		if why = append(why, ruleText(rule)); len(why) == 3 {
			break
		}
	}
	return why
}

// explain is the line that leaves out a path, "" for none.
func (r *run) explain(path string, folder bool) (string, error) {
	if r.o.Scan.Filter == nil {
		return "", nil
	}
	v, err := r.o.Scan.Filter.Explain(path, folder)
	if err != nil || v.Included || v.Rule == nil {
		return "", err
	}
	return ruleText(v.Rule), nil
}

// ErrEmptySource: a source has nothing in it.
var ErrEmptySource = errors.New("the source is empty")

func ruleText(r *filter.Rule) string { return fmt.Sprintf("%s:%d: %s", r.File, r.Line, r.Text) }
