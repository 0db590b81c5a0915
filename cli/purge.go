package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"snap/destination"
	"snap/destination/retention"
	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
)

func purgeCommand() *command {
	return &command{
		name: "purge", args: "PATTERN…", min: 1, max: -1, group: groupKeep, does: true,
		short: "remove files from snapshots, as if they had never been there",
		long: `
Remove files and folders, with all that is below them, from all snapshots: private
data, or something large that was backed up by mistake. They are gone from the
snapshots, the change sets and the index. Everything else stays as it is, other
names of the same file too. The snapshots stay: snap delete removes those.

A PATTERN is a path, a name or a glob, as in snap find, which shows what fits. Look
first, with -n. With --in only these snapshots are changed: A..B are all from A to B.
Not even pinned snapshots are spared. A pattern that fits nothing is an error, and a
purge that leaves nothing of a snapshot is refused.

What is still in the source comes back with the next backup unless Blacklist.txt
leaves it out: the line for it is printed. The disk may keep bytes of removed files
until it writes something else there. Copies of the destination are not changed.`,
		examples: `
snap purge -n letters/secret.odt  # what would go?
snap purge '*.iso' --in 20261101..latest~1
snap purge ~/private`,
		codes: []int{exitRefused, exitNoDest, exitLocked, exitInterrupted, exitTerminated},
		flags: []cli.Flag{
			dryFlag("say what would be removed and freed, and remove nothing"),
			&cli.StringSliceFlag{Name: "in", Usage: "only from the snapshot `REF`, or from A..B; may be repeated"},
			&cli.BoolFlag{Name: "ignore-case", Aliases: []string{"i"}, Usage: "large and small letters are the same"},
			&cli.BoolFlag{Name: "regex", Usage: "the patterns are regular expressions"},
		},
		run: runPurge,
	}
}

// purgedPath is a path that goes, with all below it.
type purgedPath struct {
	path      string
	kind      file.Kind // in the newest snapshot that it goes from
	snapshots int       // that it goes from
	newest    bool      // it goes from the newest one
}

func runPurge(c *call) (err error) {
	start, dry := c.env.Now(), c.flags.Bool("dry-run")
	dest, err := c.find()
	if err != nil {
		return err
	}
	// First, because that finishes a purge that was interrupted.
	d, err := c.openToWrite(dest, destination.Options{Mode: destination.ReadOnlyIf(dry), LockWait: c.opts.lockWait, Holder: c.holder("purge"), Trust: c.trusted(dest)})
	if err != nil {
		return backupHint(err, dest)
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	defer func() { c.proved(dest, d.DB) }()
	var found []purgedPath
	what := &index.Purge{}
	if err := c.reading(func(d *reader) (err error) {
		found, err = toPurge(c, d, what)
		return err
	}); err != nil {
		return err
	}
	plan, err := d.PlanPurge(c.ctx, what)
	if err != nil {
		return backupHint(err, dest)
	}
	if !dry {
		line := c.progress()
		notes, err := d.Purge(c.ctx, what, line.show)
		line.end()
		for _, note := range notes {
			c.note("%v", note)
		}
		if err != nil {
			return hint.With(backupHint(err, dest), "the next run of snap that writes there goes on with the purge")
		}
	}
	sum := purgeSummaryJSON{Type: "summary", DryRun: dry, Paths: len(found), Freed: plan.Freed.Bytes, Seconds: c.env.Now().Sub(start).Seconds()}
	for i := range plan.Snapshots {
		if s := &plan.Snapshots[i]; s.Files+s.Dirs > 0 {
			sum.Snapshots++
			sum.Entries += s.Files + s.Dirs
			if slices.Contains(s.Header.Tags, retention.PinTag) {
				c.note("snapshot %s, which is pinned, %s changed too", quote.Name(s.Header.Name), map[bool]string{true: "would be", false: "is"}[dry])
			}
		}
	}
	if err := c.printPurged(found, &sum); err != nil {
		return err
	}
	if n := plan.Shared; n > 0 {
		c.note("%s other names, which stay: snap explain PATH lists the names of a file", plural(n, "file that goes has", "files that go have"))
	}
	c.tellBlacklist(dest, found)
	return nil
}

// toPurge finds the paths that the patterns fit in the snapshots that are asked for, none below another.
func toPurge(c *call, d *reader, what *index.Purge) (found []purgedPath, err error) {
	in := make([]int, 0, len(d.snaps))
	if refs := c.flags.StringSlice("in"); len(refs) > 0 {
		if in, err = d.resolver(c).ranges(refs); err != nil {
			return nil, err
		}
	} else {
		for i := range d.snaps {
			in = append(in, i)
		}
	}
	for _, pos := range in {
		what.Seqs = append(what.Seqs, d.snaps[pos].Seq)
	}
	m, err := newMatcher(c.args, c.flags.Bool("regex"), c.flags.Bool("ignore-case"), d.locator(c))
	if err != nil {
		return nil, err
	}
	if err := m.widen(func(m *matcher) (bool, error) { return matchesAny(c, d.db, m) }); err != nil {
		return nil, err
	}
	fits := make([]bool, len(m.patterns))
	type way struct{ name, glob string } // a path that a pattern fits as it stands, and one that it fits as a glob only
	ways := make([]way, len(m.patterns))
	for h, err := range histories(c, d.db, m) {
		if err != nil {
			return nil, err
		}
		p := purgedPath{path: h.Path}
		for _, v := range versionsOf(&h, d.snaps) {
			for _, pos := range in {
				if pos >= v.first && pos <= v.last {
					p.kind, p.snapshots = v.record.Kind, p.snapshots+1
					p.newest = p.newest || pos == len(d.snaps)-1
				}
			}
		}
		if p.snapshots == 0 {
			continue
		}
		for i, one := range m.patterns {
			if !(&matcher{[]pattern{one}, m.fold}).matches([]byte(h.Path)) {
				continue
			}
			fits[i] = true
			one.glob, one.globs = nil, nil
			if (&matcher{[]pattern{one}, m.fold}).matches([]byte(h.Path)) {
				ways[i].name = cmp.Or(ways[i].name, h.Path)
			} else {
				ways[i].glob = cmp.Or(ways[i].glob, h.Path)
			}
		}
		if p.path == "" {
			return nil, hint.With(hint.Usagef("that is everything in the snapshots"), "to delete snapshots: snap delete REF…")
		}
		if n := len(found); n == 0 || !index.Within(p.path, found[n-1].path) {
			found, what.Paths = append(found, p), append(what.Paths, p.path)
		}
	}
	if i := slices.Index(fits, false); i >= 0 {
		return nil, hint.With(hint.Usagef("%s: nothing fits it in these snapshots, and nothing is purged", quote.Name(c.args[i])),
			"to see what there is: snap find %s", quote.Word(c.args[i]))
	}
	for i, w := range ways { // a file report[1].pdf is no word on report1.pdf
		if w.name != "" && w.glob != "" {
			return nil, withCode(exitRefused, hint.With(fmt.Errorf("%s is the name of %s, and as a glob fits %s too: nothing is purged", quote.Name(c.args[i]), quote.Name(w.name), quote.Name(w.glob)),
				"the name alone: snap purge %s", quote.Word(literal.Replace(c.args[i]))))
		}
	}
	return found, nil
}

// purgedJSON is a path that goes, in `purge`.
type purgedJSON struct {
	Type      string `json:"message_type"` // "change"
	Path      string `json:"path"`
	PathB64   string `json:"path_b64,omitempty"`
	Kind      string `json:"type"`
	Snapshots int    `json:"snapshots"`
}

type purgeSummaryJSON struct {
	Type      string  `json:"message_type"` // "summary"
	DryRun    bool    `json:"dry_run"`
	Paths     int     `json:"paths"`
	Entries   int64   `json:"entries"`
	Snapshots int     `json:"snapshots"`
	Freed     int64   `json:"bytes_freed"`
	Seconds   float64 `json:"seconds"`
}

// printPurged says what went, or would go.
func (c *call) printPurged(found []purgedPath, sum *purgeSummaryJSON) error {
	for i := range found {
		p := &found[i]
		if c.opts.json {
			j := purgedJSON{Type: "change", Kind: p.kind.String(), Snapshots: p.snapshots}
			j.Path, j.PathB64 = jsonName(p.path)
			if err := c.json(j); err != nil {
				return err
			}
		} else if !c.opts.quiet || sum.DryRun {
			if err := c.printf("purge  %s  (in %s)\n", shown(p.path, p.kind), plural(p.snapshots, "snapshot", "snapshots")); err != nil {
				return err
			}
		}
	}
	switch {
	case c.opts.json:
		return c.json(sum)
	case c.opts.quiet && !sum.DryRun:
		return nil
	}
	verbs := map[bool][2]string{true: {"would remove", "free"}, false: {"removed", "freed"}}[sum.DryRun]
	entries := plural(sum.Entries, "entry", "entries")
	in := plural(sum.Snapshots, "snapshot", "snapshots")
	if sum.DryRun {
		return c.printf("\n%s %s from %s and %s %s\n", verbs[0], entries, in, verbs[1], c.size(sum.Freed))
	}
	return c.printf("\n%s %s from %s, %s %s\n", verbs[0], entries, in, c.size(sum.Freed), verbs[1])
}

// blacklistMax is how many lines for Blacklist.txt are printed.
const blacklistMax = 100

// tellBlacklist says how to keep away what the next backup would find in the source again: by a command line that adds the lines.
func (c *call) tellBlacklist(dest string, found []purgedPath) {
	words, more := "", 0
	for i := range found {
		switch f := &found[i]; {
		case !f.newest:
		case i >= blacklistMax || !quote.Harmless(f.path):
			more++
		default:
			words += " " + quote.Word(listLine(f.path))
		}
	}
	list := filepath.Join(dest, blacklistFile)
	if words != "" {
		if text, err := os.ReadFile(list); err == nil && len(text) > 0 && text[len(text)-1] != '\n' {
			words = " ''" + words // ends the last line
		}
		c.note("what is still in the source comes back with the next backup; to leave it out:")
		c.note("printf '%%s\\n'%s >>%s", words, quote.Word(list))
	}
	if more > 0 {
		c.note("%s more, for which %s needs lines, too", plural(more, "path", "paths"), quote.Word(list))
	}
}

// listLine is the line of a list that names a path alone.
func listLine(path string) string {
	line := "/" + strings.ReplaceAll(literal.Replace(path), "$", `\$`)
	if bare := strings.TrimRight(line, " "); bare != line { // blanks at the end of a line count with a backslash
		line = bare + strings.Repeat(`\ `, len(line)-len(bare))
	}
	return line
}
