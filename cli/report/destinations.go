package report

import (
	"snap/cli/state"
	"snap/cli/text"
	"snap/internal/quote"
)

// Destinations prints a table of the known destinations. used, nil for none, is that of them which is used where none
// is named.
func (p *Printer) Destinations(all []state.Place, used *state.Place) error {
	t := &text.Table{Columns: []text.Column{{Head: ""}, {Head: "Destination"}, {Head: "Used"}, {Head: "Age", Right: true},
		{Head: "Of", Cut: true}, {Head: ""}}}
	for i := range all {
		d := &all[i]
		mark := ""
		if d == used {
			mark = "*"
		}
		t.Add(mark, quote.Name(d.Path), p.When(d.Last), p.Age(d.Last), quote.Name(d.Source), presenceText(d))
	}
	return t.Write(p.Out, p.Width)
}

// presenceText says what is special about a place.
func presenceText(p *state.Place) string {
	switch {
	case p.Presence == state.Gone:
		return "removed"
	case p.Presence == state.Away:
		return "not there now"
	case p.Presence == state.Replaced:
		return "another is there now"
	case p.Presence == state.Unreadable:
		return "cannot be read"
	case p.Temporary:
		return "temporary"
	case p.Once:
		return "named once"
	}
	return ""
}
