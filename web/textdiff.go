package web

import (
	"slices"
	"sort"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// How two texts differ, by lines and by words. go-udiff compares, and nothing outside of this file knows it. It gives
// up soon where texts differ in many places: that bounds its time. So the texts are cut first at lines that each has
// once, in the same order, and it compares what lies between.

const (
	textMost    = 2 << 20 // bytes that are shown as a text
	linesMost   = 20_000  // of one side, that are compared
	contextSize = 3       // equal lines that are shown around what differs
)

// lineMark says what became of a line.
type lineMark string

const (
	sameLine    lineMark = " "
	addedLine   lineMark = "+"
	removedLine lineMark = "-"
)

// part is a stretch of a line.
type part struct {
	Text    string
	Changed bool
}

// line is a line of a difference; A and B are its numbers on the two sides, 0 where it is not.
type line struct {
	Mark  lineMark
	A, B  int
	Parts []part
}

// textDiff is how two texts differ.
type textDiff struct {
	Plus, Minus int
	Hunks       []hunk
	After       int // equal lines behind the last hunk
}

// splitLines cuts a text into lines, without what ends them.
func splitLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// windows reports whether every line ends as Windows ends them.
func windows(text string) bool {
	n := strings.Count(text, "\n")
	return n > 0 && strings.Count(text, "\r\n") == n
}

// linesOf are the lines of two texts that are compared. That both end them as Windows does is no part of any line.
func linesOf(a, b string) (la, lb []string) {
	if windows(a) && windows(b) {
		a, b = strings.ReplaceAll(a, "\r\n", "\n"), strings.ReplaceAll(b, "\r\n", "\n")
	}
	return splitLines(a), splitLines(b)
}

// diffTexts compares two texts, ok reports whether they are not too long.
func diffTexts(a, b string) (d textDiff, ok bool) {
	la, lb := linesOf(a, b)
	if len(la) > linesMost || len(lb) > linesMost {
		return d, false
	}
	all := compareLines(la, lb)
	markWords(all)
	if endA, endB := strings.HasSuffix(a, "\n"), strings.HasSuffix(b, "\n"); endA != endB && a != "" && b != "" {
		all = tellLastEnd(all, endB)
	}
	for _, l := range all {
		switch l.Mark {
		case addedLine:
			d.Plus++
		case removedLine:
			d.Minus++
		}
	}
	d.Hunks, d.After = hunksOf(all)
	return d, true
}

// compareLines are the lines of both, in order, those that only one has marked.
func compareLines(a, b []string) (all []line) {
	add := func(mark lineMark, from, to int, of []string, na, nb int) {
		for i := from; i < to; i++ {
			l := line{Mark: mark, Parts: []part{{Text: of[i]}}}
			if mark != addedLine {
				l.A = na + i - from + 1
			}
			if mark != removedLine {
				l.B = nb + i - from + 1
			}
			all = append(all, l)
		}
	}
	ia, ib := 0, 0
	between := func(ea, eb int) {
		base := ia
		for _, e := range lineEdits(a[ia:ea], b[ib:eb]) {
			n := base + e.start - ia
			add(sameLine, ia, ia+n, a, ia, ib)
			ia, ib = ia+n, ib+n
			add(removedLine, ia, ia+e.removed, a, ia, ib)
			add(addedLine, ib, ib+e.added, b, ia, ib)
			ia, ib = ia+e.removed, ib+e.added
		}
		add(sameLine, ia, ea, a, ia, ib)
		ia, ib = ea, eb
	}
	for _, at := range anchors(a, b) {
		between(at[0], at[1])
	}
	between(len(a), len(b))
	return all
}

// edit says that of the lines from start on so many are others.
type edit struct{ start, removed, added int }

// lineEdits compares a few lines.
func lineEdits(a, b []string) (all []edit) {
	if slices.Equal(a, b) {
		return nil
	}
	text := func(lines []string) string { return strings.Join(lines, "\n") + "\n" }
	if len(a) == 0 || len(b) == 0 {
		return []edit{{removed: len(a), added: len(b)}}
	}
	before := text(a)
	seen, at := 0, 0 // lines, and bytes, of a that are passed
	for _, e := range udiff.Lines(before, text(b)) {
		seen += strings.Count(before[at:e.Start], "\n")
		removed := strings.Count(before[e.Start:e.End], "\n")
		all = append(all, edit{start: seen, removed: removed, added: strings.Count(e.New, "\n")})
		seen, at = seen+removed, e.End
	}
	return all
}

// anchors are the positions of lines that both texts have once, as many of them as stand in the same order.
func anchors(a, b []string) (all [][2]int) {
	type where struct{ na, nb, a, b int }
	lines := map[string]*where{}
	at := func(s string) *where {
		if lines[s] == nil {
			lines[s] = &where{}
		}
		return lines[s]
	}
	for i, s := range a {
		w := at(s)
		w.na, w.a = w.na+1, i
	}
	for i, s := range b {
		w := at(s)
		w.nb, w.b = w.nb+1, i
	}
	// The longest sequence that grows on both sides: ends[n] is the last of the best one of n+1.
	var ends []int
	var found [][3]int // a, b, and the one before it
	for i, s := range a {
		w := lines[s]
		if w.na != 1 || w.nb != 1 {
			continue
		}
		n := sort.Search(len(ends), func(n int) bool { return found[ends[n]][1] >= w.b })
		before := -1
		if n > 0 {
			before = ends[n-1]
		}
		found = append(found, [3]int{i, w.b, before})
		if n == len(ends) {
			ends = append(ends, 0)
		}
		ends[n] = len(found) - 1
	}
	if len(ends) == 0 {
		return nil
	}
	for i := ends[len(ends)-1]; i >= 0; i = found[i][2] {
		all = append(all, [2]int{found[i][0], found[i][1]})
	}
	slices.Reverse(all)
	return all
}

// noNewline stands behind a last line that is not ended, where that of the other text is.
var noNewline = part{Text: " (no newline at the end)", Changed: true}

// tellLastEnd shows that only one of two texts ends its last line: the first one, if first is true not.
func tellLastEnd(all []line, first bool) []line {
	open := func(l *line) bool { return first && l.A > 0 || !first && l.B > 0 }
	n := len(all) - 1
	for !open(&all[n]) {
		n--
	}
	last := all[n]
	if last.Mark != sameLine {
		all[n].Parts = append(slices.Clone(last.Parts), noNewline)
		return all
	}
	old, now := last, last
	old.Mark, old.B, now.Mark, now.A = removedLine, 0, addedLine, 0
	if first {
		old.Parts = append(slices.Clone(last.Parts), noNewline)
	} else {
		now.Parts = append(slices.Clone(last.Parts), noNewline)
	}
	return slices.Replace(all, n, n+1, old, now)
}
