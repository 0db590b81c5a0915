package cli

import (
	"snap/filter"
	"snap/restore/parts"
)

// choose reads the patterns of the command line for the source of a part's snapshot.
func (c *call) choose(p *parts.Part) error {
	fc := c.filterContext(sourcesIn(p.Header))
	var choosers [2]*filter.Chooser
	for i, flag := range []string{"include", "exclude"} {
		rules, err := c.flagRules(flag, fc)
		if err != nil {
			return err
		}
		if len(rules) > 0 || c.flags.IsSet(flag+"-from") {
			choosers[i] = filter.NewChooser(rules, fc)
		}
	}
	p.Choose(choosers[0], choosers[1])
	return nil
}
