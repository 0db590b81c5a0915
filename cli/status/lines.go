package status

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
	"snap/record"
)

// Line is one fact, with the word that it stands behind.
type Line struct{ Label, Text string }

// Verdict are the lines that say how the destination is: the verdict with its first reason, and a line for each other.
func Verdict(style text.Style, s *query.Status) (lines []string) {
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
		lines = append(lines, v+": "+Concern(style, s, c))
	}
	return lines
}

// Lines are the facts, in the order in which people ask. rules are those in force, as the settings have them.
func Lines(style text.Style, s *query.Status, rules []string) []Line {
	lines := []Line{{"Destination", quote.Name(s.Dir)}}
	if s.Newest != nil {
		lines = append(lines,
			Line{"Source", quote.List(s.Newest.AllSources())},
			Line{"Last backup", lastText(style, s)},
			Line{"Snapshots", humanize.Comma(int64(s.Snapshots)) + ", the newest " + quote.Name(s.Newest.Name)},
		)
	}
	if s.Running != "" {
		lines = append(lines, Line{"At work", quote.Clean(s.Running)})
	}
	lines = append(lines, Line{"Last check", checkText(style, s)}, Line{"Free", freeText(style, &s.Space)},
		Line{"Growth", growthText(style, s)}, Line{"Rules", rulesText(style, s, rules)})
	return lines
}

func lastText(style text.Style, s *query.Status) string {
	last := &s.Last
	line := atText(style, s, last.Time)
	if last.Usual > 0 {
		line += ", usual is one every " + text.About(last.Usual)
	}
	if last.Unchanged {
		return line + "; nothing had changed"
	}
	return line + "; " + style.Size(s.Newest.CopiedByRun()) + " copied"
}

// atText is a time and how long ago it was.
func atText(style text.Style, s *query.Status, t time.Time) string {
	ago := when.Ago(t, s.Now)
	if t.After(s.Now) {
		return style.When(t) + ", " + ago
	}
	return style.When(t) + ", " + ago + " ago"
}

// checkText is when the last check was, of what, and what it found.
func checkText(style text.Style, s *query.Status) string {
	c := s.Check
	if c == nil {
		return "none that is known"
	}
	line := atText(style, s, c.Time) + ", " + ReadText(c.Read)
	switch {
	case c.Errors > 0 && c.Stopped:
		line += ": " + text.Plural(c.Errors, "fault", "faults") + " found before it was stopped"
	case c.Errors > 0:
		line += ": " + text.Plural(c.Errors, "fault", "faults") + " left"
	case c.Repaired > 0:
		line += fmt.Sprintf(": %s mended", humanize.Comma(c.Repaired))
	default:
		line += ": all was well"
	}
	if s.DataRead > 0 && c.Read.Share < 1 {
		line += fmt.Sprintf("; %.0f%% of the data read within %d days", s.DataRead*100, query.DataReadDays)
	}
	return line
}

// ReadText is which part of the files a check read.
func ReadText(r destination.ReadPart) string {
	switch {
	case r.Share == 0:
		return "without reading files"
	case r.Share >= 1:
		return "every file read"
	case r.Parts > 0:
		return fmt.Sprintf("part %d/%d of the files read", r.Part, r.Parts)
	}
	return fmt.Sprintf("about %.2g%% of the files read", r.Share*100)
}

func freeText(style text.Style, space *query.Space) string {
	percent := 0.0
	if space.Total > 0 {
		percent = float64(space.Free) / float64(space.Total) * 100
	}
	line := fmt.Sprintf("%s of %s (%.0f%%)", style.Size(space.Free), style.Size(space.Total), percent)
	if space.HasInodes {
		line += ", " + humanize.Comma(space.Inodes) + " inodes"
	}
	return line
}

func growthText(style text.Style, s *query.Status) string {
	g := &s.Space.Growth
	switch {
	case !g.Known:
		return "not known yet: that takes backups on five days"
	case g.PerDay <= 0:
		return fmt.Sprintf("none in the last %d days", g.Days)
	}
	line := "about " + style.Size(int64(g.PerDay)) + " a day"
	if s.Space.Full.IsZero() {
		return line + ": room for more than ten years"
	}
	return line + ": full in about " + text.About(s.Space.Full.Sub(s.Now))
}

func rulesText(style text.Style, s *query.Status, rules []string) string {
	if !s.Rules.InForce {
		return "none: no snapshot is ever deleted"
	}
	line := strings.Join(rules, ", ")
	switch n := len(s.Rules.Going); {
	case len(s.Rules.Stops) > 0 || s.Rules.Idle:
		line += "; stopped, nothing is deleted"
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
	if s.Rules.Short > 0 {
		line += fmt.Sprintf("; %s more have to be free, and the oldest go for that", style.Size(s.Rules.Short))
	}
	return line
}

// Footer is a line below a list of snapshots: how many they are, what their runs copied, and how much is free.
func Footer(style text.Style, shown []record.Header, all int, free, total int64) string {
	copied := int64(0)
	for i := range shown {
		copied = record.Plus(copied, shown[i].CopiedByRun())
	}
	count := text.Plural(len(shown), "snapshot", "snapshots")
	if len(shown) < all {
		count = fmt.Sprintf("%d of %s", len(shown), text.Plural(all, "snapshot", "snapshots"))
	}
	return fmt.Sprintf("%s, %s copied; %s of %s free", count, style.Size(copied), style.Size(free), style.Size(total))
}
