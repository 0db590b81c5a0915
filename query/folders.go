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

// FolderSum is what was counted for a folder: its own files, and those in folders too deep to be told apart.
type FolderSum struct {
	Path    string
	Files   int64 // in the newest snapshot
	Bytes   int64
	Changes int64 // in all snapshots but the oldest
	Copied  int64 // bytes of these
}

// ranking keeps the folders that come first.
type ranking struct {
	before func(a, b *FolderSum) int
	best   []FolderSum
}

// topFolders is how many folders are told.
const topFolders = 10

func (r *ranking) add(f *FolderSum) {
	i, _ := slices.BinarySearchFunc(r.best, f, func(a FolderSum, b *FolderSum) int { return r.before(&a, b) })
	if i == topFolders {
		return
	}
	r.best = slices.Insert(r.best, i, *f)
	r.best = r.best[:min(len(r.best), topFolders)]
}

// folderStats sums by folders, down to a depth. It is given paths in key order, in which all that is below a
// folder comes together, so that only the folders above the present path are kept.
type folderStats struct {
	depth    int
	open     []FolderSum // the folders that the present path is in and that something was counted for
	heavy    ranking
	changing ranking
}

func newFolderStats(depth int) folderStats {
	return folderStats{
		depth: depth,
		heavy: ranking{before: func(a, b *FolderSum) int {
			return cmp.Or(-cmp.Compare(a.Bytes, b.Bytes), -cmp.Compare(a.Files, b.Files), record.Compare(a.Path, b.Path))
		}},
		changing: ranking{before: func(a, b *FolderSum) int {
			return cmp.Or(-cmp.Compare(a.Copied, b.Copied), -cmp.Compare(a.Changes, b.Changes), record.Compare(a.Path, b.Path))
		}},
	}
}

// at is the sum of the folder that path is in.
func (s *folderStats) at(path string) *FolderSum {
	dir, _ := record.Split(path)
	dir = cut(dir, s.depth)
	for n := len(s.open); n > 0 && !record.Within(dir, s.open[n-1].Path); n-- {
		s.close()
	}
	if n := len(s.open); n == 0 || s.open[n-1].Path != dir {
		s.open = append(s.open, FolderSum{Path: strings.Clone(dir)})
	}
	return &s.open[len(s.open)-1]
}

// close takes the innermost folder into the rankings: nothing more comes for it.
func (s *folderStats) close() {
	n := len(s.open) - 1
	f := &s.open[n]
	if f.Files > 0 {
		s.heavy.add(f)
	}
	if f.Changes > 0 || f.Copied > 0 {
		s.changing.add(f)
	}
	s.open = s.open[:n]
}

// cut is the folder dir, or the one above it that lies depth levels below the source.
func cut(dir string, depth int) string {
	if depth == 0 {
		return ""
	}
	for i := range len(dir) {
		if dir[i] != '/' {
			continue
		}
		if depth--; depth == 0 {
			return dir[:i]
		}
	}
	return dir
}

// identity is a file of the source.
type identity struct {
	volume uint32
	ino    uint64
	birth  file.Time
}

// countFolders reads all records once, of the snapshots seqs, oldest first.
func countFolders(ctx context.Context, db *index.DB, seqs []uint64, depth int) (folderStats, error) {
	s := newFolderStats(depth)
	oldest, newest := seqs[0], seqs[len(seqs)-1]
	names := map[identity]bool{} // of files with several names in the newest snapshot: they count at the first
	err := db.Editions(ctx, func(e *index.Edition) error {
		r := &e.Record
		if e.Seq > newest {
			return nil
		}
		there := (e.Next == 0 || e.Next > newest) && r.Kind == file.Regular && r.Stored != record.Absent
		if there && r.Nlink > 1 && r.Ino != 0 {
			id := identity{r.Volume, r.Ino, r.Btime}
			there, names[id] = !names[id], true
		}
		if there {
			f := s.at(e.Path)
			f.Files++
			f.Bytes = record.Plus(f.Bytes, r.OnDisk())
		}
		if told := r.Change != record.Silent && (r.Change != record.Removed || r.To == ""); e.Seq > oldest &&
			(told || r.Stored == record.Copied) {
			f := s.at(e.Path)
			if told {
				f.Changes++
			}
			if r.Stored == record.Copied {
				f.Copied = record.Plus(f.Copied, r.Written())
			}
		}
		return nil
	})
	for len(s.open) > 0 {
		s.close()
	}
	return s, err
}
