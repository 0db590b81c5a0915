// Package gone finds what is gone from the source: in no place of it any more, under no name, and held by a snapshot.
// `snap undelete` brings it back.
//
// It looks at what the patterns fit in all snapshots (search.go), at what is at those paths now (present.go), and
// through the source for what was renamed (renamed.go); arrange.go tells what moved from what is gone.
package gone

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
	"snap/scan"
)

// Filter is a question for what was deleted from the source.
type Filter struct {
	Patterns   []string  // paths, names and globs, or regular expressions; a folder stands for all in it
	Regex      bool      // the patterns are regular expressions
	IgnoreCase bool      // large and small letters are the same
	Since      time.Time // only what was still there then; zero: whenever it went

	// Scan is how backups walk the source: whether they follow links, and what they never enter.
	Scan scan.Options

	// Looking hears how many entries of the source were looked at, in search of what was renamed. May be nil.
	Looking func(entries int64)
}

// Entry is a file that is in no place of the source now, or a folder with all that was in it.
type Entry struct {
	Path   string // where it was at last, in the tree
	Was    string // the path that was asked for, where it had another one at last; else ""
	Kind   file.Kind
	Pos    int    // of the snapshot that it comes from: the last that holds it; -1: none does, it could not be read
	Source string // the folder that Path counts from, absolute
	Taken  string // what stands in its place in the source, absolute; "" for nothing

	Files, Bytes int64 // that come back with it: a file is one, a folder all in it that are none

	// Except are the paths in a folder that its snapshot has, and that do not come back with it: what was moved, and
	// what comes from an older snapshot, which is an Entry of its own.
	Except  map[string]bool
	Earlier int64 // files that were gone from the folder before, and do not come back with it either
}

// At is where it was, absolute.
func (g *Entry) At() string { return filepath.Join(g.Source, filepath.FromSlash(g.Path)) }

// Moved is what is no longer at its path, and has another one in the source now.
type Moved struct {
	Path, To string // in the tree, but that To is absolute
	Kind     file.Kind
	Pos      int // the last snapshot that has it at Path
}

// Unseen is a path of the source that cannot be looked at, so that it is not known whether it is there.
type Unseen struct {
	Path string
	Err  error
}

// Answer is the answer to a Filter. Its lists are in key order.
type Answer struct {
	Gone    []Entry
	Moved   []Moved
	Unseen  []Unseen
	Emptied []string // sources of some Entry that are not there at all, or hold nothing: is a disk not mounted?
	Useless []Useless
}

// Useless is a pattern that fits nothing that is gone.
type Useless struct {
	Pattern string
	There   string    // what it fits is there, as this, absolute; "" if nothing is
	Path    string    // of that in the tree
	Kind    file.Kind // of that
	Moved   *Moved    // it was moved
	Older   bool      // what it fits was gone before Filter.Since
}

// Find finds what the patterns fit and the source no longer holds under any name, be it that a snapshot knows of
// that or not, and the last version of each that a snapshot holds. What only moved is no such thing.
func Find(ctx context.Context, d *query.Reader, f *Filter) (*Answer, error) {
	if len(d.Snapshots) == 0 {
		return nil, hint.With(fmt.Errorf("the destination holds no complete snapshot, so that nothing can come back"),
			"to make one: snap backup DEST SRC")
	}
	newest := d.Newest()
	if newest.Source == "" {
		return nil, hint.With(fmt.Errorf("the source of snapshot %s is not known, and so not what is gone from it",
			quote.Name(newest.Name)), "to restore from it: snap restore %s:PATH --target DIR", quote.Word(newest.Name))
	}
	if !f.Regex {
		if err := d.OfOther(f.Patterns, []int{d.Snapshots.Newest()}, "snap undelete NAME",
			"snap restore --in-place REF:PATH"); err != nil {
			return nil, err
		}
	}
	f.Scan.Roots = newest.Roots()
	m, err := d.Matcher(ctx, f.Patterns, f.Regex, f.IgnoreCase)
	if err != nil {
		return nil, err
	}
	c := &search{Reader: d, ctx: ctx, f: f, now: newPresent(f.Scan), at: map[string]int{}, there: map[int]bool{}}
	defer c.now.close()
	if err := c.matching(m); err != nil {
		return nil, err
	}
	if err := c.findRenamed(); err != nil {
		return nil, err
	}
	answer := arrange(c.found)
	answer.Unseen = c.unseen
	answer.Emptied = c.emptied(answer.Gone)
	answer.Useless, err = c.useless(m)
	return answer, err
}

// sourceAt is the folder that paths of the snapshot at pos count from in the source, as it is now: the source may
// have moved since, and be called otherwise. Other sources than today's are where they were.
func sourceAt(d *query.Reader, pos int) string {
	h, newest := &d.Snapshots[pos], d.Newest()
	if h.Source == "" || sameShape(h, newest) {
		return newest.Source
	}
	return h.Source
}

// sameShape reports whether the trees of two snapshots have the same sources below their top, whatever that is called.
func sameShape(a, b *record.Header) bool {
	ra, rb := a.Roots(), b.Roots()
	if len(ra) != len(rb) {
		return false
	}
	for i := range ra {
		if ra[i] != rb[i] {
			return false
		}
	}
	return true
}
