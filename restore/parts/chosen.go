package parts

import (
	"errors"
	"strings"

	"snap/filter"
	"snap/internal/hint"
)

// Idle are the patterns that fit nothing in any of the parts, which were all asked the same.
func Idle(parts []*Part) (idle []*filter.Rule) {
	type pattern struct {
		file, text string
		line       int
	}
	times := map[pattern]int{}
	for _, p := range parts {
		for _, r := range append(p.Include.Idle(), p.Exclude.Idle()...) {
			key := pattern{r.File, r.Text, r.Line}
			if strings.HasPrefix(r.File, "--") { // typed, and told without a number
				key.line = 0
			}
			if times[key]++; times[key] == len(parts) {
				idle = append(idle, r)
			}
		}
	}
	return idle
}

// Chosen refuses that nothing was included, and that everything was left out.
func Chosen(parts []*Part) error {
	included, left := false, false
	for _, p := range parts {
		included = included || p.Include == nil || p.Include.Fitted
		left = left || p.Exclude == nil || !p.Exclude.Fitted || p.Exclude.Passed
	}
	if !included {
		return hint.With(errors.New("restore: nothing is included, so nothing was restored"),
			"patterns are written as in Blacklist.txt: a path from the source on, or a name with * and ?; to look: snap find "+
				"PATTERN")
	}
	if !left {
		return hint.With(errors.New("restore: --exclude leaves out everything, so nothing was restored"),
			"what --include names is restored only if no --exclude fits it")
	}
	return nil
}
