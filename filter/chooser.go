package filter

// Chooser says which paths the rules of one flag choose, and remembers which of them have fitted any. A nil one has
// no rules.
type Chooser struct {
	Fitted bool  // some rule has fitted a path
	Passed bool  // something below the source was asked about that none of them fits
	Err    error // of a rule that gave no answer in time

	set    *Set
	rules  []*Rule
	single []*Set // of the rules by themselves, while they have fitted nothing; nil where there are too many to ask
}

// maxSingle is how many rules are asked one by one whether they fit anything.
const maxSingle = 100

// NewChooser chooses what any of rules fits.
func NewChooser(rules []*Rule, c Context) *Chooser {
	ch := &Chooser{set: New(rules, nil, c), rules: rules}
	if len(rules) <= maxSingle {
		for _, r := range rules {
			ch.single = append(ch.single, New([]*Rule{r}, nil, c))
		}
	}
	return ch
}

// Func reports whether a path, and whether that is a folder, is chosen; nil without rules. Where a rule gives no
// answer it is otherwise, and Err says so.
func (c *Chooser) Func(otherwise bool) func(path string, dir bool) bool {
	if c == nil {
		return nil
	}
	return func(path string, dir bool) bool {
		yes, err := c.fits(path, dir)
		if err != nil {
			c.Err = err
			return otherwise
		}
		return yes
	}
}

// fits reports whether any rule fits the path.
func (c *Chooser) fits(path string, dir bool) (bool, error) {
	v, err := c.set.Explain(path, dir)
	if err != nil || v.Included {
		c.Passed = c.Passed || path != ""
		return false, err
	}
	c.Fitted = true
	for i, one := range c.single {
		if one == nil {
			continue
		}
		if v, err := one.Explain(path, dir); err == nil && !v.Included {
			c.single[i] = nil
		}
	}
	return true, nil
}

// Idle are the rules that have fitted nothing, as far as they are asked.
func (c *Chooser) Idle() (idle []*Rule) {
	if c == nil {
		return nil
	}
	for i, one := range c.single {
		if one != nil {
			idle = append(idle, c.rules[i])
		}
	}
	return idle
}
