package settings

import (
	"strings"
	"testing"
	"time"

	"snap/hooks"
	"snap/internal/file"
)

func TestEventsAndPriorities(t *testing.T) {
	s, warnings, err := Parse("f", []byte(optionsText()))
	if err != nil || len(warnings) > 0 || !s.Events.None() || s.Events.Timeout != time.Hour || s.MaxRate != 0 ||
		s.Nice != 0 ||
		s.IONice != (IONice{}) {
		t.Errorf("the file that snap makes: %+v, %q, %v", s, warnings, err)
	}
	s, _, err = Parse("f", []byte(`before = pg_dump "$A" >/x/y.sql && sync # a comment
on_warning = echo #5
hook_timeout = 5min
notify = desktop, mail me@example.org , url https://hc.example.org/a?b=c
notify_when = always
max_rate = 20M
nice = 10
ionice = best-effort:7
`))
	e := &s.Events
	if err != nil || e.Commands[hooks.Before] != `pg_dump "$A" >/x/y.sql && sync` || e.Timeout != 5*time.Minute ||
		len(e.Notify) != 3 || !e.Always ||
		s.MaxRate != 20<<20 ||
		s.Nice != 10 ||
		s.IONice != (IONice{file.IOBestEffort, 7}) {
		t.Errorf("%+v, %v", s, err)
	}
	for _, line := range []string{"max_rate = 20", "max_rate = fast", "max_rate = -1", "nice = 20", "nice = -5",
		"ionice = realtime", "ionice = best-effort:8", "ionice = idle:3", "hook_timeout = soon",
		"hook_timeout =", "notify = pager", "notify = mail", "notify = url example.org",
		"notify = desktop mail me@example.org", "notify_when = never"} {
		if _, _, err := Parse("f", []byte(line)); err == nil || !strings.HasPrefix(err.Error(), "f:1: ") {
			t.Errorf("%s: %v", line, err)
		}
	}
	for _, line := range []string{"max_rate =", "max_rate = 0", "max_rate = 20 MB/s", "nice =", "ionice =",
		"ionice = Idle", "hook_timeout = 0s", "notify =", "before ="} {
		if _, _, err := Parse("f", []byte(line)); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}
