package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"snap/cli/text"
	"snap/destination"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/query"
)

// Verdict prints how a destination is, and why.
func (p *Printer) Verdict(s *query.Status) error {
	for _, line := range p.verdict(s) {
		if err := p.say("%s", quote.Clean(line)); err != nil {
			return err
		}
	}
	return nil
}

// Status prints the facts, in the order in which people ask, and what is to be done. rules are those in force, as the
// settings have them.
func (p *Printer) Status(s *query.Status, rules []string) error {
	if err := p.printf("\n"); err != nil {
		return err
	}
	const indent = "             " // as wide as the longest label and a gap
	for _, f := range p.facts(s, rules) {
		if err := p.printf("%s\n", p.Wrap(text.Pad(f.label, len(indent))+quote.Clean(f.text), indent)); err != nil {
			return err
		}
	}
	label, told := "To do", map[string]bool{"": true}
	for _, k := range s.Concerns {
		if way := Way(s, k); !told[way] {
			told[way] = true
			line := text.Pad(label, len(indent)) + p.Typed(way)
			if err := p.printf("%s\n", p.WrapTyped(line, indent, p.Program)); err != nil {
				return err
			}
			label = ""
		}
	}
	return nil
}

// Beginning prints how to begin, where there is no destination to tell of. why are lines that say so.
func (p *Printer) Beginning(why []string) error {
	for _, line := range why {
		if err := p.say("%s", line); err != nil {
			return err
		}
	}
	return p.printf("%s", p.Typed(`
To begin:
  snap init DEST          make a folder the destination, and tell what its disk can do
  snap backup DEST SRC    make a snapshot of SRC there
  snap schedule daily     and one every day from now on, by itself

Then snap alone tells whether all is well. All commands: snap help
`))
}

// verdict are the lines that say how the destination is: the verdict with its first reason, and a line for each other.
func (p *Printer) verdict(s *query.Status) (lines []string) {
	v := s.Verdict().String()
	if len(s.Concerns) == 0 {
		line := fmt.Sprintf("%s: the last backup is %s old", v, when.Ago(s.Last.Time, s.Now))
		if s.Running != "" {
			line += ", and one is at work"
		}
		return []string{line}
	}
	for i, c := range s.Concerns {
		if i > 0 {
			v = query.Attention.String()
		}
		lines = append(lines, v+": "+p.Concern(s, c))
	}
	return lines
}

// fact is one, with the word that it stands behind.
type fact struct{ label, text string }

// facts are those of a status.
func (p *Printer) facts(s *query.Status, rules []string) []fact {
	lines := []fact{{"Destination", quote.Name(s.Dir)}}
	if s.Newest != nil {
		lines = append(lines,
			fact{"Source", quote.List(s.Newest.AllSources())},
			fact{"Last backup", p.lastText(s)},
			fact{"Snapshots", p.snapshotsText(s)},
		)
	}
	if s.Running != "" {
		lines = append(lines, fact{"At work", quote.Clean(s.Running)})
	}
	lines = append(lines, fact{"Last check", p.checkText(s)}, fact{"Free", p.freeText(&s.Space)},
		fact{"Growth", p.growthText(s)}, fact{"Rules", p.rulesText(s, rules)})
	for i := range s.Copies {
		h := &s.Copies[i]
		label := ""
		if i == 0 {
			label = "Copies"
		}
		line := fmt.Sprintf("%s has %s, copied %s ago", quote.Name(h.Called()), quote.Name(h.Name), when.Ago(h.Copied, s.Now))
		if s.Newest != nil && h.Seq != s.Newest.Seq {
			line += "; newer snapshots are here alone"
		}
		lines = append(lines, fact{label, line})
	}
	return lines
}

func (p *Printer) snapshotsText(s *query.Status) string {
	line := humanize.Comma(int64(s.Snapshots)) + ", the newest " + quote.Name(s.Newest.Name)
	if last := s.Last.Snapshot; last != nil && last.Seq != s.Newest.Seq {
		line += ", made after " + quote.Name(last.Name)
		if s.Newest.Time.Before(last.Time) {
			line += ", with an earlier time"
		}
	}
	return line
}

func (p *Printer) lastText(s *query.Status) string {
	last := &s.Last
	line := p.atText(s, last.Time)
	if last.Usual > 0 {
		line += ", usual is one every " + text.About(last.Usual)
	}
	if last.Unchanged {
		return line + "; nothing had changed"
	}
	return line + "; " + p.Size(s.Copied()) + " copied"
}

// atText is a time and how long ago it was.
func (p *Printer) atText(s *query.Status, t time.Time) string {
	return p.When(t) + ", " + when.Since(t, s.Now)
}

// checkText is when the last check was, of what, and what it found.
func (p *Printer) checkText(s *query.Status) string {
	c := s.Check
	if c == nil {
		return "none that is known"
	}
	line := p.atText(s, c.Time) + ", " + ReadText(c.Read, s.DataRead)
	switch {
	case c.Errors > 0 && c.Stopped:
		line += ": " + text.Plural(c.Errors, "fault", "faults") + " found before it was stopped"
	case c.Errors > 0:
		line += ": " + text.Plural(c.Errors, "fault", "faults") + " left"
	case c.Repaired > 0:
		line += fmt.Sprintf(": %s mended", humanize.Comma(c.Repaired))
	case c.Missing == 0:
		line += ": all was well"
	}
	if c.Missing > 0 {
		line += ": " + text.Plural(c.Missing, "snapshot is", "snapshots are") + " missing"
	}
	reads := s.DataRead > 0 || c.Read.Share > 0 || len(c.Reads) > 0 // this check, or one before it
	if reads && (c.Read.Share < 1 || s.DataRead < 1) {
		line += fmt.Sprintf("; %s of the data there now was read within %d days", percent(s.DataRead), query.DataReadDays)
	}
	return line
}

// percent is a share that is 0 or 1 only where it says so.
func percent(share float64) string {
	switch {
	case share > 0 && share < 0.01:
		return "less than 1%"
	case share < 1:
		return fmt.Sprintf("%d%%", int(share*100))
	}
	return "100%"
}

// ReadText is which part of the files a check read. now is how much that, and others, are of what is there now.
func ReadText(r destination.ReadPart, now float64) string {
	switch {
	case r.Share == 0:
		return "without reading files"
	case r.Share >= 1 && now < 1:
		return "every file there then was read"
	case r.Share >= 1:
		return "every file read"
	case r.Parts > 0:
		return fmt.Sprintf("part %d/%d of the files read", r.Part, r.Parts)
	}
	return fmt.Sprintf("about %.2g%% of the files read", r.Share*100)
}

func (p *Printer) freeText(space *query.Space) string {
	percent := 0.0
	if space.Total > 0 {
		percent = float64(space.Free) / float64(space.Total) * 100
	}
	line := fmt.Sprintf("%s of %s (%.0f%%)", p.Size(space.Free), p.Size(space.Total), percent)
	if space.HasInodes {
		line += ", " + humanize.Comma(space.Inodes) + " inodes"
	}
	return line
}

func (p *Printer) growthText(s *query.Status) string {
	g := &s.Space.Growth
	switch {
	case !g.Known:
		return "not known yet: that takes backups on five days"
	case g.PerDay <= 0:
		return fmt.Sprintf("of all on this disk none in the last %d days", g.Days)
	}
	line := "of all on this disk about " + p.Size(int64(g.PerDay)) + " a day"
	if s.Space.Full.IsZero() {
		return line + ": room for more than ten years"
	}
	return line + ": full in about " + text.About(s.Space.Full.Sub(s.Now))
}

func (p *Printer) rulesText(s *query.Status, rules []string) string {
	if s.Rules.Unread != "" {
		return "cannot be read: " + s.Rules.Unread
	}
	if !s.Rules.InForce {
		return "none: no snapshot is ever deleted"
	}
	line := strings.Join(rules, ", ")
	switch n := len(s.Rules.Going); {
	case len(s.Rules.Stops) > 0 || s.Rules.Idle:
		return line + "; stopped, nothing is deleted"
	case n == 0 && s.Rules.Short > 0:
	case n == 0:
		line += "; a backup now would delete no snapshot"
	case n == 1:
		line += "; a backup now would delete " + quote.Name(s.Rules.Going[0])
	default:
		line += fmt.Sprintf(
			"; a backup now would delete %s: %s",
			text.Plural(n, "snapshot", "snapshots"),
			quote.List(s.Rules.Going),
		)
	}
	switch short := p.Size(s.Rules.Short); {
	case s.Rules.Short <= 0:
	case s.Rules.NoRoom != "":
		line += fmt.Sprintf("; min_free lacks %s, and a backup now would delete none for it, as the last", short)
	default:
		line += fmt.Sprintf("; min_free lacks %s: a backup now would delete the oldest for it, or none if that is not "+
			"enough", short)
	}
	return line
}
