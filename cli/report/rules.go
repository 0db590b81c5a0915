package report

import (
	"errors"
	"fmt"
	"strings"

	"snap/cli/exit"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/destination/retention"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
)

// Stops are the reasons why rules did not run, each with what to do, which may be several lines.
type Stops struct{ Why, Hints []string }

// Add adds one.
func (s *Stops) Add(why, hint string) {
	s.Why, s.Hints = append(s.Why, why), append(s.Hints, hint)
}

// Stops warns of them.
func (p *Printer) Stops(s *Stops) {
	for i, why := range s.Why {
		p.Warn("%s", why)
		for line := range strings.Lines(s.Hints[i]) {
			p.Warn("%s", strings.TrimSuffix(line, "\n"))
		}
	}
}

// Pruned is what keeping to the destination's own rules came to after a backup.
type Pruned struct {
	Removed int
	Freed   int64
	Names   []string // the snapshots that were deleted
	Room    bool     // only rules that free space are stopped
	Stops
}

// prunedText is a line about the snapshots that were deleted by rule, with all their names.
func (p *Printer) prunedText(r *Pruned) string {
	return fmt.Sprintf("  %s deleted by the rules of %s, %s freed: %s",
		text.Plural(r.Removed, "old snapshot", "old snapshots"), settings.OptionsFile, p.Size(r.Freed), quote.All(r.Names))
}

// UnknownStop is why no rule runs beside settings that snap does not know, and what to do.
func UnknownStop(keys []string) (why, hint string) {
	return settings.UnknownStop(keys),
		"one of them may be a rule with a mistake in it: mend it, or put a # before the line"
}

// fewNames is how many snapshots a command that is told may name, so that it can be read.
const fewNames = 5

// Stop is why rules did not run in dest, and what to do, which may be several lines.
func (p *Printer) Stop(s *retention.Stop, plan *retention.Plan, r *retention.Policy, dest string) (why, hint string) {
	const none = "no snapshot is deleted"
	in := quote.Word(dest)
	switch s.Reason {
	case retention.FutureTime:
		why = fmt.Sprintf("%s: the time of %s is in the future: %s, and now it is %s", none, quote.List(s.Names),
			p.When(s.Time), p.When(p.Now()))
		if len(s.Names) > 1 {
			why = fmt.Sprintf("%s: the times of %s are in the future; now it is %s", none, quote.List(s.Names), p.When(p.Now()))
		}
		if len(s.Names) > 1 && 2*len(s.Names) >= len(plan.List) {
			return why, "is the clock right?"
		}
		if len(s.Names) > fewNames {
			return why, fmt.Sprintf("is the clock right? If it was wrong then, delete them, or tag them pin, and the rules "+
				"pass over them; these are all: snap list -d %s", in)
		}
		names := ""
		for _, name := range s.Names {
			names += " " + quote.Word(name)
		}
		return why, fmt.Sprintf("is the clock right? If it was wrong then: snap delete -d %[1]s%[2]s\n"+
			"or keep what was made then, and the rules pass over it: snap tag -d %[1]s%[2]s --add pin", in, names)
	case retention.FarTime:
		times, is, at := "time", "is", ": "+p.When(s.Time)
		if len(s.Names) > 1 {
			times, is, at = "times", "are", ""
		}
		if r.Asked {
			return fmt.Sprintf("the rules passed over %s, whose %s %s far after all others%s", quote.List(s.Names), times, is,
				at), "is the clock right?"
		}
		return fmt.Sprintf("%s: the %s of %s %s far after all others%s", none, times, quote.List(s.Names), is, at),
			fmt.Sprintf("is the clock right? If it is, the rules run again after a week of backups; until then: snap prune -d "+
				"%s", in)
	case retention.UnknownTag:
		return fmt.Sprintf("%s: keep_tag = %s: no snapshot has this tag", none, quote.List(s.Names)),
			TagHint(s.Names[0], plan)
	case retention.TooMany:
		what := none
		if s.Room {
			what += " for min_free"
		}
		return fmt.Sprintf("%s: %v", what, &retention.TooManyError{Count: s.Count, Of: s.Of, Others: s.Others}),
			fmt.Sprintf("to see which: snap prune -n -d %[1]s\nto delete them: snap prune --allow-most -d %[1]s", in)
	default: // retention.NoRoom
		hint = "the newest stays, and so do those pinned or tagged as keep_tag says"
		if r.FloorDaily > 0 {
			hint += fmt.Sprintf(", and of the last %s the newest (min_free_keep_daily)",
				text.Plural(r.FloorDaily, "day", "days"))
		}
		return fmt.Sprintf("%s for min_free: %s would be lacking all the same", none, p.Size(s.Short)), hint
	}
}

// StopsOf are the stops of a plan in dest, in words. Of a tag that asked names, the word that asks for one, and that
// no snapshot has, the error says so.
func (p *Printer) StopsOf(plan *retention.Plan, r *retention.Policy, dest, asked string) (all Stops, err error) {
	for i := range plan.Stops {
		s := &plan.Stops[i]
		if s.Reason == retention.UnknownTag && asked != "" {
			err := hint.Usagef("%s %s: no snapshot has this tag", asked, quote.Name(s.Names[0]))
			return Stops{}, hint.With(err, "%s", TagHint(s.Names[0], plan))
		}
		all.Add(p.Stop(s, plan, r, dest))
	}
	return all, nil
}

// NoRule says that nothing is asked for.
func NoRule() error {
	return hint.With(hint.Usagef("no rule says what to keep, and an empty rule would keep nothing"),
		"for example: snap prune -n --keep-daily 7 --keep-monthly 12")
}

// UnknownSettings is the error for rules that stand beside settings that snap does not know.
func UnknownSettings(keys []string) error {
	why, way := UnknownStop(keys)
	return exit.With(exit.Partial, hint.With(errors.New(why), "%s", way))
}

// TagHint says which tag was meant, or which there are.
func TagHint(tag string, p *retention.Plan) string {
	all := make(query.Snapshots, len(p.List))
	var tags []string
	for i := range p.List {
		all[i] = *p.List[i].Header
		tags = append(tags, all[i].Tags...)
	}
	if near := hint.Nearest(strings.ToLower(tag), tags); near != "" {
		return fmt.Sprintf("did you mean %s?", quote.Name(near))
	}
	return query.Resolver{Snapshots: all}.TagHint()
}
