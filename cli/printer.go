package cli

import "snap/cli/report"

// print writes results as text for people.
func (c *call) print() *report.Printer {
	return &report.Printer{Style: c.Style, Out: c.out, Warn: c.warn, Note: c.note,
		Program: c.env.program.String(), Typed: c.env.program.Typed}
}
