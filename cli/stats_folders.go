package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"snap/cli/text"
	"snap/index"
	"snap/internal/file"
	"snap/internal/quote"
)

// folderSum is what was counted for a folder: its own files, and those in folders too deep to be told apart.
type folderSum struct {
	path    string
	files   int64 // in the newest snapshot
	bytes   int64
	changes int64 // in all snapshots but the oldest
	copied  int64 // bytes of these
}

// ranking keeps the folders that come first.
type ranking struct {
	before func(a, b *folderSum) int
	best   []folderSum
}

// topFolders is how many folders are told.
const topFolders = 10

func (r *ranking) add(f *folderSum) {
	i, _ := slices.BinarySearchFunc(r.best, f, func(a folderSum, b *folderSum) int { return r.before(&a, b) })
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
	open     []folderSum // the folders that the present path is in and that something was counted for
	heavy    ranking
	changing ranking
}

func newFolderStats(depth int) folderStats {
	return folderStats{
		depth: depth,
		heavy: ranking{before: func(a, b *folderSum) int {
			return cmp.Or(-cmp.Compare(a.bytes, b.bytes), -cmp.Compare(a.files, b.files), index.Compare(a.path, b.path))
		}},
		changing: ranking{before: func(a, b *folderSum) int {
			return cmp.Or(-cmp.Compare(a.copied, b.copied), -cmp.Compare(a.changes, b.changes), index.Compare(a.path, b.path))
		}},
	}
}

// at is the sum of the folder that path is in.
func (s *folderStats) at(path string) *folderSum {
	dir, _ := index.Split(path)
	dir = cut(dir, s.depth)
	for n := len(s.open); n > 0 && !index.Within(dir, s.open[n-1].path); n-- {
		s.close()
	}
	if n := len(s.open); n == 0 || s.open[n-1].path != dir {
		s.open = append(s.open, folderSum{path: strings.Clone(dir)})
	}
	return &s.open[len(s.open)-1]
}

// close takes the innermost folder into the rankings: nothing more comes for it.
func (s *folderStats) close() {
	n := len(s.open) - 1
	f := &s.open[n]
	if f.files > 0 {
		s.heavy.add(f)
	}
	if f.changes > 0 || f.copied > 0 {
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
		there := (e.Next == 0 || e.Next > newest) && r.Kind == file.Regular && r.Stored != index.Absent
		if there && r.Nlink > 1 && r.Ino != 0 {
			id := identity{r.Volume, r.Ino, r.Btime}
			there, names[id] = !names[id], true
		}
		if there {
			f := s.at(e.Path)
			f.files++
			f.bytes = index.Plus(f.bytes, r.OnDisk())
		}
		if told := r.Change != index.Silent && (r.Change != index.Removed || r.To == ""); e.Seq > oldest && (told || r.Stored == index.Copied) {
			f := s.at(e.Path)
			if told {
				f.changes++
			}
			if r.Stored == index.Copied {
				f.copied = index.Plus(f.copied, r.OnDisk())
			}
		}
		return nil
	})
	for len(s.open) > 0 {
		s.close()
	}
	return s, err
}

// printFolders prints the folders that weigh and those that change most.
func (c *call) printFolders(s *stats) error {
	newest := s.there[len(s.there)-1]
	heavy := &text.Table{Columns: []text.Column{{Head: "Size", Right: true}, {Head: "Files", Right: true}, {Head: "Folder", Cut: true, CutFront: true}}}
	for _, f := range s.folders.heavy.best {
		heavy.Add(c.Size(f.bytes), humanize.Comma(f.files), text.Path(f.path, file.Folder))
	}
	changing := &text.Table{Columns: []text.Column{{Head: "Copied", Right: true}, {Head: "Changes", Right: true}, {Head: "Folder", Cut: true, CutFront: true}}}
	for _, f := range s.folders.changing.best {
		changing.Add(c.Size(f.copied), humanize.Comma(f.changes), text.Path(f.path, file.Folder))
	}
	for _, t := range [...]struct {
		title string
		*text.Table
	}{
		{"Heaviest folders of " + quote.Name(newest.Name), heavy},
		{"Folders that changed most since " + quote.Name(s.there[0].Name), changing},
	} {
		if len(t.Rows) == 0 {
			continue
		}
		if err := c.printf("\n%s\n\n", t.title); err != nil {
			return err
		}
		if err := t.Write(c.out, c.Width); err != nil {
			return err
		}
	}
	return nil
}
