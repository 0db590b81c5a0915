package query

import (
	"context"
	"errors"

	"snap/record"
)

// Child is what is directly in a folder, as one snapshot holds it.
type Child struct {
	record.Entry               // Path counts from the source down, as everywhere
	Name         string        // the last element of Path
	Change       record.Change // what this snapshot did to it; 0: nothing that people would call a change
	Inside       int           // of a folder: how many entries below it this snapshot changed, up to InsideMost
	Versions     int           // how many versions the path has in all snapshots, as `history --no-follow` tells them
}

// InsideMost is as far as the changes in a folder are counted: "100 or more".
const InsideMost = 100

// Order is how children are sorted.
type Order uint8

// The orders. Names are those of `ls`: in key order.
const (
	ByName Order = iota
	BySize       // the largest first, then by name
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
	Changes  bool   // look for them: else Child.Change and Child.Inside are 0
}

// ChildPage is a part of what is in a folder.
type ChildPage struct {
	Folder   record.Entry // the folder itself
	Children []Child
	More     bool // there are others behind the last one; by name, the next page is After that one's Name
}

// Children are the entries directly in the folder path of the snapshot h. What it takes does not depend on how much is
// in the folders there, nor, by name, on how much is in this one. index.ErrNotFound if the snapshot does not hold path;
// a path that is no folder has no children.
func (d *Reader) Children(ctx context.Context, h *record.Header, path string, o ChildrenOptions) (*ChildPage, error) {
	return nil, errors.ErrUnsupported
}
