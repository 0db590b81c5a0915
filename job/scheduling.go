package job

import (
	"context"
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

// Scheduling is what is asked for: when backups run by themselves, and by which program.
type Scheduling struct {
	Spec       string                 // the times, as somebody typed them
	OnPower    bool                   // not on battery
	Delay      string                 // by how much a run may begin later, an age; "" unless DelaySet
	DelaySet   bool                   // false: as the times have it
	StateHome  string                 // $XDG_STATE_HOME; one that is not absolute counts for nothing
	Executable func() (string, error) // the path of this program; nil: nobody knows it
}

// Job is the job that is asked for at a destination, and what it backs up.
func (s *Scheduling) Job(ctx context.Context, m schedule.Managers, p *Place) (j *schedule.Job, sources []string, err error) {
	dest, spec := p.Dest, s.Spec
	j = &schedule.Job{
		Dest:      dest,
		OnPower:   s.OnPower,
		User:      os.Geteuid() != 0,
		StateHome: s.StateHome,
	}
	if !filepath.IsAbs(j.StateHome) {
		j.StateHome = ""
	}
	if j.When, err = schedule.ParseWhen(spec); err != nil {
		if errors.As(err, new(*schedule.EndsError)) || m.Systemd == nil || !quote.Harmless(spec) ||
			schedule.CheckCalendar(ctx, spec) != nil {
			return nil, nil, schedule.Instead(err, spec)
		}
		j.When = schedule.Extended(spec)
	} else if err := schedule.CheckCalendar(ctx, j.When.Calendar()); err != nil && m.Systemd != nil {
		return nil, nil, hint.Usagef("%s: %w", quote.Name(spec), err)
	}
	if j.Delay, err = s.delay(&j.When); err != nil {
		return nil, nil, err
	}
	if err := destination.CheckOwner(dest); err != nil {
		return nil, nil, exit.Hint(err, dest)
	}
	if sources, err = p.scheduledSources(ctx); err != nil {
		return nil, nil, err
	}
	if j.Program, err = ownProgram(s.Executable); err != nil {
		return nil, nil, err
	}
	if err := j.Check(); err != nil {
		return nil, nil, hint.Usage(err)
	}
	return j, sources, nil
}

// delay is by how much a run may begin later.
func (s *Scheduling) delay(w *schedule.When) (time.Duration, error) {
	if s.DelaySet {
		age, err := when.ParseAge(s.Delay)
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
func (p *Place) scheduledSources(ctx context.Context) ([]string, error) {
	d, err := query.Open(ctx, p.Dest, query.Options{Trust: p.User.Trusted(p.Dest)})
	if err != nil {
		return nil, exit.ReadHint(err, p.Dest)
	}
	defer d.Close()
	if len(d.Snapshots) == 0 || d.Snapshots[d.Snapshots.Newest()].Source == "" {
		return nil, hint.With(fmt.Errorf("destination %s holds no snapshot that says what to back up", quote.Name(p.Dest)),
			"make the first backup by hand, then schedule the next ones: snap backup %s SRC…", quote.Word(p.Dest))
	}
	return d.Snapshots[d.Snapshots.Newest()].AllSources(), nil
}

// ownProgram is the path of this program, where it will be when its time comes. Root runs no program that another user
// can exchange.
func ownProgram(executable func() (string, error)) (string, error) {
	if executable == nil {
		return "", errors.New("the path of this program is not known")
	}
	path, err := executable()
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
