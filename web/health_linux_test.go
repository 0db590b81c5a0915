package web

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"snap/backup"
	"snap/destination"
	"snap/destination/check"
	"snap/internal/filetest"
	"snap/query"
)

func judging(o *Options) {
	o.Judge = func(*query.Reader) (query.StatusOptions, []string) { return query.StatusOptions{}, nil }
}

// TestHealthSaysWhatStatusSays: the concerns of `snap status --json`, in its words, and what is behind them.
func TestHealthSaysWhatStatusSays(t *testing.T) {
	p := diary(t)
	s := show(t, p, judging)
	look := func(more ...string) string {
		t.Helper()
		return told(t, s.get(t, s.base+"/health"+strings.Join(more, "")))
	}
	says(t, "well", look(), "Backed up 1 day ago", "All is well", "The last 3 backups", "done, 3 changes",
		"No check is known",
		"Free ", "none: no snapshot is ever deleted", "None in the newest snapshot",
		"No other destination is known to you here",
		"snap status -d "+p.Dest)
	says(t, "after a look", look("?look=1"), "has every file as it was")

	_, err := check.Run(t.Context(), p.Dest, check.Options{Time: testNow, Read: check.Subset{All: true}})
	p.Do(err)
	says(t, "checked", look(), "Every file read, all well", "100 % of the data read within 90 days")

	p.Do(os.Remove(p.In("20261120-100000", "docs/recipes.md")))
	_, err = check.Run(t.Context(), p.Dest, check.Options{Time: testNow})
	p.Do(err)
	p.Do(os.RemoveAll(in(p.Dest, "20261119-100000")))
	p.Do(os.Chmod(p.Path("docs/new.txt"), 0))
	p.Backup(func(o *backup.Options) { o.Time = testNow.AddDate(0, 0, 3) })
	var status struct {
		Verdict  string
		Concerns []struct{ Text string }
	}
	p.Do(json.Unmarshal([]byte(s.get(t, s.base+"/api/status")), &status))
	if len(status.Concerns) < 3 || status.Verdict != "damage" {
		t.Fatalf("%+v", status)
	}
	text := look()
	says(t, "not well", text, "Damage was found", "docs/recipes.md", "Damage that a check found on",
		"takes them from a whole file",
		"Snapshots whose folders are gone 20261119-100000")
	for _, c := range status.Concerns {
		says(t, "a concern", text, capital(c.Text))
	}
	if a := s.do(http.MethodGet, s.base+"/health/x"); a.Code != http.StatusNotFound {
		t.Errorf("%d", a.Code)
	}
}

// TestHealthNamesWhatCouldNotBeRead: with what to ask about it.
func TestHealthNamesWhatCouldNotBeRead(t *testing.T) {
	if !filetest.AsPlainUser(t) { // root reads everything
		return
	}
	p := diary(t)
	p.Write("secret", "x")
	p.Do(os.Chmod(p.Path("secret"), 0))
	p.Backup()
	s := show(t, p, judging)
	says(t, "unread", told(t, s.get(t, s.site.Health())), "secret could not be read snap explain secret")
}

// TestRunsAreTold: each of the last runs has its words.
func TestRunsAreTold(t *testing.T) {
	for end, want := range map[destination.RunEnd]string{
		destination.RunDone: "done", destination.RunUnchanged: "nothing had changed",
		destination.RunIncomplete:  "not all was done: the disk is full",
		destination.RunInterrupted: "interrupted", destination.RunFailed: "failed: the disk is full",
		query.RunPresent: "at work",
	} {
		r := query.Run{PastRun: destination.PastRun{End: end, Why: "the disk is full"}}
		if got := runText(&r); got != want {
			t.Errorf("%s: %q", end, got)
		}
	}
}
