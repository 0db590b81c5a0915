package report

import (
	"fmt"
	"strings"

	"snap/cli/exit"
	"snap/internal/quote"
	"snap/schedule"
)

// Scheduled prints head and, a line each, how it stands with backups that run by themselves; by is who runs them.
func (p *Printer) Scheduled(head, by string, st *schedule.State) error {
	if err := p.say("%s", head); err != nil || st == nil {
		return err
	}
	next := "not known"
	switch {
	case !st.On:
		next = p.Typed("never: it was written, but is not on; the same snap schedule again turns it on")
	case !st.Next.IsZero():
		next = p.When(st.Next)
		if st.IfOlder != "" {
			next += ", if the last backup is older than " + st.IfOlder + " then"
		}
	}
	lines := []string{"  next  " + next, "  last  " + p.lastRun(st), "  by    " + by + ": " + units(st)[0]}
	if len(st.Commands) > 0 {
		lines = append(lines, "  more  "+strings.Join(st.Commands, ", "))
	}
	return p.printf("%s\n", strings.Join(p.WrapAll(lines, 8), "\n"))
}

// lastRun is how the last run went.
func (p *Printer) lastRun(st *schedule.State) string {
	switch {
	case st.Running:
		return "under way"
	case st.Last.IsZero():
		return "none that is known of"
	case !st.Ended:
		return p.When(st.Last)
	case st.Code == 0 && st.Result == "success":
		return p.When(st.Last) + ", all well"
	case st.Result == "success":
		return p.When(st.Last) + ", stopped before its end; the next one goes on from there"
	case st.Code == exit.Partial:
		return fmt.Sprintf("%s, done, but something needs a look (exit code %d)", p.When(st.Last), st.Code)
	case st.Result == "exit-code":
		return fmt.Sprintf("%s, failed with exit code %d", p.When(st.Last), st.Code)
	}
	return fmt.Sprintf("%s, ended by: %s", p.When(st.Last), quote.Name(st.Result))
}

// units are the files, or the line, that run a job, for text.
func units(st *schedule.State) (all []string) {
	for _, u := range st.Units {
		all = append(all, quote.Name(u))
	}
	return all
}

// Unscheduled prints head and below it what ran the backups; nothing there is nil.
func (p *Printer) Unscheduled(head string, st *schedule.State) error {
	if err := p.say("%s", head); err != nil || st == nil {
		return err
	}
	return p.printf("  %s\n", strings.Join(units(st), "\n  "))
}

// Unit prints a file that a schedule would write.
func (p *Printer) Unit(path, text string) error {
	return p.printf("would write %s:\n%s\n", quote.Name(path), indent(text))
}

// indent puts a text two columns to the right.
func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}
