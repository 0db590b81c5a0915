package query

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"snap/destination"
	"snap/index"
	"snap/record"
)

// Stats are what is known of a destination as a whole.
type Stats struct {
	Snapshots []*record.Header // those whose folders are there, oldest first
	Shares    []index.Share    // of each of them
	Missing   []string         // names of snapshots whose folders are gone
	Total     index.Amount
	Apart     index.Amount // if no snapshot shared anything with another
	// so many of Snapshots, from the oldest on, share nothing on this disk although the index says so
	Unlinked   int
	Subvolumes bool // the newest is a subvolume: what snapshots share are blocks

	usage index.Usage
}

// Details are Stats with what takes longer to find out.
type Details struct {
	*Stats
	IndexBytes  int64
	ChangeBytes int64       // of the change sets
	Depth       int         // how far down folders are told apart
	Heavy       []FolderSum // the heaviest folders of the newest snapshot
	Changing    []FolderSum // those in which most was copied since the oldest
}

// Freed is what deleting snapshots frees.
type Freed struct {
	Snapshots []int // positions in Stats.Snapshots of those that are deleted
	Amount    index.Amount
}

// Stats counts what the snapshots hold whose folders are there. They must not be changed: with Options.Kept the next
// one who asks may be given the same.
func (d *Reader) Stats(ctx context.Context) (*Stats, error) {
	s := &Stats{}
	for i := range d.Snapshots {
		if h := &d.Snapshots[i]; d.Present(h) {
			s.Snapshots = append(s.Snapshots, h)
		} else {
			s.Missing = append(s.Missing, h.Name)
		}
	}
	var known *Stats
	k := d.options.Kept
	k.at(d.mark, func() { known = k.stats })
	if known != nil && slices.Equal(known.Missing, s.Missing) {
		return known, nil
	}
	usage, err := d.usage(ctx)
	if err != nil {
		return nil, err
	}
	if n := len(s.Snapshots); n > 0 {
		s.Subvolumes = d.isSubvolume(s.Snapshots[n-1].Name)
	}
	seqs := s.seqs()
	if s.Unlinked, err = destination.Apart(ctx, d.Root, d.DB, s.Snapshots); err != nil {
		return nil, err
	}
	if s.Unlinked > 0 {
		usage = usage.Apart(seqs, s.Unlinked)
	}
	s.usage, s.Shares, s.Total = usage, usage.Shares(seqs), usage.Total(seqs)
	for _, share := range s.Shares {
		s.Apart.Add(share.Held)
	}
	if d.StatsKnown() { // the index is still the one that they are of
		k.at(d.mark, func() { k.stats = s })
	}
	return s, nil
}

// isSubvolume reports whether the tree called name is one.
func (d *Reader) isSubvolume(name string) bool {
	top, err := d.Root.EnterDir(name)
	if err != nil {
		return false
	}
	defer top.Close()
	is, err := top.IsSubvolume()
	return is && err == nil
}

// seqs are the numbers of the snapshots that are there.
func (s *Stats) seqs() []uint64 {
	seqs := make([]uint64, len(s.Snapshots))
	for i, h := range s.Snapshots {
		seqs[i] = h.Seq
	}
	return seqs
}

// Freed is what deleting those of the snapshots frees that victim names.
func (s *Stats) Freed(victim func(h *record.Header) bool) (f Freed) {
	var seqs []uint64
	for i, h := range s.Snapshots {
		if victim(h) {
			seqs, f.Snapshots = append(seqs, h.Seq), append(f.Snapshots, i)
		}
	}
	for _, a := range s.usage.Freed(s.seqs(), seqs) {
		f.Amount.Add(a)
	}
	return f
}

// FreedInTurn is what each deletion frees when the snapshots at these positions of Snapshots are deleted one after the
// other.
func (s *Stats) FreedInTurn(victims []int) []index.Amount {
	seqs := make([]uint64, len(victims))
	for i, pos := range victims {
		seqs[i] = s.Snapshots[pos].Seq
	}
	return s.usage.Freed(s.seqs(), seqs)
}

// Details adds to s the sizes of index and change sets, and the folders that weigh and change most, down to depth.
func (d *Reader) Details(ctx context.Context, s *Stats, depth int) (*Details, error) {
	all := &Details{Stats: s, Depth: depth}
	var err error
	if all.IndexBytes, all.ChangeBytes, err = d.MetaBytes(); err != nil {
		return nil, err
	}
	if len(s.Snapshots) > 0 {
		folders, err := countFolders(ctx, d.DB, s.seqs(), depth)
		if err != nil {
			return nil, err
		}
		all.Heavy, all.Changing = folders.heavy.best, folders.changing.best
	}
	return all, nil
}

// MetaBytes are the sizes of the index, and of the change sets together.
func (d *Reader) MetaBytes() (indexBytes, changeBytes int64, err error) {
	info, err := os.Stat(index.Path(d.Dir))
	if err != nil {
		return 0, 0, err
	}
	changeBytes, err = sizeOfFiles(filepath.Join(d.Dir, ".snap", "changes"))
	return info.Size(), changeBytes, err
}

// sizeOfFiles is the sum of the sizes of what is in a folder; one that is not there holds nothing.
func sizeOfFiles(dir string) (sum int64, err error) {
	all, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	for _, e := range all {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() { // else it is gone by now
			sum += info.Size()
		}
	}
	return sum, err
}
