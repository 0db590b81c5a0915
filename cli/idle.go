package cli

import (
	"strings"

	"snap/filter"
)

// idleMax is how many lines of the lists are named that fit nothing.
const idleMax = 20

// idleJSON is a pattern that fits nothing in `backup --json`.
type idleJSON struct {
	File string `json:"file"` // of the list, or the flag
	Line int    `json:"line"` // in it, or which of the flags
	Text string `json:"text"`
}

// tellIdle says which patterns fit nothing that the scan has looked at: one that was typed for this run is meant to fit, while
// a list may well be made for more than there is, so that its lines are only told where somebody looks closely.
func (c *call) tellIdle(rules []*filter.Rule, closely bool) {
	const looked = "fits nothing that was looked at"
	told, more, lists := 0, 0, false
	for _, r := range rules {
		flag := strings.HasPrefix(r.File, "--")
		switch {
		case flag:
			c.note("%s %s: %s", r.File, shellWord(r.Text), looked)
		case !closely:
			continue
		case told == idleMax:
			more++
			continue
		default:
			c.note("%s:%d: %s: %s", r.File, r.Line, quote(r.Text), looked)
			told++
		}
		lists = true
	}
	if more > 0 {
		c.note("and %s more of the lists", plural(more, "line", "lines"))
	}
	if lists {
		c.note("what lies in a folder that another line leaves out is not looked at; snap explain PATH says what decides about a path")
	}
}

// newIdleJSON are the same for programs, all of them.
func newIdleJSON(rules []*filter.Rule) []idleJSON {
	all := []idleJSON{}
	for _, r := range rules {
		file, _ := jsonName(r.File)
		text, _ := jsonName(r.Text)
		all = append(all, idleJSON{file, r.Line, text})
	}
	return all
}
