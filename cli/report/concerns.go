package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"snap/cli/text"
	"snap/destination"
	"snap/destination/retention"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/query"
)

// Concern is what is not as it should be, in a few words.
func (p *Printer) Concern(s *query.Status, c query.Concern) string {
	switch c {
	case query.Damaged:
		left := s.Check.Left
		return fmt.Sprintf("the check of %s left %s", p.When(left.Time), text.Plural(left.Errors, "fault", "faults"))
	case query.NoBackup:
		return "there is no snapshot yet"
	case query.Failed:
		return p.failedText(s)
	case query.NotAllDone:
		return fmt.Sprintf("the last backup is there, but not all was done: %s (%s)", s.Unwell.Why, p.When(s.Unwell.Time))
	case query.LateBackup:
		return p.lateText(s)
	case query.NotCopied:
		return p.notCopiedText(s.CopiesFailed)
	case query.ReadOnly:
		return "its file system is mounted read-only, so that no backup can be made"
	case query.BadSettings:
		return strings.Join(s.Settings, "; ")
	case query.Unreadable:
		return unreadText(s)
	case query.FullSoon:
		return p.spaceConcern(s)
	case query.FewInodes:
		return fmt.Sprintf(
			"%s inodes are free, and a snapshot takes %s",
			humanize.Comma(s.Space.Inodes),
			humanize.Comma(s.Space.NextInodes),
		)
	case query.RulesIdle:
		if s.Rules.NoRoom != "" {
			return s.Rules.NoRoom
		}
		return stopsText(s.Rules.Stops)
	case query.WrongClock:
		if len(s.Future) == 1 {
			return fmt.Sprintf("the time of snapshot %s is in the future: is the clock right?", quote.Name(s.Future[0]))
		}
		return fmt.Sprintf("the times of %s are in the future: is the clock right?", quote.List(s.Future))
	case query.GoneFolders:
		return missingText(s.Missing)
	case query.Interrupted:
		return p.interruptedText(s)
	case query.Unfinished:
		return leftText(&s.Left)
	}
	return string(c)
}

func (p *Printer) notCopiedText(failed []destination.CopyFailure) string {
	var all []string
	for i := range failed {
		f := &failed[i]
		all = append(all, fmt.Sprintf("the last copy to %s did not go well: %s (%s)", f.Remote, f.Why, p.When(f.Time)))
	}
	return strings.Join(all, "; ")
}

func (p *Printer) failedText(s *query.Status) string {
	f, line := s.Failure, "the last backup failed"
	told := slices.ContainsFunc(s.Settings, func(why string) bool { return strings.HasPrefix(why, f.Why) })
	if f.Why != "" && !told { // else that is another concern
		line += ": " + f.Why
	}
	line += " (" + p.When(f.Time)
	if f.Count > 1 {
		line += fmt.Sprintf("; %d failed since the last good one", f.Count)
	}
	return line + ")"
}

func (p *Printer) interruptedText(s *query.Status) string {
	goesOn := ""
	if len(s.Left.Interrupted) > 0 {
		goesOn = "; the next one goes on from there"
	}
	switch {
	case s.Stopped != nil && s.Stopped.Why != "":
		return fmt.Sprintf("the backup of %s was %s%s", p.When(s.Stopped.Time), s.Stopped.Why, goesOn)
	case s.Stopped != nil:
		return fmt.Sprintf("the backup of %s was stopped by its user%s", p.When(s.Stopped.Time), goesOn)
	case goesOn != "":
		begun := slices.MaxFunc(s.Left.Interrupted, time.Time.Compare)
		return fmt.Sprintf("the backup of %s was interrupted%s", p.When(begun), goesOn)
	}
	return "a run ended before its time: " + s.Left.Holder.Text
}

func (p *Printer) lateText(s *query.Status) string {
	age := text.About(s.Now.Sub(s.Last.Time))
	switch {
	case s.Last.MaxAge != (when.Age{}):
		return fmt.Sprintf("the last backup is %s old, older than %s", age, s.Last.MaxAge)
	case s.Last.Usual > 0:
		return fmt.Sprintf("the last backup is %s old, and usual here is one every %s", age, text.About(s.Last.Usual))
	}
	return fmt.Sprintf("the last backup is %s old", age)
}

func unreadText(s *query.Status) string {
	line := fmt.Sprintf(
		"the last snapshot lacks %s that could not be read or held",
		text.Plural(s.Newest.Errors, "file", "files"),
	)
	if len(s.Unread) == 0 {
		return line
	}
	line += ": " + quote.All(s.Unread)
	if more := s.Newest.Errors - int64(len(s.Unread)); more > 0 {
		line += fmt.Sprintf(" and %s more", humanize.Comma(more))
	}
	return line
}

func (p *Printer) spaceConcern(s *query.Status) string {
	space := &s.Space
	if space.Free < space.Next {
		return fmt.Sprintf("%s are free, and a backup here copies up to %s", p.Size(space.Free), p.Size(space.Next))
	}
	if space.Full.IsZero() || space.Full.Sub(s.Now) > 366*24*time.Hour {
		return fmt.Sprintf("only %s of %s are free", p.Size(space.Free), p.Size(space.Total))
	}
	return fmt.Sprintf("%s are free, and used up in about %s", p.Size(space.Free), text.About(space.Full.Sub(s.Now)))
}

// stopsText is why rules do nothing.
func stopsText(stops []retention.Stop) string {
	var parts []string
	for i := range stops {
		switch s := &stops[i]; s.Reason {
		case retention.FarTime:
			parts = append(parts, fmt.Sprintf("%s is far after all others in time", quote.List(s.Names)))
		case retention.UnknownTag:
			parts = append(parts, fmt.Sprintf("keep_tag = %s: no snapshot has this tag", quote.List(s.Names)))
		case retention.TooMany:
			parts = append(parts, fmt.Sprintf("they would take %d of %d, more than half", s.Count, s.Of))
		case retention.FutureTime:
			parts = append(parts, fmt.Sprintf("%s is of the future", quote.List(s.Names)))
		case retention.NoRoom:
			parts = append(parts, "min_free cannot be reached")
		}
	}
	return "the rules delete nothing: " + strings.Join(parts, "; ")
}

// leftText is what runs have not finished, but for interrupted backups.
func leftText(l *destination.Leftovers) string {
	var parts []string
	if l.Purging {
		parts = append(parts, "a purge is not at its end")
	}
	if l.Deleting > 0 {
		parts = append(parts, text.Plural(l.Deleting, "deleted snapshot is", "deleted snapshots are")+" not removed yet")
	}
	if l.Works > 0 {
		parts = append(parts, text.Plural(l.Works, "work folder was", "work folders were")+" left by a run that died")
	}
	line := strings.Join(parts, ", ")
	if line != "" {
		line += ": the next run that writes sees to it"
	}
	if l.Stuck > 0 {
		if line != "" {
			line += "; "
		}
		line += "what is left of " + text.Plural(l.Stuck, "deleted snapshot", "deleted snapshots") + " cannot be removed"
	}
	return line
}

// Way is a command that helps, or shows more; "" for none.
func Way(s *query.Status, c query.Concern) string {
	in := " -d " + quote.Word(s.Dir)
	switch c {
	case query.Damaged:
		if s.Check.Left.Read.Share > 0 {
			return "snap check --read-data --repair" + in
		}
		return "snap check --repair" + in
	case query.BadSettings:
		if s.Mend != "" {
			return "mend " + s.Mend
		}
	case query.NoBackup, query.Failed, query.NotAllDone, query.LateBackup, query.Interrupted:
		switch {
		case s.Mend != "": // it would fail as it did
			return "mend " + s.Mend
		case s.Newest == nil: // nobody knows of what
			return "snap backup " + quote.Word(s.Dir) + " SRC"
		case s.Source != "":
			return "see to " + s.Source + "; then snap backup" + in
		case c == query.NotAllDone:
			return "see to what was not done; then snap backup" + in
		}
		return "snap backup" + in
	case query.NotCopied:
		return "snap copy" + in + " " + s.CopiesFailed[0].Remote
	case query.FullSoon, query.FewInodes:
		return "snap stats" + in
	case query.RulesIdle:
		return "snap prune -n" + in
	case query.GoneFolders:
		return "snap check" + in
	case query.WrongClock:
		if len(s.Future) > fewNames {
			return "snap list" + in + ", then delete those of the future, or tag them pin, or set the clock"
		}
		names := ""
		for _, name := range s.Future {
			names += " " + quote.Word(name)
		}
		return "set the clock; or if it was wrong then: snap tag" + in + names + " --add pin, or snap delete" + in + names
	}
	return ""
}
