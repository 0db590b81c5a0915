package wire

import (
	"time"

	"snap/schedule"
)

// Schedule is what `schedule --json` prints.
type Schedule struct {
	Type    string `json:"message_type"` // "summary"
	Path    string `json:"path"`         // of the destination
	PathB64 string `json:"path_b64,omitempty"`
	By      string `json:"by"` // "systemd", "cron" or, where nothing is scheduled, ""
	When    string `json:"when"`
	On      bool   `json:"on"`
	Changed bool   `json:"changed"` // this command has changed it
	DryRun  bool   `json:"dry_run,omitempty"`

	Next    *time.Time `json:"next"`      // null: not known
	Last    *time.Time `json:"last"`      // null: none, or not known
	Code    *int       `json:"exit_code"` // of the last run; null: not known
	Result  string     `json:"result"`    // of the last run, as systemd names it
	Running bool       `json:"running"`
	Units   []string   `json:"units"` // the files, or the line of the crontab
}

// NewSchedule is how it stands with the backups of dest that run by themselves: by is who runs them, st is nil where
// nobody does.
func NewSchedule(dest, by string, st *schedule.State, changed, dryRun bool) Schedule {
	j := Schedule{Type: "summary", Changed: changed, DryRun: dryRun, Units: []string{}}
	j.Path, j.PathB64 = Name(dest)
	if st == nil {
		return j
	}
	stamp := func(t time.Time) *time.Time {
		if t.IsZero() {
			return nil
		}
		return &t
	}
	j.By, j.When, j.On, j.Result, j.Running = by, st.When, st.On, st.Result, st.Running
	j.Next, j.Last = stamp(st.Next), stamp(st.Last)
	if st.Ended {
		j.Code = &st.Code
	}
	for _, u := range st.Units {
		name, _ := Name(u)
		j.Units = append(j.Units, name)
	}
	return j
}
