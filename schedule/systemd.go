package schedule

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"snap/internal/quote"
)

// Systemd is the systemd that runs here: the system's, or that of the user.
type Systemd struct {
	Dir  string // where units are written
	user bool
}

// State is how it stands with the job of a destination.
type State struct {
	When     string    // what was asked for
	On       bool      // the timer runs, and comes back when the computer starts
	Next     time.Time // the next run; zero: not known
	IfOlder  string    // it makes a backup only if the last one is older than this; "": in any case
	Last     time.Time // when the last run ended, or the timer began it; zero: none has, as far as systemd knows
	Running  bool      // a run is under way
	Ended    bool      // Code is known: systemd forgets it when the computer starts anew
	Code     int       // exit code of the last run
	Result   string    // its result as systemd names it: "success", "exit-code", "signal", …
	Units    []string  // the files, or the line of the crontab
	Commands []string  // what shows more
}

// FindSystemd is the systemd of the system, or the user's own; nil if it does not run here or cannot be reached.
func FindSystemd(ctx context.Context, user bool) *Systemd {
	s := &Systemd{user: user}
	out, _ := s.ctl(ctx, "is-system-running") // an error is one of its answers
	if !slices.Contains(
		[]string{"running", "degraded", "starting", "initializing", "maintenance"},
		strings.TrimSpace(out),
	) {
		return nil
	}
	kind := "system"
	if user {
		kind = "user"
	}
	paths, err := s.ctl(ctx, "show", "--property=UnitPath", "--value")
	if err != nil {
		return nil
	}
	for _, dir := range strings.Fields(paths) { // the first of this name is that of the administrator, or of the user
		if strings.HasSuffix(dir, "/systemd/"+kind) && filepath.IsAbs(dir) {
			s.Dir = dir
			return s
		}
	}
	return nil
}

// ctl runs systemctl and returns what it prints; an error has what it complains of.
func (s *Systemd) ctl(ctx context.Context, args ...string) (string, error) {
	if s.user {
		args = append([]string{"--user"}, args...)
	}
	out, err := output(ctx, nil, "systemctl", args...)
	return string(out), err
}

// output runs a program of the system in English and UTC.
func output(ctx context.Context, stdin []byte, name string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER=")
	c.Stdin = bytes.NewReader(stdin)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	if said := strings.TrimSpace(errs.String()); err != nil && said != "" {
		err = fmt.Errorf("%s: %s", name, quote.Clean(said)) // which is more than how it ended
	} else if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return out.Bytes(), err
}

// CheckCalendar asks systemd-analyze whether it takes a time for OnCalendar. Where there is no systemd-analyze it says
// nil.
func CheckCalendar(ctx context.Context, calendar string) error {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		return nil
	}
	_, err := output(ctx, nil, "systemd-analyze", "calendar", "--", calendar)
	return err
}

// Install writes the units of the job and has its timer run. changed: they were not there like this before.
func (s *Systemd) Install(ctx context.Context, j *Job) (changed bool, err error) {
	units, err := j.Units()
	if err != nil {
		return false, err
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return false, err
	}
	for _, u := range units {
		wrote, err := writeUnit(filepath.Join(s.Dir, u.Name), u.Text)
		if err != nil {
			return changed, err
		}
		changed = changed || wrote
	}
	timer := Name(j.Dest) + ".timer"
	if !changed {
		if st, err := s.State(ctx, j.Dest); err == nil && st.On {
			return false, nil
		}
	}
	for _, args := range [][]string{{"daemon-reload"}, {"enable", timer}, {"restart", timer}} {
		if _, err := s.ctl(ctx, args...); err != nil {
			return true, err
		}
	}
	return true, nil
}

// ErrForeign: a unit of the name of the job was made by somebody else.
var ErrForeign = errors.New("snap schedule has not made it, and leaves it as it is")

// writeUnit puts a unit in place by rename, and says whether it was another before.
func writeUnit(path, text string) (wrote bool, err error) {
	switch old, err := os.ReadFile(path); {
	case err == nil && string(old) == text:
		return false, nil
	case err == nil && !bytes.HasPrefix(old, []byte(head)):
		return false, fmt.Errorf("%s: %w", quote.Name(path), ErrForeign)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, err
	}
	f, err := os.OpenFile(aside(path), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return false, err
	}
	defer os.Remove(f.Name()) // nothing is there after the rename
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return false, err
	}
	return true, os.Rename(f.Name(), path)
}

// aside is where a unit is written before it is there: always the same, so that a run that was killed leaves no more
// than one.
func aside(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".tmp")
}

// Remove ends the timer of the job of a destination and removes its units. A run that is under way goes on.
func (s *Systemd) Remove(ctx context.Context, dest string) (removed bool, err error) {
	name := Name(dest)
	paths := []string{filepath.Join(s.Dir, name+".timer"), filepath.Join(s.Dir, name+".service")}
	for _, path := range paths {
		switch old, err := os.ReadFile(path); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return false, err
		case !bytes.HasPrefix(old, []byte(head)):
			return false, fmt.Errorf("%s: %w", quote.Name(path), ErrForeign)
		default:
			removed = true
		}
	}
	if !removed {
		return false, nil
	}
	if _, err := os.Lstat(paths[0]); err == nil {
		if _, err := s.ctl(ctx, "disable", "--now", name+".timer"); err != nil {
			return false, err
		}
	}
	for _, path := range append(paths, aside(paths[0]), aside(paths[1])) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return true, err
		}
	}
	_, _ = s.ctl(ctx, "reset-failed", name+".service") // where it had not failed that is an error
	_, err = s.ctl(ctx, "daemon-reload")
	return true, err
}

// State is how it stands with the job of a destination; nil if there is none.
func (s *Systemd) State(ctx context.Context, dest string) (*State, error) {
	name := Name(dest)
	path := filepath.Join(s.Dir, name+".timer")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	flag := ""
	if s.user {
		flag = "--user "
	}
	st := &State{
		Units:    []string{path, filepath.Join(s.Dir, name+".service")},
		Commands: []string{"journalctl " + flag + "-u " + quote.Word(name+".service")},
	}
	for line := range strings.Lines(string(text)) {
		if when, ok := strings.CutPrefix(line, whenMark); ok && st.When == "" {
			st.When = strings.TrimSpace(when)
		}
	}
	timer, err := s.properties(
		ctx,
		name+".timer",
		"ActiveState",
		"UnitFileState",
		"NextElapseUSecRealtime",
		"LastTriggerUSec",
	)
	if err != nil {
		return nil, err
	}
	service, err := s.properties(ctx, name+".service", "ActiveState", "Result", "ExecMainStatus", "ExecMainExitTimestamp")
	if err != nil {
		return nil, err
	}
	st.On = timer["ActiveState"] == "active" && timer["UnitFileState"] == "enabled"
	st.Next, st.Last = stamp(timer["NextElapseUSecRealtime"]), stamp(timer["LastTriggerUSec"])
	st.Running = service["ActiveState"] == "activating"
	if ended := stamp(service["ExecMainExitTimestamp"]); !ended.IsZero() && !st.Running {
		st.Last, st.Ended, st.Result = ended, true, service["Result"]
		fmt.Sscan(service["ExecMainStatus"], &st.Code)
	}
	return st, nil
}

// properties asks for properties of a unit.
func (s *Systemd) properties(ctx context.Context, unit string, names ...string) (map[string]string, error) {
	out, err := s.ctl(ctx, "show", "--property="+strings.Join(names, ","), "--", unit)
	all := map[string]string{}
	for line := range strings.Lines(out) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		all[name] = value
	}
	return all, err
}

// stamp is a time as systemctl shows it; zero for none.
func stamp(text string) time.Time {
	t, err := time.Parse("Mon 2006-01-02 15:04:05 MST", text)
	if err != nil {
		return time.Time{}
	}
	return t
}
