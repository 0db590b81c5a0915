package query_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"snap/backup/backuptest"
	"snap/index"
	"snap/query"
	"snap/record"
)

// rowText is a row in a few words.
func rowText(r *query.DiffRow) string {
	s := r.Change.String() + " " + r.Path
	if r.From != "" {
		s += " < " + r.From
	}
	if r.Too != 0 {
		s += ", " + r.Too.String() + " too"
	}
	if r.Along > 0 {
		s += fmt.Sprintf(" +%d", r.Along)
	}
	return fmt.Sprintf("%s %d/%d", s, r.Bytes, r.Copied)
}

// TestDiffRowsFold: what came, went or moved with a folder is told by it, and what else became of it is not lost.
func TestDiffRowsFold(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("photos/rome/1.jpg", "one")
	p.Write("photos/rome/2.jpg", "two")
	p.Write("photos/rome/notes.txt", "Rome")
	p.Write("old/deep/a", "aa")
	p.Write("old/b", "bbb")
	p.Write("old/stays", "what goes on living elsewhere")
	p.Write("same", "same")
	p.Write("changes", "1")
	p.Backup()
	p.Do(os.Rename(p.Path("photos/rome"), p.Path("photos/italy")))
	p.Write("photos/italy/2.jpg", "changed")
	p.Write("photos/italy/3.jpg", "three")
	p.Do(os.Rename(p.Path("old/stays"), p.Path("stays")))
	p.Do(os.RemoveAll(p.Path("old")))
	p.Write("changes", "22")
	p.Write("new/x", "xxxx")
	p.Write("new/deep/y", "yyyyy")
	p.Do(os.Rename(p.Path("same"), p.Path("new/came")))
	p.Backup()
	d, err := query.Open(t.Context(), p.Dest, query.Options{})
	p.Do(err)
	defer d.Close()
	rows := func(below []string, l query.DiffLook) (all []string, r *query.DiffRows) {
		t.Helper()
		if l.N == 0 {
			l.N = 100
		}
		r, err := d.Diff(0, 1, below).Rows(t.Context(), l, func(*index.Difference) {})
		p.Do(err)
		for i := range r.Rows {
			all = append(all, rowText(&r.Rows[i]))
		}
		return all, r
	}
	folded := []string{
		"modified changes 2/2", "added new +3 9/9", "moved new/came < same 4/0", "removed old +3 5/0",
		"moved photos/italy < photos/rome +3 14/7", "modified photos/italy/2.jpg 7/7", "added photos/italy/3.jpg 5/5",
		"moved stays < old/stays 29/0",
	}
	if got, r := rows(nil, query.DiffLook{}); !slices.Equal(got, folded) || r.Count != len(folded) || r.Cut {
		t.Errorf("%q\nwant\n%q", got, folded)
	}
	unfolded := []string{
		"modified changes 2/2", "added new 0/0", "moved new/came < same 4/0", "added new/deep 0/0", "added new/deep/y 5/5",
		"added new/x 4/4", "removed old 0/0", "removed old/b 3/0", "removed old/deep 0/0", "removed old/deep/a 2/0",
		"moved photos/italy < photos/rome +3 14/7", "modified photos/italy/2.jpg 7/7", "added photos/italy/3.jpg 5/5",
		"moved stays < old/stays 29/0",
	}
	if got, _ := rows(nil, query.DiffLook{Unfold: true}); !slices.Equal(got, unfolded) {
		t.Errorf("%q\nwant\n%q", got, unfolded)
	}
	if got, _ := rows([]string{"new"}, query.DiffLook{}); !slices.Equal(got, []string{"added new 0/0",
		"moved new/came < same 4/0", "added new/deep +1 5/5", "added new/x 4/4"}) {
		t.Errorf("below new: %q", got)
	}
	if got, _ := rows(nil, query.DiffLook{Kinds: []record.Change{record.Removed}}); !slices.Equal(got, folded[3:4]) {
		t.Errorf("removed: %q", got)
	}
	for from := range folded { // pages are the rows, in order, and no other
		got, r := rows(nil, query.DiffLook{From: from, N: 3})
		if want := folded[from:min(from+3, len(folded))]; !slices.Equal(got, want) || r.Count != len(folded) {
			t.Errorf("from %d: %q of %d", from, got, r.Count)
		}
	}
	byCopied, _ := rows(nil, query.DiffLook{ByCopied: true})
	if byCopied[0] != folded[1] || len(byCopied) != len(folded) {
		t.Errorf("%q", byCopied)
	}
	for from := range byCopied {
		if got, _ := rows(nil, query.DiffLook{ByCopied: true, From: from, N: 1}); !slices.Equal(got, byCopied[from:from+1]) {
			t.Errorf("from %d: %q, want %q", from, got, byCopied[from])
		}
	}
	for i := range 21 {
		p.Write(fmt.Sprintf("new/%02d.csv", i), "12")
	}
	p.Backup()
	d.Close()
	d, err = query.Open(t.Context(), p.Dest, query.Options{})
	p.Do(err)
	many := func(below []string, l query.DiffLook) int {
		l.N = 100
		r, err := d.Diff(1, 2, below).Rows(t.Context(), l, func(*index.Difference) {})
		p.Do(err)
		if one := r.Rows[0]; len(r.Rows) == 1 && (!one.Files || one.Along != 21 || one.Path != "new" || one.Copied != 42) {
			t.Errorf("%+v", one)
		}
		return r.Count
	}
	if one, each, opened := many(nil, query.DiffLook{}), many(nil, query.DiffLook{Unfold: true}),
		many([]string{"new"}, query.DiffLook{}); one != 1 || each != 21 || opened != 21 {
		t.Errorf("%d, %d, %d rows", one, each, opened)
	}
	if _, r := rows(nil, query.DiffLook{Most: 4}); !r.Cut || r.Count > 4 {
		t.Errorf("%+v", r)
	}
}

// TestDiffRowsTellEverything: whatever became of a tree, each difference is in one row or counted for one, and the rows
// that are not folded are the differences.
func TestDiffRowsTellEverything(t *testing.T) {
	for seed := range uint64(3) {
		d := drawPast(t, seed, query.Options{})
		for a := range d.Snapshots {
			for b := range d.Snapshots {
				differences, names := 0, []string{}
				q := d.Diff(a, b, nil)
				for e, err := range q.Differences(t.Context()) {
					d.place.Do(err)
					differences++
					names = append(names, e.Path)
				}
				for _, unfold := range []bool{false, true} {
					told := 0
					r, err := q.Rows(t.Context(), query.DiffLook{Unfold: unfold, N: 1e6}, func(*index.Difference) { told++ })
					d.place.Do(err)
					counted, in := 0, map[string]bool{}
					for i := range r.Rows {
						row := &r.Rows[i]
						in[row.Path] = true
						if counted += row.Along; !row.Files {
							counted++
						}
					}
					// what moved along and is another too is counted for its folder and has a row
					if told != differences || counted < differences || r.Count != len(r.Rows) {
						t.Errorf("%d to %d: %d differences, %d told, %d in rows", a, b, differences, told, counted)
					}
					for _, n := range names {
						found := in[n]
						for at := n; !found && strings.Contains(at, "/"); {
							at = at[:strings.LastIndexByte(at, '/')]
							found = in[at]
						}
						if !found && n != "" {
							t.Errorf("%d to %d: nothing tells of %s", a, b, n)
						}
					}
				}
			}
		}
	}
}
