package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"snap/cli/exit"
	"snap/destination"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/query"
	"snap/schedule"
)

// job is the job that the command line asks for, and what it backs up.
func (c *call) job(m schedule.Managers, dest, spec string) (j *schedule.Job, sources []string, err error) {
	j = &schedule.Job{
		Dest:      dest,
		OnPower:   c.flags.Bool("on-power"),
		User:      os.Geteuid() != 0,
		StateHome: c.env.variable("XDG_STATE_HOME"),
	}
	if !filepath.IsAbs(j.StateHome) {
		j.StateHome = ""
	}
	if j.When, err = schedule.ParseWhen(spec); err != nil {
		if errors.As(err, new(*schedule.EndsError)) || m.Systemd == nil || !quote.Harmless(spec) ||
			schedule.CheckCalendar(c.ctx, spec) != nil {
			return nil, nil, schedule.Instead(err, spec)
		}
		j.When = schedule.Extended(spec)
	} else if err := schedule.CheckCalendar(c.ctx, j.When.Calendar()); err != nil && m.Systemd != nil {
		return nil, nil, hint.Usagef("%s: %w", quote.Name(spec), err)
	}
	if j.Delay, err = c.delay(&j.When); err != nil {
		return nil, nil, err
	}
	if err := destination.CheckOwner(dest); err != nil {
		return nil, nil, exit.Hint(err, dest)
	}
	if sources, err = c.scheduledSources(dest); err != nil {
		return nil, nil, err
	}
	if j.Program, err = c.ownProgram(); err != nil {
		return nil, nil, err
	}
	if err := j.Check(); err != nil {
		return nil, nil, hint.Usage(err)
	}
	return j, sources, nil
}

// delay is by how much a run may begin later.
func (c *call) delay(w *schedule.When) (time.Duration, error) {
	if c.flags.IsSet("random-delay") {
		age, err := when.ParseAge(c.flags.String("random-delay"))
		d := time.Duration(0)
		if err == nil {
			d, err = age.Duration()
		}
		if err != nil {
			return 0, hint.Usagef("--random-delay: %s", err)
		}
		return d, nil
	}
	return w.Delay(), nil
}

// scheduledSources are what a backup without arguments is of: there must have been one.
func (c *call) scheduledSources(dest string) ([]string, error) {
	d, err := query.Open(c.ctx, dest, query.Options{Trust: c.trusted(dest)})
	if err != nil {
		return nil, exit.ReadHint(err, dest)
	}
	defer d.Close()
	if len(d.Snapshots) == 0 || d.Snapshots[d.Snapshots.Newest()].Source == "" {
		return nil, hint.With(fmt.Errorf("destination %s holds no snapshot that says what to back up", quote.Name(dest)),
			"make the first backup by hand, then schedule the next ones: snap backup %s SRC…", quote.Word(dest))
	}
	return d.Snapshots[d.Snapshots.Newest()].AllSources(), nil
}

// ownProgram is the path of this program, where it will be when its time comes. Root runs no program that another user
// can exchange.
func (c *call) ownProgram() (string, error) {
	if c.env.Executable == nil {
		return "", errors.New("the path of this program is not known")
	}
	path, err := c.env.Executable()
	if err != nil {
		return "", err
	}
	if slices.Contains(strings.Split(path, string(filepath.Separator)), "exe") && strings.Contains(path, "go-build") {
		return "", hint.With(
			fmt.Errorf("%s: made by go run, and gone when it ends", quote.Name(path)),
			"install snap, and call the installed one",
		)
	}
	if _, err := os.Stat(path); err != nil {
		return "", err
	}
	if os.Geteuid() == 0 {
		if at := file.ReachOfOthers(path); at != "" {
			err := fmt.Errorf("root does not run %s by itself: %s belongs to another user or may be changed by one",
				quote.Name(path), quote.Name(at))
			return "", exit.With(exit.Refused, hint.With(err,
				"install snap where only root writes: sudo install %s /usr/local/bin/snap", quote.Word(path)))
		}
	}
	return path, nil
}
