package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"snap/destination"
	"snap/filter"
	"snap/index"
	"snap/internal/file"
	"snap/record"
	"snap/scan"
)

// Census notes which sources a scan has met, and which of them have something in them. One may lie in another.
type Census struct {
	source     *Source
	db         *index.DB
	prev       *record.Header // nil without one
	allowEmpty bool
	open       record.Roots // those that were not met, or in which nothing was met so far
	there      map[string]bool
}

// NewCensus is for a scan of s against the snapshot prev of db, nil without one. allowEmpty accepts a source with
// nothing in it.
func (s *Source) NewCensus(db *index.DB, prev *record.Header, allowEmpty bool) *Census {
	return &Census{s, db, prev, allowEmpty, slices.Clone(s.members()), map[string]bool{}}
}

// Check refuses a source that the scan has not met or found empty, and one of which rules leave nothing but folders;
// files is how many entries it has met that are no folders.
func (c *Census) Check(ctx context.Context, files int64) error {
	if err := c.checkMet(ctx); err != nil {
		return err
	}
	return c.checkLeftOut(files)
}

// Meet takes each item of the scan.
func (c *Census) Meet(it *scan.Item) {
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
			return record.Within(path, root)
		}
	})
}

// checkMet refuses a source that the scan has not met, and one in which it has met nothing: its disk may not be
// mounted. One that was as empty in the snapshot before, beside others, is accepted.
func (c *Census) checkMet(ctx context.Context) error {
	for _, root := range c.open {
		if !c.there[root] {
			return c.source.unmet(root)
		}
		if c.allowEmpty {
			continue
		}
		was, known, err := c.held(ctx, root)
		if err != nil {
			return err
		}
		if len(c.open) < len(c.source.members()) && known && !was {
			continue
		}
		why, err := c.source.leftOutWhole(root)
		switch {
		case err != nil:
			return err
		case len(why) > 0:
			return &destination.GuardError{Why: fmt.Sprintf("%s: everything in it is left out: %s", c.source.abs(root),
				strings.Join(why, ", ")),
				Hint: "take out what says so, or take something in with Whitelist.txt or --include"}
		}
		g := &destination.GuardError{Why: c.source.abs(root) + ": the source is empty",
			Hint: "is its disk mounted? If it is meant to be empty: --allow-empty-source", Err: ErrEmpty}
		if was {
			g.Why += ", and it was not in snapshot " + c.prev.Name
		}
		if len(c.source.scan.Roots) > 1 {
			g.Hint += "\nto go on without it, name the other sources, with --source-moved"
		}
		return g
	}
	return nil
}

// checkLeftOut refuses a backup without a single file where the snapshot before has some, or there is none, and rules
// leave out what is there: folders alone do not count.
func (c *Census) checkLeftOut(files int64) error {
	if files > 0 || c.prev != nil && c.prev.Files == 0 || c.allowEmpty {
		return nil
	}
	some := "nothing would be in the snapshot but folders"
	if c.prev != nil {
		some = "there were some in snapshot " + c.prev.Name
	}
	for _, root := range c.source.members() {
		why, err := c.source.leftOutWhole(root)
		if err != nil {
			continue // of a file alone
		}
		if len(why) == 0 {
			why = c.source.fitting()
		}
		if len(why) > 0 {
			return &destination.GuardError{
				Why: fmt.Sprintf("%s: no file is left of it, and %s; left out by %s", c.source.abs(root), some,
					strings.Join(why, ", ")),
				Hint: "take out what says so; if it is meant to have no files: --allow-empty-source"}
		}
	}
	return nil
}

// held reports whether the snapshot before knows the source and has something in it.
func (c *Census) held(ctx context.Context, root string) (something, known bool, err error) {
	if c.prev == nil {
		return false, false, nil
	}
	for e, err := range c.db.Entries(ctx, c.prev.Seq, root) {
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

// unmet is why the scan did not come to a source that was there before.
func (s *Source) unmet(root string) error {
	_, err := s.Lstat(root)
	if err == nil {
		cause, at, _ := scan.LeftOut(s.root, root, s.scan)
		by := cause.Option()
		if v, err := s.explain(root, true); cause == scan.TakenIn && err == nil && v != "" {
			at, by = root, v
		}
		if by != "" {
			return &destination.GuardError{Why: fmt.Sprintf("%s: the source is left out: %s (at %s)", s.abs(root), by,
				s.abs(at)),
				Hint: "it lies in another source, in which this is left out: take out what says so, or do not name it"}
		}
		err = fs.ErrNotExist
	}
	return s.missing(root, err)
}

// leftOutWhole is what leaves out all that there is in a source, each once, and at most three; none if nothing is in
// it.
func (s *Source) leftOutWhole(root string) (why []string, err error) {
	d, err := s.tree.Dir(root)
	if err != nil {
		return nil, s.missing(root, err)
	}
	defer d.Close()
	entries, err := d.Entries()
	if err != nil {
		return nil, s.missing(root, err)
	}
	for i := range entries {
		path := record.Join(root, entries[i].Name)
		now, err := d.Lstat(entries[i].Name)
		if err != nil {
			continue
		}
		by, err := s.explain(path, now.Kind == file.Folder)
		if err != nil {
			return nil, err
		}
		if by == "" {
			cause, _, err := scan.LeftOut(s.root, path, s.scan)
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
func (s *Source) fitting() (why []string) {
	if s.scan.Filter == nil {
		return nil
	}
	for _, rule := range s.scan.Filter.Fitting() {
		if why = append(why, ruleText(rule)); len(why) == 3 {
			break
		}
	}
	return why
}

// explain is the line that leaves out a path, "" for none.
func (s *Source) explain(path string, folder bool) (string, error) {
	if s.scan.Filter == nil {
		return "", nil
	}
	v, err := s.scan.Filter.Explain(path, folder)
	if err != nil || v.Included || v.Rule == nil {
		return "", err
	}
	return ruleText(v.Rule), nil
}

// ErrEmpty: a source has nothing in it.
var ErrEmpty = errors.New("the source is empty")

func ruleText(r *filter.Rule) string { return fmt.Sprintf("%s:%d: %s", r.File, r.Line, r.Text) }
