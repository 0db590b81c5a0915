package query

import (
	"cmp"
	"context"
	"slices"

	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// DiffLook says which rows of a comparison are looked at.
type DiffLook struct {
	Kinds    []record.Change // of these kinds; none: of all
	Unfold   bool            // what is in a folder that came or went has rows of its own
	ByCopied bool            // what copied most comes first; else by path
	From, N  int             // the rows behind the first From, N at most
	Most     int             // so many differences are read; 0: all
}

func (l *DiffLook) shows(d *DiffRow) bool {
	return len(l.Kinds) == 0 || slices.Contains(l.Kinds, d.Change) || d.Too != 0 && slices.Contains(l.Kinds, d.Too)
}

// DiffRow is a difference, or a folder with all that came, went or moved with it.
type DiffRow struct {
	index.Difference
	Along  int           // so many entries more
	Files  bool          // it stands for that many files in the folder Path of which the same became
	Too    record.Change // what else became of an entry that moved; 0: nothing
	Bytes  int64         // of the files in it, as the newer of the two snapshots has them, else the older one
	Copied int64         // of these, what was copied
}

// DiffRows are some rows of a comparison, in key order of the paths or by what was copied.
type DiffRows struct {
	Rows  []DiffRow
	Count int  // there are so many in all
	Cut   bool // there may be more: DiffLook.Most differences were read
}

// Rows folds the differences: a folder that is new, gone or renamed is one row with all that came, went or moved along
// with it; what is different inside has rows of its own. Many files of which the same became in one folder are one row,
// too. Folders that are asked for in Below are not folded: somebody wants to see what is in them. each is told of
// every difference that is read, folded or not.
func (q *Diff) Rows(ctx context.Context, l DiffLook, each func(*index.Difference)) (*DiffRows, error) {
	f := diffFolder{q: q, look: &l, top: TreeMoved(q.A, q.B)}
	read := 0
	for d, err := range q.Differences(ctx) {
		if err != nil {
			return nil, err
		}
		if read++; l.Most > 0 && read > l.Most {
			f.all.Cut = true
			break
		}
		each(&d)
		f.take(d)
	}
	f.open = nil
	f.flush()
	f.endRun()
	if l.ByCopied {
		f.most(l.From)
	}
	return &f.all, nil
}

// diffFolder folds differences, which come in key order: what is in a folder follows it. A row is done when something
// comes that is not in its folder.
type diffFolder struct {
	q     *Diff
	look  *DiffLook
	top   string
	moved RenameCollapser
	rows  []DiffRow // that are not done, or stand behind one that is not
	open  []int     // those of them whose folders the present path is in, the outermost first
	run   []DiffRow // files of one folder of which the same became, side by side
	all   DiffRows
}

func (f *diffFolder) take(d index.Difference) {
	f.close(d.Path)
	d = AsMoved(d, f.top)
	row := DiffRow{Difference: d}
	row.Bytes, row.Copied = bytesOf(&d)
	if d.Change == record.Moved {
		row.Too = index.Classify(d.Before, d.After)
	}
	if along, _ := f.moved.Place(&d); along {
		f.into(&row)
		if row.Too == 0 {
			return
		}
		row.Change, row.Too, row.From = row.Too, 0, ""
		f.add(row)
		return
	}
	if d.Change != record.Added && d.Change != record.Removed || !f.into(&row) {
		f.add(row)
	}
}

// into counts a row for the innermost open folder that the same became of; false if there is none.
func (f *diffFolder) into(row *DiffRow) bool {
	for _, at := range slices.Backward(f.open) {
		if o := &f.rows[at]; o.Change == row.Change {
			o.Along++
			o.Bytes, o.Copied = record.Plus(o.Bytes, row.Bytes), record.Plus(o.Copied, row.Copied)
			return true
		}
	}
	return false
}

func (f *diffFolder) add(row DiffRow) {
	f.rows = append(f.rows, row)
	if f.folds(&row) {
		f.open = append(f.open, len(f.rows)-1)
	}
	f.flush()
}

// folds reports whether what the same becomes of in the folder of a row has no rows of its own.
func (f *diffFolder) folds(row *DiffRow) bool {
	isFolder := func(r *record.Record) bool { return r == nil || r.Kind == file.Folder }
	if !isFolder(row.Before) || !isFolder(row.After) || slices.Contains(f.q.Below, row.Path) {
		return false
	}
	return row.Change == record.Moved || !f.look.Unfold && (row.Change == record.Added || row.Change == record.Removed)
}

// close has those folders done that path is not in.
func (f *diffFolder) close(path string) {
	n := len(f.open)
	for n > 0 && !record.Within(path, f.rows[f.open[n-1]].Path) {
		n--
	}
	f.open = f.open[:n]
	f.flush()
}

// flush takes the rows that are done, if none before them is open.
func (f *diffFolder) flush() {
	if len(f.open) > 0 {
		return
	}
	for i := range f.rows {
		row := &f.rows[i]
		if !f.look.shows(row) {
			continue
		}
		if !f.follows(row) {
			f.endRun()
		}
		if f.runs(row) {
			f.run = append(f.run, *row)
		} else {
			f.show(row)
		}
	}
	f.rows = f.rows[:0]
}

// runMost is how many files of one folder, of which the same became, have rows of their own.
const runMost = 20

// runs reports whether a row may be one of many alike.
func (f *diffFolder) runs(row *DiffRow) bool {
	dir, _ := record.Split(row.Path)
	isFile := func(r *record.Record) bool { return r == nil || r.Kind != file.Folder }
	return !f.look.Unfold && dir != "" && !slices.Contains(f.q.Below, dir) && row.From == "" && isFile(row.Before) &&
		isFile(row.After)
}

// follows reports whether a row goes on with the present run.
func (f *diffFolder) follows(row *DiffRow) bool {
	if len(f.run) == 0 || !f.runs(row) {
		return false
	}
	dir, _ := record.Split(row.Path)
	last, _ := record.Split(f.run[0].Path)
	return dir == last && row.Change == f.run[0].Change
}

// endRun shows the rows of a run, or one for all of them.
func (f *diffFolder) endRun() {
	if len(f.run) > runMost {
		one := DiffRow{Along: len(f.run), Files: true}
		one.Path, _ = record.Split(f.run[0].Path)
		one.Change = f.run[0].Change
		for i := range f.run {
			one.Bytes, one.Copied = record.Plus(one.Bytes, f.run[i].Bytes), record.Plus(one.Copied, f.run[i].Copied)
		}
		f.show(&one)
	} else {
		for i := range f.run {
			f.show(&f.run[i])
		}
	}
	f.run = f.run[:0]
}

// show has a row shown, if it is one of those that are looked at.
func (f *diffFolder) show(row *DiffRow) {
	f.all.Count++
	if f.look.ByCopied || f.all.Count > f.look.From && len(f.all.Rows) < f.look.N {
		f.all.Rows = append(f.all.Rows, *row)
	}
	if f.look.ByCopied && len(f.all.Rows) > 4*(f.look.From+f.look.N) {
		f.most(0)
	}
}

// most keeps of the rows those that copied most, behind the first from.
func (f *diffFolder) most(from int) {
	all := f.all.Rows
	slices.SortStableFunc(all, func(a, b DiffRow) int { return cmp.Compare(b.Copied, a.Copied) })
	all = all[min(from, len(all)):]
	f.all.Rows = all[:min(f.look.From+f.look.N-from, len(all))]
}

// bytesOf is how large the file of a difference is, and what of it was copied.
func bytesOf(d *index.Difference) (size, copied int64) {
	switch r := d.After; {
	case r == nil:
		if d.Before.Kind == file.Regular {
			size = d.Before.Size
		}
	case r.Kind == file.Regular:
		size = r.Size
		if d.Stored == record.Copied {
			copied = r.Written()
		}
	}
	return size, copied
}
