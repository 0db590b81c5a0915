package query

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"snap/destination/retention"
	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// Snapshots are the complete snapshots of a destination, oldest first. Others do not count: their trees
// may never be published. A position in it stands for a snapshot. What people call its state is not in the header:
// see Reader.State.
type Snapshots []record.Header

// ReadSnapshots reads the complete snapshots of an index.
func ReadSnapshots(ctx context.Context, db *index.DB) (Snapshots, error) {
	all, err := db.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	for i := range all { // a name is used as that of a folder
		if name := all[i].Name; name == "" || !record.ValidPath(name) || strings.Contains(name, "/") {
			return nil, fmt.Errorf("%w: a snapshot is called %s", record.ErrDamaged, strconv.Quote(name))
		}
	}
	return slices.DeleteFunc(all, func(h record.Header) bool { return h.State != record.Complete }), nil
}

// BySeq is the position of the snapshot that a record of bucket seq belongs to: the first whose number is
// not smaller.
func (s Snapshots) BySeq(seq uint64) (int, bool) {
	pos := sort.Search(len(s), func(i int) bool { return s[i].Seq >= seq })
	return pos, pos < len(s)
}

// At is the position of a snapshot.
func (s Snapshots) At(h *record.Header) int {
	pos, _ := s.BySeq(h.Seq)
	return pos
}

// Newest is the position of the newest snapshot, -1 if there is none.
func (s Snapshots) Newest() int { return len(s) - 1 }

// before is the position of the snapshot with the latest time before end, of several the one made last; -1 for none.
func (s Snapshots) before(end time.Time) int {
	found := -1
	for pos := range s {
		if s[pos].Time.Before(end) && (found < 0 || !s[pos].Time.Before(s[found].Time)) {
			found = pos
		}
	}
	return found
}

// Latest is the snapshot with the latest time, but for times after now: a clock was wrong then. If there are no others,
// and so it mostly is, the newest; nil: there is none.
func (s Snapshots) Latest(now time.Time) *record.Header {
	if pos := s.before(now.Add(retention.ClockSlack)); pos >= 0 {
		return &s[pos]
	}
	if pos := s.Newest(); pos >= 0 {
		return &s[pos]
	}
	return nil
}

// State is the state that people see: missing if the snapshot's folder is gone, incomplete if some source files could
// not be read.
func (d *Reader) State(h *record.Header) record.State {
	switch {
	case !d.Present(h):
		return record.Missing
	case h.Errors > 0:
		return record.Incomplete
	}
	return h.State
}

// Present reports whether the snapshot's folder is in the destination, or its bytes are elsewhere.
func (d *Reader) Present(h *record.Header) bool {
	if d.Treeless() {
		return true
	}
	s, err := d.Root.Lstat(h.Name)
	return err == nil && s.Kind == file.Folder
}
