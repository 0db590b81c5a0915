package schedule

import (
	"context"
	"time"
)

// Managers are what can run something by itself on this system; nil where there is none.
type Managers struct {
	Systemd *Systemd
	Cron    *Crontab
}

// Find looks for them; user is whether they are those of a user, not of the system.
func Find(ctx context.Context, user bool) Managers {
	return Managers{FindSystemd(ctx, user), FindCrontab()}
}

// State is how it stands with the backups of a destination, and who runs them; nil if nobody does.
func (m Managers) State(ctx context.Context, dest string, now time.Time) (by string, st *State, err error) {
	if m.Systemd != nil {
		if st, err = m.Systemd.State(ctx, dest); st != nil || err != nil {
			return "systemd", st, err
		}
	}
	if m.Cron != nil {
		st, err = m.Cron.State(ctx, dest, now)
	}
	return "cron", st, err
}

// Install has the first of them run a job, and says which that is and whether anything has changed. There must be one.
func (m Managers) Install(ctx context.Context, j *Job) (by string, changed bool, err error) {
	if m.Systemd != nil {
		changed, err = m.Systemd.Install(ctx, j)
		return "systemd", changed, err
	}
	changed, err = m.Cron.Install(ctx, j)
	return "cron", changed, err
}

// Remove ends the backups of a destination, whoever runs them; removed is whether there were any.
func (m Managers) Remove(ctx context.Context, dest string) (removed bool, err error) {
	if m.Systemd != nil {
		if removed, err = m.Systemd.Remove(ctx, dest); err != nil {
			return removed, err
		}
	}
	if m.Cron != nil {
		gone, err := m.Cron.Remove(ctx, dest)
		return removed || gone, err
	}
	return removed, nil
}
