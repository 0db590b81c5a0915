package report

import (
	"fmt"
	"strings"

	"snap/cli/settings"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/file"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// Explained is what is known of a path.
type Explained struct {
	*query.Explained
	Setting *wire.Setting // that leaves it out though no line does, nil for none
	Guessed string        // before the first backup: why this source is meant
}

// explainedIndent is what stands before a line that goes on with the one above.
const explainedIndent = "              "

// Explained prints it.
func (p *Printer) Explained(e *Explained) error {
	head := quote.Name(e.Path)
	switch {
	case e.Path == "" && e.Place == record.Carrier:
		head = "./ (the top of the sources)"
	case e.Path == "":
		head = "./ (the source itself)"
	}
	lines := strings.Split(p.explainedVerdict(e), "\n")
	if err := p.printf("%s\n%s\n", head, strings.Join(p.WrapAll(lines, len(explainedIndent)), "\n")); err != nil {
		return err
	}
	if e.Guessed != "" {
		source := fmt.Sprintf("  source      %s, %s", quote.Name(shown(e.Source)), e.Guessed)
		return p.printf("%s\n  last time   nothing is backed up yet\n", p.Wrap(source, explainedIndent))
	}
	if e.Record == nil {
		return p.printf("  last time   %s\n", e.absent())
	}
	if err := p.printf("%s\n", p.explainedLast(e)); err != nil {
		return err
	}
	if e.Record.Kind == file.Regular {
		if err := p.printf("  size        %s\n", p.explainedSize(e.Record)); err != nil {
			return err
		}
	}
	return p.explainedNames(e)
}

// included reports whether a backup takes it in.
func (e *Explained) included() bool { return e.Verdict.Included && e.Setting == nil }

// explainedVerdict is whether it is backed up, and why.
func (p *Printer) explainedVerdict(e *Explained) string {
	verdict, why := "included", "no line of the lists names it"
	if e.Place == record.Carrier {
		why = "it leads to a source, and is taken along for that alone"
	}
	if !e.included() {
		verdict = "left out"
	}
	v := &e.Verdict
	if v.Rule != nil {
		why = fmt.Sprintf("%s, line %d: %s", quote.Clean(shown(v.Rule.File)), v.Rule.Line, quote.Clean(shown(v.Rule.Text)))
		if v.By != e.Path {
			why += fmt.Sprintf("\n%s(it names %s, and this is in it)", explainedIndent, quote.Name(v.By))
		}
	}
	if !v.Included && v.Walk {
		why += fmt.Sprintf("\n%s(but for what %s may take in below it, and then the folder itself)", explainedIndent,
			settings.WhitelistFile)
	}
	if e.Setting != nil {
		if why = quote.Clean(e.Setting.Why); e.Setting.Key != "" {
			why = e.Setting.Key + " in " + settings.OptionsFile + ": " + why
		}
	}
	switch {
	case e.Unseen != nil:
		why += fmt.Sprintf("\n%s(it cannot be looked at now: %s)", explainedIndent, e.Unseen)
	case !e.Exists:
		why += fmt.Sprintf("\n%s(the source does not hold it now)", explainedIndent)
	}
	return fmt.Sprintf("  %-10s  %s", verdict, why)
}

// shown is a name as JSON has it.
func shown(name string) string {
	s, _ := wire.Name(name)
	return s
}

// absent says where it is when it is not in the newest snapshot.
func (e *Explained) absent() string {
	switch {
	case e.Seen != nil:
		return "not in the newest snapshot; the last one with it is " + quote.Name(e.Seen.Name)
	case e.Exists || !e.included() || e.Unseen != nil:
		return "in no snapshot"
	}
	return "in no snapshot either: is the name right?"
}

// explainedLast is what the last backup did with it, and why.
func (p *Printer) explainedLast(e *Explained) string {
	last := fmt.Sprintf("  last time   in %s:", quote.Name(e.Newest))
	if e.Since != e.Newest {
		last += fmt.Sprintf(" as it is since %s:", quote.Name(e.Since))
	}
	why := Reason(e.Record)
	if e.Record.From != "" {
		why += " from " + quote.Name(e.Record.From)
	}
	if p.Fits(last + " " + why) {
		return last + " " + why
	}
	return last + "\n" + explainedIndent + strings.TrimLeft(p.Wrap(explainedIndent+why, explainedIndent), " ")
}

// explainedSize is the size of a file, and of what it has on the disk where that is another.
func (p *Printer) explainedSize(r *record.Record) string {
	if onDisk := r.OnDisk(); onDisk != r.Size {
		return fmt.Sprintf("%s, %s on the disk: it has holes", p.Size(r.Size), p.Size(onDisk))
	}
	return p.Size(r.Size)
}

// explainedNames prints the names of its inode, and which snapshots have them.
func (p *Printer) explainedNames(e *Explained) error {
	label := "same inode"
	for _, n := range e.Names {
		in := quote.Name(e.Snapshots[n.First].Name)
		if n.Last != n.First {
			in += ".." + quote.Name(e.Snapshots[n.Last].Name)
		}
		if n.Path != e.Path {
			in += " as " + quote.Name(n.Path)
		}
		count := text.Plural(n.Last-n.First+1, "snapshot", "snapshots")
		if err := p.printf("  %-10s  %s (%s)\n", label, in, count); err != nil {
			return err
		}
		label = ""
	}
	return nil
}
