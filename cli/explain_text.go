package cli

import (
	"fmt"
	"strings"

	"snap/cli/report"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/internal/file"
	"snap/internal/quote"
	"snap/record"
)

// printExplained prints what is known of a path, and of the newest snapshot's record of it.
func (c *call) printExplained(j explained, rec *record.Record) error {
	head := quote.Name(j.path)
	if j.path == "" {
		head = "./ (the source itself)"
	}
	if j.carrier && j.path == "" {
		head = "./ (the top of the sources)"
	}
	if err := c.printf("%s\n", head); err != nil {
		return err
	}
	verdict, why := "included", "no line of the lists names it"
	if j.carrier {
		why = "it leads to a source, and is taken along for that alone"
	}
	if !j.Included {
		verdict = "left out"
	}
	if j.Rule != nil {
		why = fmt.Sprintf("%s, line %d: %s", quote.Clean(j.Rule.File), j.Rule.Line, quote.Clean(j.Rule.Text))
		if j.ruleAt != j.path {
			why += fmt.Sprintf("\n              (it names %s, and this is in it)", quote.Name(j.ruleAt))
		}
	}
	if j.Partly {
		why += "\n              (but for what " + settings.WhitelistFile +
			" may take in below it, and then the folder itself)"
	}
	if j.Setting != nil {
		if why = quote.Clean(j.Setting.Why); j.Setting.Key != "" {
			why = j.Setting.Key + " in " + settings.OptionsFile + ": " + why
		}
	}
	if j.unseen != nil {
		why += fmt.Sprintf("\n              (it cannot be looked at now: %s)", j.unseen)
	} else if !j.Exists {
		why += "\n              (the source does not hold it now)"
	}
	var lines []string
	for line := range strings.Lines(fmt.Sprintf("  %-10s  %s", verdict, why)) {
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
	if err := c.printf("%s\n", strings.Join(c.WrapAll(lines, 14), "\n")); err != nil {
		return err
	}
	if j.guessed != "" {
		source := fmt.Sprintf("  source      %s, %s", quote.Name(j.Source), j.guessed)
		return c.printf("%s\n  last time   nothing is backed up yet\n", c.Wrap(source, "              "))
	}
	switch {
	case j.Last != nil:
	case j.Seen != nil:
		return c.printf("  last time   not in the newest snapshot; the last one with it is %s\n", quote.Name(*j.Seen))
	case j.Exists || !j.Included || j.unseen != nil:
		return c.printf("  last time   in no snapshot\n")
	default:
		return c.printf("  last time   in no snapshot either: is the name right?\n")
	}
	last := fmt.Sprintf("  last time   in %s:", quote.Name(j.Last.Snapshot))
	if j.Last.Since != j.Last.Snapshot {
		last += fmt.Sprintf(" as it is since %s:", quote.Name(j.Last.Since))
	}
	why = report.Reason(rec)
	if rec.From != "" {
		why += " from " + quote.Name(rec.From)
	}
	gap := " "
	if !c.Fits(last + gap + why) {
		gap = "\n              "
	}
	if gap != " " {
		why = strings.TrimLeft(c.Wrap(gap[1:]+why, gap[1:]), " ")
	}
	if err := c.printf("%s\n", last+gap+why); err != nil {
		return err
	}
	if rec.Kind == file.Regular {
		size := c.Size(rec.Size)
		if onDisk := rec.OnDisk(); onDisk != rec.Size {
			size += fmt.Sprintf(", %s on the disk: it has holes", c.Size(onDisk))
		}
		if err := c.printf("  size        %s\n", size); err != nil {
			return err
		}
	}
	label := "same inode"
	for i, s := range j.Shared {
		in := quote.Name(s.First)
		if s.Last != s.First {
			in += ".." + quote.Name(s.Last)
		}
		if name := j.shared[i].Path; name != j.path {
			in += " as " + quote.Name(name)
		}
		if err := c.printf("  %-10s  %s (%s)\n", label, in, text.Plural(s.Snapshots, "snapshot", "snapshots")); err != nil {
			return err
		}
		label = ""
	}
	return nil
}
