package cli

import (
	"path/filepath"

	"snap/index"
	"snap/internal/file"
)

// folder finds what moved along with a renamed folder. It is shown the differences in key order, so that
// what is in a folder follows it directly, and keeps only the folders that the present path is in.
type folder struct {
	stack  []move
	counts []int // by fold: how many entries moved along
}

// move is a renamed folder.
type move struct {
	from, to string
	fold     int
}

// place says whether d moved along with a folder that it is in, so that to tell of the move would say
// nothing new. Else, if d is a folder that moved, fold is its number, from 1.
func (f *folder) place(d *index.Difference) (along bool, fold int) {
	for len(f.stack) > 0 && !index.Within(d.Path, f.stack[len(f.stack)-1].to) {
		f.stack = f.stack[:len(f.stack)-1]
	}
	if d.Change != index.Moved {
		return false, 0
	}
	for i := len(f.stack) - 1; i >= 0; i-- {
		if m := &f.stack[i]; d.From == index.Join(m.from, d.Path[len(m.to)+1:]) {
			f.counts[m.fold-1]++
			return true, 0
		}
	}
	if d.Before.Kind != file.Folder || d.After.Kind != file.Folder {
		return false, 0
	}
	f.counts = append(f.counts, 0)
	f.stack = append(f.stack, move{d.From, d.Path, len(f.counts)})
	return false, len(f.counts)
}

// treeMoved is where the folder that the tree of a began at is in the tree of b, which holds several sources; "" if it is not
// there.
func treeMoved(a, b *index.Header) string {
	if len(a.Sources) > 0 || len(b.Sources) == 0 {
		return ""
	}
	roots := b.Roots()
	for _, dir := range spellings(a.Source) {
		if rel, ok := pathBelow(dir, filepath.ToSlash(b.Source)); ok && roots.Has(rel) {
			return rel
		}
	}
	return ""
}

// asMoved is d, or where d is the folder that the tree began at, which no record can tell of, that it moved.
func asMoved(d index.Difference, treeMoved string) index.Difference {
	if treeMoved != "" && d.Path == treeMoved && d.Change == index.Added && d.After.Kind == file.Folder {
		d.Change, d.Before, d.From = index.Moved, d.After, ""
	}
	return d
}

// count is how many entries moved along with a fold; 0 for fold 0, and for one that the reading before
// did not meet because the index changed since.
func (f *folder) count(fold int) int {
	if fold == 0 || fold > len(f.counts) {
		return 0
	}
	return f.counts[fold-1]
}
