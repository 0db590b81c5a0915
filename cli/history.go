package cli

import (
	"slices"

	"snap/cli/exit"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

func historyCommand() *command {
	return &command{
		Name: "history", Aliases: []string{"log"}, Args: "PATH", Short: "what happened to a file, also under other names",
		Group: groupLook,
		Min:   1, Max: -1, Codes: []int{exit.Partial, exit.NoDest, exit.Locked},
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
		if len(c.args) > 1 {
			return d.AsksAllBeside(c.args, hint.Usagef("history: one path at a time"), "snap history PATH")
		}
		if err := d.AsksAll(c.ctx, c.args, false, "snap history PATH"); err != nil {
			return err
		}
		path, steps, err := d.History(c.ctx, c.args[0], !c.flags.Bool("no-follow"))
		if err != nil {
			return err
		}
		shown, others := steps, []string(nil)
		if !c.opts.json && c.opts.verbose == 0 {
			shown, others = ofPath(steps, path)
		}
		if c.opts.json {
			err = c.versionsJSON(shown, d.Snapshots)
		} else {
			err = c.print().Steps(shown, d.Snapshots, c.headed())
		}
		if err != nil {
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
