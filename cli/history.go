package cli

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/clipperhouse/displaywidth"
	"github.com/urfave/cli/v2"

	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
)

func historyCommand() *command {
	return &command{
		name: "history", aliases: []string{"log"}, args: "PATH", short: "one file's life, followed through renames", group: groupLook,
		min: 1, max: 1, codes: []int{exitNoDest, exitLocked},
		long: `
Tells the life of a file or folder in time order, a line for each step: added,
modified, metadata changed, moved, removed; the snapshot in which that was seen
first, its time and age, the size, and the path. Renames are followed both ways,
so that the old name and the new one give the same answer. Of files that have had many
names, as rotated logs have, the steps at PATH are shown, and with -v all.

PATH counts from the source down, or from the current folder when that is in the
source or in a snapshot, or is absolute.`,
		examples: `
snap history docs/report.txt
snap log --no-follow docs/report.txt  # that path alone, whatever file it held`,
		flags: []cli.Flag{
			&cli.BoolFlag{Name: "no-follow", Usage: "do not follow renames"},
		},
		complete: completeNewestPath,
		run:      runHistory,
	}
}

func runHistory(c *call) error {
	return c.reading(func(d *reader) error {
		path, steps, err := history(c, d)
		if err != nil {
			return err
		}
		shown, others := steps, []string(nil)
		if !c.opts.json && c.opts.verbose == 0 {
			shown, others = ofPath(steps, path)
		}
		if err := c.printSteps(shown, d.snaps); err != nil {
			return err
		}
		if len(others) > 0 {
			c.note("and %s of the same files under other names: %s; -v shows them", plural(len(steps)-len(shown), "step", "steps"), quote.List(others))
		}
		if c.opts.json {
			return c.json(struct {
				MessageType string `json:"message_type"`
				Steps       int    `json:"steps"`
			}{"summary", len(steps)})
		}
		return nil
	})
}

// namesMax is how many other names a file may have had whose steps are shown in full. Rotated logs have each had all names.
const namesMax = 5

// ofPath are the steps in which path has a part, and the other names in the rest. If those are few, all steps are shown.
func ofPath(steps []version, path string) (of []version, others []string) {
	seen := map[string]bool{path: true}
	for i := range steps {
		v := &steps[i]
		if !seen[v.path] {
			seen[v.path], others = true, append(others, v.path)
		}
		if v.path == path || v.from() == path {
			of = append(of, *v)
		}
	}
	if len(others) <= namesMax {
		return steps, nil
	}
	slices.SortFunc(others, index.Compare)
	return of, others
}

// history are the steps of the first meaning of the typed path that any snapshot knows, and that.
func history(c *call, d *reader) (string, []version, error) {
	paths, err := d.locator(c).paths(c.args[0])
	if err != nil {
		return "", nil, err
	}
	for _, path := range paths {
		steps, err := life(c, d, path, !c.flags.Bool("no-follow"))
		if err != nil || len(steps) > 0 {
			return path, steps, err
		}
	}
	_, name := index.Split(paths[0])
	return "", nil, hint.With(fmt.Errorf("%s: in no snapshot", shown(paths[len(paths)-1], file.None)), "to search for the name: snap find %s", quote.Word(name))
}

// life are the steps in the life of whatever was at path, in time order: its versions, and for each
// removal one with change Removed, that stands for the snapshots without it.
func life(c *call, d *reader, path string, follow bool) (steps []version, err error) {
	var records []index.Step
	if follow {
		records, err = d.db.Follow(c.ctx, path)
	} else {
		var h index.History
		h, err = d.db.Versions(c.ctx, path)
		for _, v := range h.Versions {
			records = append(records, index.Step{Path: path, Version: v})
		}
	}
	if err != nil {
		return nil, err
	}
	versions := map[string][]version{} // of every path in it
	for i := range records {
		r := &records[i]
		if _, known := versions[r.Path]; !known {
			h, err := d.db.Versions(c.ctx, r.Path)
			if err != nil {
				return nil, err
			}
			versions[r.Path] = versionsOf(&h, d.snaps)
		}
		if pos, ok := d.snaps.bySeq(r.Seq); ok {
			if v := stepAt(pos, versions[r.Path], d.snaps); v != nil {
				steps = append(steps, *v)
			}
		}
	}
	return steps, nil
}

// stepAt is what happened in the snapshot at pos to a path with these versions, nil if nothing did.
func stepAt(pos int, versions []version, snaps snapshots) *version {
	i, begins := slices.BinarySearchFunc(versions, pos, func(v version, pos int) int { return cmp.Compare(v.first, pos) })
	switch {
	case begins:
		v := versions[i]
		v.deleted, v.shut = false, false // the removal is a step of its own
		return &v
	case i > 0 && versions[i-1].last == pos-1:
		gone := versions[i-1]
		gone.first, gone.last, gone.change = pos, snaps.newest(), index.Removed
		if i < len(versions) {
			gone.last = versions[i].first - 1
		}
		return &gone
	}
	return nil
}

// printSteps prints a line for each step. Where a line would not fit the terminal, all stand below their path
// instead, which is told when it is another one.
func (c *call) printSteps(steps []version, snaps snapshots) error {
	lines, below := make([]stepLine, len(steps)), false
	width := 0
	for i := range steps {
		width = max(width, displaywidth.String(quote.Name(snaps[steps[i].first].Name)))
	}
	for i := range steps {
		if c.opts.json {
			if err := c.json(steps[i].json(snaps)); err != nil {
				return err
			}
			continue
		}
		lines[i] = c.stepLine(&steps[i], snaps, width)
		below = below || !c.fits("+"+lines[i].text+"  "+lines[i].what)
	}
	if c.opts.json {
		return nil
	}
	path := ""
	for i, l := range lines {
		if !below {
			if err := c.printf("%s%s  %s\n", c.mark(l.change), l.text, l.what); err != nil {
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
		if err := c.printBelow(c.mark(l.change), l.text, aside); err != nil {
			return err
		}
		path = l.path
	}
	return nil
}

// stepLine is a step as it is printed.
type stepLine struct {
	change        index.Change
	text          string // without the mark and the paths
	path          string
	before, after string // where it came from, where it went, "" mostly
	what          string // the paths together
}

// stepLine makes the line of a step; width is that of the widest name of a snapshot.
func (c *call) stepLine(v *version, snaps snapshots, width int) stepLine {
	l := stepLine{change: v.change, path: shown(v.path, v.record.Kind)}
	l.what = l.path + enclose(" (", v.problem(), ")")
	switch from := v.from(); {
	case v.change == index.Removed && v.to != "": // seen only when renames are not followed
		l.change, l.after = index.Moved, shown(v.to, v.record.Kind)
		l.what += " -> " + l.after
	case from != "":
		l.before = shown(from, v.record.Kind)
		l.what = l.before + " -> " + l.what
	}
	size := "-"
	if v.change != index.Removed {
		size = c.sizeText(v.record)
	}
	h := &snaps[v.first]
	l.text = fmt.Sprintf(" %s  %s %6s %9s", pad(quote.Name(h.Name), width), c.when(h.Time), c.age(h.Time), size)
	return l
}
