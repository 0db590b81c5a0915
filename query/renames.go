package query

import (
	"path/filepath"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// RenameCollapser finds what moved along with a renamed folder. It is shown the differences in key order, so that
// what is in a folder follows it directly, and keeps only the folders that the present path is in.
type RenameCollapser struct {
	stack  []collapsed
	counts []int // by number of the folder: how many entries moved along
}

// collapsed is a renamed folder.
type collapsed struct {
	from, to string
	number   int // from 1
}

// Place takes the next difference. along reports that d moved along with a folder that it is in, so that its move says
// nothing new. Else, if d is a folder that moved, number is its number, from 1.
func (f *RenameCollapser) Place(d *index.Difference) (along bool, number int) {
	for len(f.stack) > 0 && !record.Within(d.Path, f.stack[len(f.stack)-1].to) {
		f.stack = f.stack[:len(f.stack)-1]
	}
	if d.Change != record.Moved {
		return false, 0
	}
	for i := len(f.stack) - 1; i >= 0; i-- {
		if m := &f.stack[i]; d.From == record.Join(m.from, d.Path[len(m.to)+1:]) {
			f.counts[m.number-1]++
			return true, 0
		}
	}
	if d.Before.Kind != file.Folder || d.After.Kind != file.Folder {
		return false, 0
	}
	f.counts = append(f.counts, 0)
	f.stack = append(f.stack, collapsed{d.From, d.Path, len(f.counts)})
	return false, len(f.counts)
}

// TreeMoved is where the folder that the tree of a began at is in the tree of b, which holds several sources; "" if
// it is not there.
func TreeMoved(a, b *record.Header) string {
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

// AsMoved is d, or where d is the folder that the tree began at, which no record can tell of, that it moved.
func AsMoved(d index.Difference, treeMoved string) index.Difference {
	if treeMoved != "" && d.Path == treeMoved && d.Change == record.Added && d.After.Kind == file.Folder {
		d.Change, d.Before, d.From = record.Moved, d.After, ""
	}
	return d
}

// Count is how many entries moved along with a folder; 0 for number 0, and for a number that Place did not give.
func (f *RenameCollapser) Count(number int) int {
	if number == 0 || number > len(f.counts) {
		return 0
	}
	return f.counts[number-1]
}
