package web

import (
	"unicode"
	"unicode/utf8"
)

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
