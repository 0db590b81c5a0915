package cli

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/destination"
	"snap/destination/retention"
	"snap/filter"
	"snap/index"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
)

func purgeCommand() *command {
	return &command{
		Name: "purge", Args: "PATTERN…", Min: 1, Max: -1, Group: groupKeep, Effect: true,
		Short: "remove files from snapshots, as if they had never been there",
		Long: `
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
		Examples: `
snap purge -n letters/secret.odt  # what would go?
snap purge '*.iso' --in 20261101..latest~1
snap purge ~/private`,
		Codes: []int{exit.Refused, exit.NoDest, exit.Locked, exit.Interrupted, exit.Terminated},
		Flags: flags{
			dryFlag("say what would be removed and freed, and remove nothing"),
			{Name: "in", Kind: cmdline.Strings, Complete: completeRef,
				Usage: "only from the snapshot `REF`, or from A..B; may be repeated"},
			{Name: "ignore-case", Aliases: []string{"i"}, Usage: "upper and lower case are the same"},
			{Name: "regex", Usage: "the patterns are regular expressions"},
		},
		Run: runPurge,
	}
}

func runPurge(c *call) (err error) {
	start, dry := c.env.Now(), c.flags.Bool("dry-run")
	dest, err := c.find()
	if err != nil {
		return err
	}
	// First, because that finishes a purge that was interrupted.
	d, err := c.openToWrite(dest, destination.Options{Mode: destination.ReadOnlyIf(dry), LockWait: c.opts.lockWait,
		Holder: c.holder("purge"), Trust: c.trusted(dest)})
	if err != nil {
		return exit.Hint(err, dest)
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	defer func() { c.proved(dest, d.DB) }()
	var found []query.PurgePath
	var what *index.Purge
	if err := c.reading(func(d *query.Reader) (err error) {
		f := &query.Filter{Patterns: c.args, Regex: c.flags.Bool("regex"), IgnoreCase: c.flags.Bool("ignore-case")}
		found, what, err = d.SelectPurge(c.ctx, f, c.flags.Strings("in"))
		if errors.As(err, new(*query.AmbiguousError)) {
			err = exit.With(exit.Refused, err)
		}
		return err
	}); err != nil {
		return err
	}
	plan, err := d.PlanPurge(c.ctx, what)
	if err != nil {
		return exit.Hint(err, dest)
	}
	if !dry {
		line := c.progress()
		notes, err := d.Purge(c.ctx, what, line.Show)
		line.End()
		for _, note := range notes {
			c.note("%v", note)
		}
		if err != nil {
			return hint.With(exit.Hint(err, dest), "the next run of snap that writes there goes on with the purge")
		}
	}
	sum := wire.PurgeSummary{Type: "summary", DryRun: dry, Paths: len(found), Freed: plan.Freed.Bytes,
		Seconds: c.env.Now().Sub(start).Seconds()}
	for i := range plan.Snapshots {
		if s := &plan.Snapshots[i]; s.Files+s.Dirs > 0 {
			sum.Snapshots++
			sum.Entries += s.Files + s.Dirs
			if slices.Contains(s.Header.Tags, retention.PinTag) {
				c.note("snapshot %s, which is pinned, %s changed too", quote.Name(s.Header.Name),
					map[bool]string{true: "would be", false: "is"}[dry])
			}
		}
	}
	if err := c.printPurged(found, &sum); err != nil {
		return err
	}
	if n := plan.Shared; n > 0 {
		c.note("%s other names, which stay: snap explain PATH lists the names of a file",
			text.Plural(n, "file that goes has", "files that go have"))
	}
	c.tellBlacklist(dest, found)
	return nil
}

// printPurged says what went, or would go.
func (c *call) printPurged(found []query.PurgePath, sum *wire.PurgeSummary) error {
	for i := range found {
		p := &found[i]
		if c.opts.json {
			j := wire.Purged{Type: "change", Kind: p.Kind.String(), Snapshots: p.Snapshots}
			j.Path, j.PathB64 = wire.Name(p.Path)
			if err := c.json(j); err != nil {
				return err
			}
		} else if !c.opts.quiet || sum.DryRun {
			if err := c.printf("purge  %s  (in %s)\n", text.Path(p.Path, p.Kind),
				text.Plural(p.Snapshots, "snapshot", "snapshots")); err != nil {
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
	entries := text.Plural(sum.Entries, "entry", "entries")
	in := text.Plural(sum.Snapshots, "snapshot", "snapshots")
	if sum.DryRun {
		return c.printf("\n%s %s from %s and %s %s\n", verbs[0], entries, in, verbs[1], c.Size(sum.Freed))
	}
	return c.printf("\n%s %s from %s, %s %s\n", verbs[0], entries, in, c.Size(sum.Freed), verbs[1])
}

// blacklistMax is how many lines for Blacklist.txt are printed.
const blacklistMax = 100

// tellBlacklist says how to keep away what the next backup would find in the source again: by a command line that
// adds the lines.
func (c *call) tellBlacklist(dest string, found []query.PurgePath) {
	words, more := "", 0
	for i := range found {
		switch f := &found[i]; {
		case !f.Newest:
		case i >= blacklistMax || !quote.Harmless(f.Path):
			more++
		default:
			words += " " + quote.Word(listLine(f.Path))
		}
	}
	list := filepath.Join(dest, settings.BlacklistFile)
	if words != "" {
		if text, err := os.ReadFile(list); err == nil && len(text) > 0 && text[len(text)-1] != '\n' {
			words = " ''" + words // ends the last line
		}
		c.note("what is still in the source comes back with the next backup; to leave it out:")
		c.note("printf '%%s\\n'%s >>%s", words, quote.Word(list))
	}
	if more > 0 {
		c.note("%s more, for which %s needs lines, too", text.Plural(more, "path", "paths"), quote.Word(list))
	}
}

// listLine is the line of a list that names a path alone.
func listLine(path string) string {
	line := "/" + strings.ReplaceAll(filter.Literal(path), "$", `\$`)
	if bare := strings.TrimRight(line, " "); bare != line { // blanks at the end of a line count with a backslash
		line = bare + strings.Repeat(`\ `, len(line)-len(bare))
	}
	return line
}
