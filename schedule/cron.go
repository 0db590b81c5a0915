package schedule

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"time"
)

// Crontab is the crontab of the user.
type Crontab struct{}

// FindCrontab is the crontab of the user; nil where there is no such program.
func FindCrontab() *Crontab {
	if _, err := exec.LookPath("crontab"); err != nil {
		return nil
	}
	return &Crontab{}
}

// read is the text of the crontab; none is an empty one.
func (*Crontab) read(ctx context.Context) ([]byte, error) {
	out, err := output(ctx, nil, "crontab", "-l")
	if err != nil && len(out) == 0 {
		said := strings.ToLower(err.Error())
		if strings.Contains(said, "no crontab for") || strings.Contains(said, "no such file") { // busybox says the second
			return nil, nil
		}
	}
	return out, err
}

// Install puts the line of the job into the crontab. changed: it was not there like this before.
func (c *Crontab) Install(ctx context.Context, j *Job) (changed bool, err error) {
	line, err := j.CronLine()
	if err != nil {
		return false, err
	}
	return c.edit(ctx, j.Dest, j.When.Text, line)
}

// Remove takes the line of the job of a destination out of the crontab.
func (c *Crontab) Remove(ctx context.Context, dest string) (removed bool, err error) {
	return c.edit(ctx, dest, "", "")
}

func (c *Crontab) edit(ctx context.Context, dest, when, line string) (changed bool, err error) {
	old, err := c.read(ctx)
	if err != nil {
		return false, err
	}
	edited, err := EditCrontab(old, dest, when, line)
	if err != nil || bytes.Equal(old, edited) {
		return false, err
	}
	_, err = output(ctx, edited, "crontab", "-")
	return err == nil, err
}

// State is how it stands with the job of a destination; nil if there is none. cron knows of no results. now is the
// time, in the zone of the crontab.
func (c *Crontab) State(ctx context.Context, dest string, now time.Time) (*State, error) {
	text, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	line, when, err := CronBlock(text, dest)
	if err != nil || line == "" {
		return nil, err
	}
	st := &State{When: when, On: true, Units: []string{line}, Commands: []string{"crontab -l"}}
	if w, err := ParseWhen(when); err == nil {
		if w.Every != "" {
			w, _ = ParseWhen("*:" + strings.Fields(line)[0])
			_, st.IfOlder, _ = strings.Cut(line, " --if-older ")
		}
		st.Next = w.Next(now)
	}
	return st, nil
}
