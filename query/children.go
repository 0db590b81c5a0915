package query

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// Child is what is directly in a folder, as one snapshot holds it.
type Child struct {
	record.Entry               // Path counts from the source down, as everywhere
	Name         string        // the last element of Path
	Weight       *Weight       // of a folder, if it is known by now: see Reader.Weigh
	Change       record.Change // what this snapshot did to it; 0: nothing that people would call a change
	Inside       int           // of a folder: how many entries below it this snapshot changed, up to InsideMost
	Versions     int           // how many versions the path has in all snapshots, as `history --no-follow` tells them
	records      int           // of its path, in all snapshots
	since        uint64        // the bucket of the one in force
}

// InsideMost is as far as the changes in a folder are counted: "100 or more".
const InsideMost = 100

// Order is how children are sorted.
type Order uint8

// The orders. Names are those of `ls`: in key order.
const (
	ByName Order = iota
	BySize       // the largest first, then by name; a folder has the size of what is in it, 0 while that is not known
	ByTime       // the last modified first, then by name
)

// ChildrenOptions choose among the children. The zero value gives the first page by name.
type ChildrenOptions struct {
	After    string // ByName: only those behind this name, which need not be there (any more)
	Limit    int    // at most so many; 0: 500
	Order    Order  // BySize and ByTime give the first Limit of all, and have no further pages
	Reverse  bool   // BySize and ByTime: the smallest, the oldest first
	Match    string // only names that contain this, large and small letters alike
	Versions bool   // count them: else Child.Versions is 0
	Changes  bool   // look for them: else Child.Change and Child.Inside are 0, as they are in the oldest snapshot
}

// childrenLimit is the Limit where none is asked for.
const childrenLimit = 500

// ChildPage is a part of what is in a folder.
type ChildPage struct {
	Folder   record.Entry // the folder itself
	Children []Child
	More     bool // there are others; by name, the next page is After the last one's Name
}

// Children are the entries directly in the folder path of the snapshot h. What it takes does not depend on how much is
// in the folders there, nor, by name, on how much is in this one. index.ErrNotFound if the snapshot does not hold path;
// a path that is no folder has no children.
func (d *Reader) Children(ctx context.Context, h *record.Header, path string, o ChildrenOptions) (p *ChildPage,
	err error) {
	if p = (&ChildPage{Folder: record.Entry{Path: path}}); !record.ValidPath(path) {
		return p, index.ErrNotFound
	}
	err = d.DB.Holding(ctx, func() error {
		if p.Folder.Record, _, err = d.DB.Lookup(ctx, h.Seq, path); err != nil || p.Folder.Kind != file.Folder {
			return err
		}
		if err := d.selectChildren(ctx, p, h, &o); err != nil {
			return err
		}
		if o.Changes {
			if err := d.findChanges(ctx, h, p.Children); err != nil {
				return err
			}
		}
		if o.Versions {
			return d.countVersions(ctx, p.Children)
		}
		return nil
	})
	return p, err
}

// selectChildren finds those of the page.
func (d *Reader) selectChildren(ctx context.Context, p *ChildPage, h *record.Header, o *ChildrenOptions) error {
	limit := cmp.Or(o.Limit, childrenLimit)
	weights := d.Weighed(h, p.Folder.Path)
	match := strings.ToLower(o.Match)
	page := listed
	if o.Order == ByName && match == "" {
		page = limit
	}
	after := ""
	if o.Order == ByName {
		after = o.After
	}
	for more := true; more; {
		var all []index.Child
		var err error
		if all, more, err = d.DB.Children(ctx, h.Seq, p.Folder.Path, after, page); err != nil {
			return err
		}
		for i := range all {
			c := Child{Entry: all[i].Entry, records: all[i].Records, since: all[i].Since}
			_, c.Name = record.Split(c.Path)
			if after = c.Name; !strings.Contains(strings.ToLower(c.Name), match) {
				continue
			}
			if w, ok := weights.of(c.Name); ok && c.Kind == file.Folder {
				c.Weight = &w
			}
			p.Children = append(p.Children, c)
		}
		if o.Order != ByName {
			if !more || len(p.Children) >= piledUp*limit {
				p.More = p.cut(limit, o) || p.More
			}
		} else if n := len(p.Children); n > limit || n == limit && more {
			p.Children, p.More = p.Children[:min(n, limit)], true
			return nil
		}
	}
	return nil
}

// piledUp is how many times what is asked for is kept before what comes after it is left out: sorting takes longer than
// reading.
const piledUp = 8

// cut sorts by size or time and leaves out what comes after the limit.
func (p *ChildPage) cut(limit int, o *ChildrenOptions) bool {
	slices.SortFunc(p.Children, func(a, b Child) int {
		order := cmp.Compare(b.size(), a.size())
		if o.Order == ByTime {
			order = cmp.Or(cmp.Compare(b.Mtime.Sec, a.Mtime.Sec), cmp.Compare(b.Mtime.Nsec, a.Mtime.Nsec))
		}
		if o.Reverse {
			order = -order
		}
		return cmp.Or(order, record.Compare(a.Path, b.Path))
	})
	if len(p.Children) <= limit {
		return false
	}
	p.Children = p.Children[:limit]
	return true
}

// size is what the child is sorted by.
func (c *Child) size() int64 {
	switch {
	case c.Weight != nil:
		return c.Weight.Bytes
	case c.Kind == file.Regular:
		return c.Size
	}
	return 0
}

// findChanges says what the snapshot h did to the children and below them.
func (d *Reader) findChanges(ctx context.Context, h *record.Header, all []Child) error {
	pos, ok := d.Snapshots.BySeq(h.Seq)
	if !ok || pos == 0 {
		return nil
	}
	var dirs []string
	var folders []*Child
	for i := range all {
		c := &all[i]
		if c.Record.Change != record.Silent {
			if at, ok := d.Snapshots.BySeq(c.since); ok && at == pos {
				if c.Change = c.Record.Change; c.Change != record.Moved && c.To != "" { // what was there has moved
					c.Change = record.Added
				}
			}
		}
		if c.Kind == file.Folder {
			dirs, folders = append(dirs, c.Path), append(folders, c)
		}
	}
	counts, err := d.DB.ChangedBelow(ctx, d.Snapshots[pos-1].Seq, h.Seq, dirs, InsideMost)
	for i, n := range counts {
		folders[i].Inside = n
	}
	return err
}

// countVersions counts the versions of the children in all snapshots.
func (d *Reader) countVersions(ctx context.Context, all []Child) error {
	for i := range all {
		c := &all[i]
		if c.records == 1 {
			c.Versions = 1
			continue
		}
		h, err := d.DB.Versions(ctx, c.Path)
		if err != nil {
			return err
		}
		c.Versions = len(VersionsOf(&h, d.Snapshots))
	}
	return nil
}
