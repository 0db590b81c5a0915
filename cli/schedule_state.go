package cli

import (
	"errors"
	"fmt"
	"time"

	"snap/cli/exit"
	"snap/cli/wire"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/schedule"
)

// scheduleState says when the backups of dest run, and how the last one went.
func (c *call) scheduleState(m schedule.Managers, dest string) error {
	by, st, err := m.State(c.ctx, dest, c.env.Now())
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
		err = c.json(wire.NewSchedule(dest, by, st, false, c.flags.Bool("dry-run")))
	case c.opts.quiet:
	case st == nil:
		begin := c.env.program.Typed("nothing backs up to %s by itself; to begin: snap schedule daily -d %s")
		err = c.say(begin, quote.Name(dest), quote.Word(dest))
	default:
		line := fmt.Sprintf("backups to %s by themselves: %s", quote.Name(dest), quote.Name(st.When))
		err = c.print().Scheduled(line, by, st)
	}
	if err == nil && code != 0 {
		err = exit.With(code, nil)
	}
	return err
}

// lastMade is when the last backup of dest was made, or found nothing changed; zero if that is not known.
func (c *call) lastMade(dest string) time.Time {
	d, err := query.Open(c.ctx, dest, query.Options{Now: c.now(), Trust: c.trusted(dest)})
	if err != nil {
		return time.Time{}
	}
	defer d.Close()
	l := d.LastRun()
	return l.Time()
}

// showJob prints what a schedule would write. Where nothing runs jobs it is for whatever does.
func (c *call) showJob(m schedule.Managers, j *schedule.Job) error {
	if m.Systemd != nil {
		units, err := j.Units()
		if err != nil {
			return scheduleHint(err)
		}
		if c.opts.json {
			st := &schedule.State{When: j.When.Text}
			for _, u := range units {
				st.Units = append(st.Units, m.Systemd.Dir+"/"+u.Name)
			}
			return c.json(wire.NewSchedule(j.Dest, "systemd", st, false, c.flags.Bool("dry-run")))
		}
		for _, u := range units {
			if err := c.print().Unit(m.Systemd.Dir+"/"+u.Name, u.Text); err != nil {
				return err
			}
		}
		return c.printf("and turn on %s\n", schedule.Name(j.Dest)+".timer")
	}
	line, err := j.CronLine()
	if err != nil {
		return scheduleHint(hint.Usage(err))
	}
	if m.Cron == nil && !c.flags.Bool("dry-run") {
		return hint.With(
			errors.New("neither systemd nor a crontab is here, or can be reached"),
			"whatever runs programs here, have it run: %s",
			line,
		)
	}
	if c.opts.json {
		st := &schedule.State{When: j.When.Text, Units: []string{line}}
		return c.json(wire.NewSchedule(j.Dest, "cron", st, false, c.flags.Bool("dry-run")))
	}
	if m.Cron == nil {
		return c.printf("neither systemd nor a crontab is here, or can be reached; whatever runs programs here would have "+
			"to run this line of a crontab:\n  %s\n", line)
	}
	return c.printf("would write into the crontab:\n  %s\n", line)
}
