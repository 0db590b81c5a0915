package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"snap/cli/exit"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/schedule"
)

// scheduleState says when the backups of dest run, and how the last one went.
func (c *call) scheduleState(m managers, dest string) error {
	by, st, err := m.state(c.ctx, dest, c.env.Now())
	if err != nil {
		return err
	}
	if by == "cron" && st != nil {
		st.Last = c.lastMade(dest)
	}
	code := 0
	if st == nil || !st.On || st.Ended && st.Result != "success" {
		code = exit.Partial
	}
	switch {
	case c.opts.json:
		err = c.scheduleJSON(dest, by, st, false)
	case c.opts.quiet:
	case st == nil:
		begin := c.env.program.Typed("nothing backs up to %s by itself; to begin: snap schedule daily -d %s")
		err = c.printf("%s\n", c.Wrap(fmt.Sprintf(begin, quote.Name(dest), quote.Word(dest)), "  "))
	default:
		line := fmt.Sprintf("backups to %s by themselves: %s", quote.Name(dest), quote.Name(st.When))
		err = c.printf("%s\n%s", c.Wrap(line, "  "), c.stateText(by, st))
	}
	if err == nil && code != 0 {
		err = exit.With(code, nil)
	}
	return err
}

// lastMade is when the last backup of dest was made, or found nothing changed; zero if that is not known.
func (c *call) lastMade(dest string) (t time.Time) {
	d, err := query.Open(c.ctx, dest, query.Options{Trust: c.trusted(dest)})
	if err != nil {
		return t
	}
	defer d.Close()
	if l := lastRunOf(d.Root, d.Snapshots); l.header != nil {
		if t = l.header.Time; l.unchanged.After(t) {
			t = l.unchanged
		}
	}
	return t
}

// stateText is how it stands, a line each.
func (c *call) stateText(by string, st *schedule.State) string {
	if st == nil {
		return ""
	}
	next := "not known"
	switch {
	case !st.On:
		next = c.env.program.Typed("never: it was written, but is not on; the same snap schedule again turns it on")
	case !st.Next.IsZero():
		next = c.When(st.Next)
		if st.IfOlder != "" {
			next += ", if the last backup is older than " + st.IfOlder + " then"
		}
	}
	lines := []string{"  next  " + next, "  last  " + c.lastText(st), "  by    " + by + ": " + c.unitNames(st)[0]}
	if len(st.Commands) > 0 {
		lines = append(lines, "  more  "+strings.Join(st.Commands, ", "))
	}
	return strings.Join(c.WrapAll(lines, 8), "\n") + "\n"
}

// lastText is how the last run went.
func (c *call) lastText(st *schedule.State) string {
	switch {
	case st.Running:
		return "under way"
	case st.Last.IsZero():
		return "none that is known of"
	case !st.Ended:
		return c.When(st.Last)
	case st.Code == 0 && st.Result == "success":
		return c.When(st.Last) + ", all well"
	case st.Result == "success":
		return c.When(st.Last) + ", stopped before its end; the next one goes on from there"
	case st.Code == exit.Partial:
		return fmt.Sprintf("%s, done, but something needs a look (exit code %d)", c.When(st.Last), st.Code)
	case st.Result == "exit-code":
		return fmt.Sprintf("%s, failed with exit code %d", c.When(st.Last), st.Code)
	}
	return fmt.Sprintf("%s, ended by: %s", c.When(st.Last), quote.Name(st.Result))
}

// showJob prints what a schedule would write. Where nothing runs jobs it is for whatever does.
func (c *call) showJob(m managers, j *schedule.Job) error {
	if m.systemd != nil {
		units, err := j.Units()
		if err != nil {
			return scheduleHint(err)
		}
		if c.opts.json {
			st := &schedule.State{When: j.When.Text}
			for _, u := range units {
				st.Units = append(st.Units, m.systemd.Dir+"/"+u.Name)
			}
			return c.scheduleJSON(j.Dest, "systemd", st, false)
		}
		for _, u := range units {
			if err := c.printf("would write %s:\n%s\n", quote.Name(m.systemd.Dir+"/"+u.Name), indent(u.Text)); err != nil {
				return err
			}
		}
		return c.printf("and turn on %s\n", schedule.Name(j.Dest)+".timer")
	}
	line, err := j.CronLine()
	if err != nil {
		return scheduleHint(hint.Usage(err))
	}
	if m.cron == nil && !c.flags.Bool("dry-run") {
		return hint.With(
			errors.New("neither systemd nor a crontab is here, or can be reached"),
			"whatever runs programs here, have it run: %s",
			line,
		)
	}
	if c.opts.json {
		return c.scheduleJSON(j.Dest, "cron", &schedule.State{When: j.When.Text, Units: []string{line}}, false)
	}
	return c.printf("would write into the crontab:\n  %s\n", line)
}

// indent puts a text two columns to the right.
func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}
