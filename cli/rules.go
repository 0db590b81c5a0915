package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"snap/cli/settings"
	"snap/cli/text"
	"snap/destination"
	"snap/destination/retention"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
)

// The rules of the settings after a backup, and what is said of rules that were stopped.

// pruned is what keeping to the destination's own rules came to after a backup.
type pruned struct {
	Removed int
	Freed   int64
	names   []string // the snapshots that were deleted
	stops
}

// pruneAfter keeps to the destination's rules after a backup, if it has some.
func (c *call) pruneAfter(d *destination.Destination, s *settings.Settings, line *text.Progress) (p pruned, err error) {
	rules := s.Keep.Policy(c.now())
	if rules.Empty() {
		return p, nil
	}
	if len(s.Unknown) > 0 {
		p.add(unknownStop(s.Unknown))
		return p, nil
	}
	plan, err := retention.PlanFor(c.ctx, d, &rules)
	if err == nil {
		for i := range plan.Stops {
			p.add(c.stopText(&plan.Stops[i], plan, &rules, d.Path))
		}
		err = retention.Apply(c.ctx, d, plan, 0, line.Show)
	}
	if err != nil && !errors.As(err, new(*destination.StuckError)) {
		return p, fmt.Errorf("the backup is done, but old snapshots could not be deleted by the rules of %s: %w",
			settings.OptionsFile, err)
	}
	for i := range plan.List {
		if e := &plan.List[i]; !e.Keep {
			p.Removed++
			p.Freed += e.Freed
			p.names = append(p.names, e.Header.Name)
		}
	}
	return p, err
}

// stops are the reasons why rules did not run, each with what to do, which may be several lines.
type stops struct{ why, hints []string }

func (s *stops) add(why, hint string) {
	s.why, s.hints = append(s.why, why), append(s.hints, hint)
}

// tell says them, with -q too.
func (s *stops) tell(c *call) {
	for i, why := range s.why {
		c.warn("%s", why)
		for line := range strings.Lines(s.hints[i]) {
			c.warn("%s", strings.TrimSuffix(line, "\n"))
		}
	}
}

// log writes what the rules did.
func (p *pruned) log(ctx context.Context, log *slog.Logger) {
	for _, why := range p.why {
		log.WarnContext(ctx, "rules stopped", "why", quote.Clean(why))
	}
	if p.Removed > 0 {
		log.InfoContext(ctx, "deleted by the rules", "snapshots", strings.Join(p.names, " "), "freed", p.Freed)
	}
}

// text is a line about the snapshots that were deleted by rule, with all their names; "" if there were none.
func (p *pruned) text(c *call) string {
	if p.Removed == 0 {
		return ""
	}
	quoted := make([]string, len(p.names))
	for i, name := range p.names {
		quoted[i] = quote.Name(name)
	}
	return fmt.Sprintf("  %s deleted by the rules of %s, %s freed: %s\n",
		text.Plural(p.Removed, "old snapshot", "old snapshots"), settings.OptionsFile, c.Size(p.Freed),
		strings.Join(quoted, ", "))
}

// unknownStop is why no rule runs beside settings that snap does not know, and what to do.
func unknownStop(keys []string) (why, hint string) {
	return fmt.Sprintf("no snapshot is deleted: %s has settings that snap does not know: %s", settings.OptionsFile,
			quote.List(keys)),
		"one of them may be a rule with a mistake in it: mend it, or put a # before the line"
}

// stopText is why rules did not run in dest, and what to do, which may be several lines.
func (c *call) stopText(s *retention.Stop, p *retention.Plan, r *retention.Policy, dest string) (why, hint string) {
	const none = "no snapshot is deleted"
	in := quote.Word(dest)
	switch s.Reason {
	case retention.FutureTime:
		why = fmt.Sprintf("%s: the time of %s is in the future: %s, and now it is %s", none, quote.List(s.Names),
			c.When(s.Time), c.When(c.now()))
		if len(s.Names) > 1 {
			why = fmt.Sprintf("%s: the times of %s are in the future; now it is %s", none, quote.List(s.Names), c.When(c.now()))
		}
		if len(s.Names) > 1 && 2*len(s.Names) >= len(p.List) {
			return why, "is the clock right?"
		}
		names := ""
		for _, name := range s.Names {
			names += " " + quote.Word(name)
		}
		return why, fmt.Sprintf("is the clock right? If it was wrong then: snap delete -d %[1]s%[2]s\n"+
			"or keep what was made then, and the rules pass over it: snap tag -d %[1]s%[2]s --add pin", in, names)
	case retention.FarTime:
		times, is, at := "time", "is", ": "+c.When(s.Time)
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
		return fmt.Sprintf("%s: keep_tag = %s: no snapshot has this tag", none, quote.List(s.Names)), tagHint(s.Names[0], p)
	case retention.TooMany:
		what := none
		if s.Room {
			what += " for min_free"
		}
		return fmt.Sprintf("%s: the rules would take %d of %d, more than half", what, s.Count, s.Of),
			fmt.Sprintf("to see which: snap prune -n -d %[1]s\nto delete them: snap prune --allow-most -d %[1]s", in)
	default: // backup.NoRoom
		hint = "the newest stays, and so do those pinned or tagged as keep_tag says"
		if r.FloorDaily > 0 {
			hint += fmt.Sprintf(", and of the last %s the newest (min_free_keep_daily)",
				text.Plural(r.FloorDaily, "day", "days"))
		}
		return fmt.Sprintf("%s for min_free: %s would be lacking all the same", none, c.Size(s.Short)), hint
	}
}

// headers are those of a plan.
func headers(p *retention.Plan) query.Snapshots {
	all := make(query.Snapshots, len(p.List))
	for i := range p.List {
		all[i] = *p.List[i].Header
	}
	return all
}

// tagHint says which tag was meant, or which there are.
func tagHint(tag string, p *retention.Plan) string {
	all := headers(p)
	var tags []string
	for i := range all {
		tags = append(tags, all[i].Tags...)
	}
	if near := hint.Nearest(strings.ToLower(tag), tags); near != "" {
		return fmt.Sprintf("did you mean %s?", quote.Name(near))
	}
	return query.Resolver{Snapshots: all}.TagHint()
}
