package report

import (
	"fmt"

	"github.com/clipperhouse/displaywidth"

	"snap/cli/text"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// Steps prints a line for each step of a history, and with head a heading. Where a line would not fit the terminal, all
// stand below their path instead, which is told when it is another one.
func (p *Printer) Steps(steps []query.Version, snaps query.Snapshots, head bool) error {
	lines, below := make([]stepLine, len(steps)), false
	width := 0
	for i := range steps {
		width = max(width, displaywidth.String(quote.Name(snaps[steps[i].First].Name)))
	}
	for i := range steps {
		lines[i] = p.stepLine(&steps[i], snaps, width)
		below = below || !p.Fits("+"+lines[i].text+"  "+lines[i].what)
	}
	if head {
		if err := p.stepsHead(below, width); err != nil {
			return err
		}
	}
	path := ""
	for i, l := range lines {
		if !below {
			if err := p.printf("%s%s  %s\n", p.Mark(l.change), l.text, l.what); err != nil {
				return err
			}
			continue
		}
		aside := ""
		if l.before != "" && (i == 0 || l.before != path) {
			aside = "from " + l.before
		}
		if l.after != "" {
			aside = "to " + l.after
		}
		if i == 0 || l.path != path {
			if err := p.printf("%s\n", p.short(l.path, "")); err != nil {
				return err
			}
		}
		if err := p.below("  "+p.Mark(l.change), l.text, aside); err != nil {
			return err
		}
		path = l.path
	}
	return nil
}

// stepsHead prints the heading of the columns. width is that of the widest name of a snapshot.
func (p *Printer) stepsHead(below bool, width int) error {
	head := fmt.Sprintf("  %s  %-16s %6s %9s", text.Pad("Snapshot", width), "Time", "Age", "Size")
	if below {
		return p.printf("  %s\n", head)
	}
	return p.printf("%s  Path\n", head)
}

// stepLine is a step as it is printed.
type stepLine struct {
	change        record.Change
	text          string // without the mark and the paths
	path          string
	before, after string // where it came from, where it went, "" mostly
	what          string // the paths together
}

// stepLine makes the line of a step; width is that of the widest name of a snapshot.
func (p *Printer) stepLine(v *query.Version, snaps query.Snapshots, width int) stepLine {
	l := stepLine{change: v.Change, path: text.Path(v.Path, v.Record.Kind)}
	l.what = l.path + enclose(" (", notHeld(v), ")")
	switch from := v.From(); {
	case v.Change == record.Removed && v.To != "": // seen only when renames are not followed
		l.change, l.after = record.Moved, text.Path(v.To, v.Record.Kind)
		l.what += " -> " + l.after
	case from != "":
		l.before = text.Path(from, v.Record.Kind)
		l.what = l.before + " -> " + l.what
	}
	size := "-"
	if v.Change != record.Removed {
		size = p.sizeText(v.Record)
	}
	h := &snaps[v.First]
	l.text = fmt.Sprintf(" %s  %s %6s %9s", text.Pad(quote.Name(h.Name), width), p.When(h.Time), p.Age(h.Time), size)
	return l
}
