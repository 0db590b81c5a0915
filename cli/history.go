package cli

import (
	"fmt"
	"slices"

	"github.com/clipperhouse/displaywidth"

	"snap/cli/exit"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

func historyCommand() *command {
	return &command{
		Name: "history", Aliases: []string{"log"}, Args: "PATH", Short: "what happened to a file, also under other names",
		Group: groupLook,
		Min:   1, Max: 1, Codes: []int{exit.NoDest, exit.Locked},
		Long: `
Tells what happened to a file or folder, in order of time, a line for each step:
added, modified, metadata changed, moved, removed; the snapshot in which that was
seen first, its time and age, the size, and the path. Renames are followed both ways,
so that the old name and the new one give the same answer. Of files that have had many
names, such as rotated logs, only the steps at PATH are shown, and with -v all.

PATH counts from the source down, or from the current folder when that is in the
source or in a snapshot, or is absolute.`,
		Examples: `
snap history docs/report.txt
snap log --no-follow docs/report.txt  # that path alone, whatever file it held`,
		Flags: flags{
			{Name: "no-follow", Usage: "do not follow renames"},
		},
		Complete: completeNewestPath,
		Run:      runHistory,
	}
}

func runHistory(c *call) error {
	return c.reading(func(d *query.Reader) error {
		path, steps, err := d.History(c.ctx, c.args[0], !c.flags.Bool("no-follow"))
		if err != nil {
			return err
		}
		shown, others := steps, []string(nil)
		if !c.opts.json && c.opts.verbose == 0 {
			shown, others = ofPath(steps, path)
		}
		if err := c.printSteps(shown, d.Snapshots); err != nil {
			return err
		}
		if len(others) > 0 {
			c.note("and %s of the same files under other names: %s; -v shows them",
				text.Plural(len(steps)-len(shown), "step", "steps"), quote.List(others))
		}
		if c.opts.json {
			return c.json(wire.HistorySummary{MessageType: "summary", Steps: len(steps)})
		}
		return nil
	})
}

// namesMax is how many other names a file may have had whose steps are shown in full. Rotated logs have each had all
// names.
const namesMax = 5

// ofPath are the steps in which path has a part, and the other names in the rest. If those are few, all steps are
// shown.
func ofPath(steps []query.Version, path string) (of []query.Version, others []string) {
	seen := map[string]bool{path: true}
	for i := range steps {
		v := &steps[i]
		if !seen[v.Path] {
			seen[v.Path], others = true, append(others, v.Path)
		}
		if v.Path == path || v.From() == path {
			of = append(of, *v)
		}
	}
	if len(others) <= namesMax {
		return steps, nil
	}
	slices.SortFunc(others, record.Compare)
	return of, others
}

// printSteps prints a line for each step. Where a line would not fit the terminal, all stand below their path
// instead, which is told when it is another one.
func (c *call) printSteps(steps []query.Version, snaps query.Snapshots) error {
	lines, below := make([]stepLine, len(steps)), false
	width := 0
	for i := range steps {
		width = max(width, displaywidth.String(quote.Name(snaps[steps[i].First].Name)))
	}
	for i := range steps {
		if c.opts.json {
			if err := c.json(wire.NewVersion(&steps[i], snaps)); err != nil {
				return err
			}
			continue
		}
		lines[i] = c.stepLine(&steps[i], snaps, width)
		below = below || !c.Fits("+"+lines[i].text+"  "+lines[i].what)
	}
	if c.opts.json {
		return nil
	}
	path := ""
	for i, l := range lines {
		if !below {
			if err := c.printf("%s%s  %s\n", c.Mark(l.change), l.text, l.what); err != nil {
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
			if err := c.printf("%s\n", l.path); err != nil {
				return err
			}
		}
		if err := c.printBelow(c.Mark(l.change), l.text, aside); err != nil {
			return err
		}
		path = l.path
	}
	return nil
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
func (c *call) stepLine(v *query.Version, snaps query.Snapshots, width int) stepLine {
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
		size = c.sizeText(v.Record)
	}
	h := &snaps[v.First]
	l.text = fmt.Sprintf(" %s  %s %6s %9s", text.Pad(quote.Name(h.Name), width), c.When(h.Time), c.Age(h.Time), size)
	return l
}
