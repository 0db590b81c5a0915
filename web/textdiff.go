package web

import (
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

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

// hunk is a stretch of lines of which some differ, and how many equal ones before it are not shown.
type hunk struct {
	Skip  int
	Lines []line
}

// pair is what stands side by side; nil for nothing.
type pair struct{ Left, Right *line }

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

// diffTexts compares two texts, ok reports whether they are not too long.
func diffTexts(a, b string) (d textDiff, ok bool) {
	if windows(a) && windows(b) {
		a, b = strings.ReplaceAll(a, "\r\n", "\n"), strings.ReplaceAll(b, "\r\n", "\n")
	}
	la, lb := splitLines(a), splitLines(b)
	if len(la) > linesMost || len(lb) > linesMost {
		return d, false
	}
	all := compareLines(la, lb)
	if strings.HasSuffix(a, "\n") != strings.HasSuffix(b, "\n") && a != "" && b != "" {
		all = tellLastEnd(all, strings.HasSuffix(a, "\n"))
	}
	for _, l := range all {
		switch l.Mark {
		case addedLine:
			d.Plus++
		case removedLine:
			d.Minus++
		}
	}
	markWords(all)
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

// tellLastEnd shows that only one of two texts ends its last line.
func tellLastEnd(all []line, before bool) []line {
	n := len(all) - 1
	if n < 0 || all[n].Mark != sameLine {
		return all
	}
	last := all[n]
	old, now := last, last
	old.Mark, old.B, now.Mark, now.A = removedLine, 0, addedLine, 0
	missing := part{Text: " (no newline at the end)", Changed: true}
	if before {
		now.Parts = append(slices.Clone(now.Parts), missing)
	} else {
		old.Parts = append(slices.Clone(old.Parts), missing)
	}
	return append(all[:n], old, now)
}

// wordsMost is how long a line may be whose words are compared, and wordsLeast which part of it must be the same.
const (
	wordsMost  = 4000
	wordsLeast = 0.35
)

// markWords finds what differs within lines that were changed: a run of removed lines with as many added ones behind.
func markWords(all []line) {
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].Mark == removedLine {
			j++
		}
		k := j
		for k < len(all) && all[k].Mark == addedLine {
			k++
		}
		if j > i && k-j == j-i {
			for n := range j - i {
				markPair(&all[i+n], &all[j+n])
			}
		}
		i = max(k, i+1)
	}
}

func markPair(old, now *line) {
	if len(old.Parts) != 1 || len(now.Parts) != 1 {
		return
	}
	a, b := old.Parts[0].Text, now.Parts[0].Text
	if len(a) > wordsMost || len(b) > wordsMost || !utf8.ValidString(a) || !utf8.ValidString(b) {
		return
	}
	wa, wb := words(a), words(b)
	var pa, pb []part
	same := 0
	for _, l := range compareLines(wa, wb) {
		word := l.Parts[0].Text
		switch l.Mark {
		case sameLine:
			same += len(word)
			pa, pb = appendPart(pa, word, false), appendPart(pb, word, false)
		case removedLine:
			pa = appendPart(pa, word, true)
		case addedLine:
			pb = appendPart(pb, word, true)
		}
	}
	if float64(same) < wordsLeast*float64(max(len(a), len(b))) {
		return // hardly the same line
	}
	old.Parts, now.Parts = pa, pb
}

func appendPart(all []part, text string, changed bool) []part {
	if n := len(all) - 1; n >= 0 && all[n].Changed == changed {
		all[n].Text += text
		return all
	}
	return append(all, part{text, changed})
}

// words cuts a line into words, blanks and other characters.
func words(line string) (all []string) {
	kind := func(r rune) int {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '_':
			return 1
		case unicode.IsSpace(r):
			return 2
		}
		return 0
	}
	start, last := 0, -1
	for i, r := range line {
		k := kind(r)
		if i > start && (k != last || k == 0) {
			all, start = append(all, line[start:i]), i
		}
		last = k
	}
	if start < len(line) {
		all = append(all, line[start:])
	}
	return all
}

// hunksOf leaves out the equal lines that are far from what differs.
func hunksOf(all []line) (hunks []hunk, after int) {
	shown := make([]bool, len(all))
	for i := range all {
		if all[i].Mark == sameLine {
			continue
		}
		for n := max(0, i-contextSize); n <= min(len(all)-1, i+contextSize); n++ {
			shown[n] = true
		}
	}
	skipped := 0
	for i := range all {
		switch {
		case !shown[i]:
			skipped++
			continue
		case skipped > 0 || len(hunks) == 0:
			hunks = append(hunks, hunk{Skip: skipped})
			skipped = 0
		}
		h := &hunks[len(hunks)-1]
		h.Lines = append(h.Lines, all[i])
	}
	return hunks, skipped
}

// Pairs are the lines of a hunk side by side.
func (h hunk) Pairs() (all []pair) {
	for i := 0; i < len(h.Lines); {
		if h.Lines[i].Mark == sameLine {
			all = append(all, pair{&h.Lines[i], &h.Lines[i]})
			i++
			continue
		}
		j := i
		for j < len(h.Lines) && h.Lines[j].Mark == removedLine {
			j++
		}
		k := j
		for k < len(h.Lines) && h.Lines[k].Mark == addedLine {
			k++
		}
		for n := range max(j-i, k-j) {
			var p pair
			if i+n < j {
				p.Left = &h.Lines[i+n]
			}
			if j+n < k {
				p.Right = &h.Lines[j+n]
			}
			all = append(all, p)
		}
		i = k
	}
	return all
}
