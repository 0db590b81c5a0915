package cli

import (
	"strconv"
	"strings"

	"snap/cli/text"
	"snap/cli/wire"
	"snap/filter"
	"snap/internal/quote"
)

// idleMax is how many lines of the lists are named that fit nothing.
const idleMax = 20

// tellIdle says which patterns fit nothing that the scan has looked at: one that was typed for this run is meant to fit, while
// a list may well be made for more than there is, so that its lines are named with -v, and with -n counted in one line.
func (c *call) tellIdle(rules []*filter.Rule, counted, named bool) {
	const looked = "fits nothing that was looked at"
	told, more, lines, lists := 0, 0, 0, false
	for _, r := range rules {
		flag := strings.HasPrefix(r.File, "--")
		switch {
		case flag:
			c.note("%s %s: %s", r.File, quote.Word(r.Text), looked)
		case !named:
			lines++
			continue
		case told == idleMax:
			more++
			continue
		default:
			c.note("%s:%d: %s: %s", r.File, r.Line, patternText(r.Text), looked)
			told++
		}
		lists = true
	}
	if lines > 0 && counted {
		c.note("%s of the lists %s; -v names them", text.Plural(lines, "line", "lines"), map[bool]string{true: "fits nothing that was looked at", false: "fit nothing that was looked at"}[lines == 1])
	}
	if more > 0 {
		c.note("and %s more of the lists", text.Plural(more, "line", "lines"))
	}
	if lists {
		c.note("what lies in a folder that another line leaves out is not looked at; snap explain PATH says what decides about a path")
	}
}

// patternText is a pattern in a message: in quotes where it would run into the text around it.
func patternText(text string) string {
	if strings.ContainsAny(text, " \t") {
		return strconv.Quote(text)
	}
	return quote.Name(text)
}

// newIdleJSON are the same for programs, all of them.
func newIdleJSON(rules []*filter.Rule) []wire.IdlePattern {
	all := []wire.IdlePattern{}
	for _, r := range rules {
		file, _ := wire.Name(r.File)
		text, _ := wire.Name(r.Text)
		all = append(all, wire.IdlePattern{File: file, Line: r.Line, Text: text})
	}
	return all
}
