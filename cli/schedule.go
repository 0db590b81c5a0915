package cli

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/job"
	"snap/schedule"
)

func scheduleCommand() *command {
	return &command{
		Name: "schedule", Args: "[WHEN | off]", Max: -1, Group: groupMake,
		Short: "make backups at set times, and see how they went",
		Long: `Have snap backup -d DEST run by itself: what it backs up is what the newest snapshot
is of, so make the first backup by hand. WHEN is hourly, daily, weekly, monthly, one
of these with a time of day, or days, a date and a time as systemd.time(7) has them.
Where systemd runs this is a timer: root's runs always, another user's only while
that user is logged in. Missed runs are made up for, the run gives way to other
programs, and the computer does not go to sleep during it. Elsewhere it is a line in
the crontab; there daily, weekly and monthly look each hour whether a backup is due.

Without WHEN it says when backups run, when the next one is and how the last one
ended, with exit code 3 if nothing is scheduled or the last one needs a look. Another
WHEN takes the place of the one before. off ends it, and removes what was written.`,
		Examples: `snap schedule daily            # in the hour after midnight, or when next on
snap schedule daily 13:00
snap schedule "Mon..Fri 12:30" -d /mnt/disk/me
snap schedule                  # the next one, and how did the last one go?
snap schedule weekly -n        # what would be written?
snap schedule off`,
		Codes: []int{exit.Partial, exit.Refused, exit.NoDest},
		Flags: flags{
			{Name: "status", Usage: "say what is scheduled, as without WHEN"},
			{Name: "dry-run", Aliases: []string{"n"}, Usage: "print what would be written, and write nothing"},
			{Name: "on-power", Usage: "make no backup while the computer is on battery"},
			{
				Name: "random-delay",
				Kind: cmdline.String,
				Usage: "begin up to `AGE` later, at random (default: 1h with daily, weekly and monthly, 5min with " +
					"hourly, else none)",
			},
			{Name: "cron", Usage: "use the crontab even where systemd runs"},
		},
		Complete: func(*call, string) []candidate {
			var all []candidate
			for _, word := range []string{"hourly", "daily", "weekly", "monthly", "off"} {
				all = append(all, candidate{Word: word})
			}
			return all
		},
		Run: func(c *call) error {
			spec := strings.Join(c.args, " ")
			if c.flags.Bool("status") && spec != "" {
				return hint.Usagef("schedule: --status takes neither WHEN nor off")
			}
			find := c.findOwn
			if spec == "" || spec == "off" {
				find = c.find
			}
			dest, err := find()
			if err != nil {
				return err
			}
			m := c.findManagers()
			switch {
			case spec == "off":
				return c.scheduleOff(m, dest)
			case spec == "":
				return c.scheduleState(m, dest)
			}
			return c.scheduleAt(m, dest, spec)
		},
	}
}

func (c *call) findManagers() schedule.Managers { return schedule.Find(c.ctx, os.Geteuid() != 0) }

// scheduleAt has the backups of dest run at the times that spec says.
func (c *call) scheduleAt(m schedule.Managers, dest, spec string) error {
	if c.flags.Bool("cron") {
		m.Systemd = nil
	}
	ask := job.Scheduling{Spec: spec, OnPower: c.flags.Bool("on-power"), Delay: c.flags.String("random-delay"),
		DelaySet: c.flags.IsSet("random-delay"), StateHome: c.env.variable("XDG_STATE_HOME"), Executable: c.env.Executable}
	j, sources, err := ask.Job(c.ctx, m, c.place(dest))
	if err != nil {
		return err
	}
	if c.flags.Bool("dry-run") || m.Systemd == nil && m.Cron == nil {
		return c.showJob(m, j)
	}
	if _, err := j.CronLine(); m.Systemd == nil && err != nil {
		return scheduleHint(hint.Usage(err))
	}
	by, changed, err := m.Install(c.ctx, j)
	if err != nil {
		return scheduleHint(err)
	}
	// What another manager ran before would run beside it.
	if other := c.findManagers(); m.Systemd == nil && other.Systemd != nil {
		if _, err := other.Systemd.Remove(c.ctx, dest); err != nil {
			return scheduleHint(err)
		}
	} else if m.Systemd != nil && m.Cron != nil {
		if _, err := m.Cron.Remove(c.ctx, dest); err != nil {
			c.note("the crontab was left as it is: %v", err)
		}
	}
	_, st, err := m.State(c.ctx, dest, c.env.Now())
	if err != nil {
		return err
	}
	if c.opts.json {
		return c.json(wire.NewSchedule(dest, by, st, changed, false))
	}
	if !c.opts.quiet {
		verb := "now"
		if !changed {
			verb = "already"
		}
		line := fmt.Sprintf("%s is %s backed up to %s by itself: %s", quote.All(sources), verb, quote.Name(dest), j.When.Text)
		if err := c.print().Scheduled(line, by, st); err != nil {
			return err
		}
	}
	c.tellLinger(m)
	return nil
}

// scheduleHint says what to do where a schedule cannot be written.
func scheduleHint(err error) error {
	switch {
	case errors.Is(err, schedule.ErrForeign):
		return hint.With(err, "remove or rename it, if it is not needed")
	case errors.As(err, new(*schedule.PathError)):
		return hint.Usage(err)
	}
	return err
}

// scheduleOff ends the backups of dest that run by themselves.
func (c *call) scheduleOff(m schedule.Managers, dest string) error {
	by, st, err := m.State(c.ctx, dest, c.env.Now())
	if err != nil {
		return err
	}
	removed := false
	if !c.flags.Bool("dry-run") {
		if removed, err = m.Remove(c.ctx, dest); err != nil {
			return scheduleHint(err)
		}
	}
	dry := c.flags.Bool("dry-run")
	switch {
	case c.opts.json && dry:
		return c.json(wire.NewSchedule(dest, by, st, false, dry))
	case c.opts.json:
		return c.json(wire.NewSchedule(dest, "", nil, removed, dry))
	case c.opts.quiet:
		return nil
	case st == nil && !removed:
		return c.print().Unscheduled("nothing was scheduled for "+quote.Name(dest), nil)
	case dry:
		return c.print().Unscheduled("would remove:", st)
	}
	line := "backups to " + quote.Name(dest) + " no longer run by themselves"
	if st != nil {
		line += "; removed:"
	}
	return c.print().Unscheduled(line, st)
}

// tellLinger says that the timers of a user end with the session.
func (c *call) tellLinger(m schedule.Managers) {
	if m.Systemd == nil || os.Geteuid() == 0 {
		return
	}
	name := text.UserName(uint32(os.Geteuid()))
	if _, err := os.Stat(filepath.Join("/var/lib/systemd/linger", name)); err != nil {
		c.note(
			"backups run while %s is logged in; at all other times too after: loginctl enable-linger %s",
			quote.Name(cmp.Or(name, "this user")),
			quote.Word(name),
		)
	}
}
