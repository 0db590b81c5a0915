package cli

import (
	"errors"
	"fmt"
	"strings"

	"snap/filter"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
)

// chooser says which entries of a snapshot --include and --exclude choose, and remembers which pattern fitted any.
type chooser struct {
	include, exclude *patterns
	bad              error // of a pattern that gave no answer in time
}

// patterns are those of one flag.
type patterns struct {
	set    *filter.Set
	rules  []*filter.Rule
	single []*filter.Set // of the rules by themselves, while they have fitted nothing; nil where there are too many to ask
	fitted bool
	passed bool // something was asked about that none of them fits
}

// maxSingle is how many patterns are asked one by one whether they fit anything.
const maxSingle = 100

// chooser reads the patterns of the command line for a snapshot's source.
func (c *call) chooser(h *record.Header) (*chooser, error) {
	fc := c.filterContext(sourcesIn(h))
	var ch chooser
	for flag, p := range map[string]**patterns{"include": &ch.include, "exclude": &ch.exclude} {
		rules, err := c.flagRules(flag, fc)
		if err != nil {
			return nil, err
		}
		if len(rules) == 0 && !c.flags.IsSet(flag+"-from") {
			continue
		}
		*p = &patterns{set: filter.New(rules, nil, fc), rules: rules}
		if len(rules) <= maxSingle {
			for _, r := range rules {
				(*p).single = append((*p).single, filter.New([]*filter.Rule{r}, nil, fc))
			}
		}
	}
	return &ch, nil
}

// includes and excludes are what restore.Options asks; nil where there is no pattern.
func (ch *chooser) includes() func(string, bool) bool { return ch.asked(ch.include, false) }
func (ch *chooser) excludes() func(string, bool) bool { return ch.asked(ch.exclude, true) }

// asked asks p. Where a pattern gives no answer, what it was asked about is left out.
func (ch *chooser) asked(p *patterns, otherwise bool) func(string, bool) bool {
	if p == nil {
		return nil
	}
	return func(path string, dir bool) bool {
		yes, err := p.fits(path, dir)
		if err != nil {
			ch.bad = err
			return otherwise
		}
		return yes
	}
}

// fits reports whether any pattern fits the path.
func (p *patterns) fits(path string, dir bool) (bool, error) {
	v, err := p.set.Explain(path, dir)
	if err != nil || v.Included {
		p.passed = p.passed || path != ""
		return false, err
	}
	p.fitted = true
	for i, one := range p.single {
		if one == nil {
			continue
		}
		if v, err := one.Explain(path, dir); err == nil && !v.Included {
			p.single[i] = nil
		}
	}
	return true, nil
}

// useless are the patterns that have fitted nothing, as far as they are asked.
func (p *patterns) useless() (all []string) {
	for i, one := range p.single {
		if r := p.rules[i]; one != nil && strings.HasPrefix(r.File, "--") {
			all = append(all, fmt.Sprintf("%s %s", r.File, quote.Word(r.Text)))
		} else if one != nil {
			all = append(all, fmt.Sprintf("%s:%d: %s", quote.Name(r.File), r.Line, quote.Name(r.Text)))
		}
	}
	return all
}

// tellUseless says which patterns fit nothing in any of the snapshots. That nothing is included is an error, and so
// is that everything is left out.
func (c *call) tellUseless(choosers []*chooser) error {
	included, asks, left := false, false, false
	times := map[string]int{}
	for _, ch := range choosers {
		for _, p := range []*patterns{ch.include, ch.exclude} {
			if p == nil {
				continue
			}
			for _, text := range p.useless() {
				if times[text]++; times[text] == len(choosers) {
					c.note("restore: nothing fits %s", text)
				}
			}
		}
		asks = asks || ch.include != nil
		included = included || ch.include == nil || ch.include.fitted
		left = left || ch.exclude == nil || !ch.exclude.fitted || ch.exclude.passed
	}
	if asks && !included {
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
