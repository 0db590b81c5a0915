package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"snap/destination"
)

// TestAnEmptyOneWelcomes: every page of a destination without a snapshot says how to make the first one, with its real
// path, and is no error; it becomes the page that was asked for when there is one.
func TestAnEmptyOneWelcomes(t *testing.T) {
	p := emptyPlace(t)
	s := show(t, p)
	all := []string{s.Home(), s.site.Snapshots(""), s.Files("latest", ""), s.File("x"), s.Space(""), s.Keep(), s.Health(),
		s.Diffs()}
	for _, at := range all {
		page := s.get(t, at)
		says(t, at, told(t, page), "Nothing is backed up yet", "snap backup "+shellWord(p.Dest)+" SRC", "Back up now")
		if strings.Contains(page, `class="verdict wrong"`) {
			t.Errorf("%s is an error", at)
		}
	}
	for _, at := range []string{s.Find("q", "x"), s.Raw("latest", "x")} {
		if a := s.do(http.MethodGet, at); a.Code != http.StatusNotFound ||
			!strings.Contains(told(t, a.Body.String()), "snap backup "+shellWord(p.Dest)) {
			t.Errorf("%s: %d %s", at, a.Code, told(t, a.Body.String()))
		}
	}
	s.get(t, s.Find())
	s.get(t, s.Jobs())
	ro := show(t, p, func(o *Options) { o.ReadOnly = true })
	if text := told(t, ro.get(t, ro.Home())); strings.Contains(text, "Back up now") {
		t.Error(text)
	}
	p.Write("a.txt", "a\n")
	snapshot(p, "20261121-100000")
	for _, at := range all[:2] {
		if text := told(t, s.get(t, at)); strings.Contains(text, "Nothing is backed up yet") {
			t.Errorf("%s: %s", at, text)
		}
	}
}

// TestAfterABackupThatFailed: the headline is not that all went well, and nothing is said of what it could read.
func TestAfterABackupThatFailed(t *testing.T) {
	p := diary(t)
	s := show(t, p)
	says(t, "before", told(t, s.get(t, s.Home())), "Backed up 1 day ago", "Nothing was unreadable")
	note := func(r destination.PastRun) {
		d, err := destination.Open(t.Context(), p.Dest, destination.Options{})
		p.Do(err)
		p.Do(d.NoteRun(r))
		p.Do(d.Close())
	}
	note(destination.PastRun{Time: testNow.Add(-time.Minute), End: destination.RunFailed, Why: "no space is left"})
	for _, at := range []string{s.Home(), s.Health()} {
		text := told(t, s.get(t, at))
		says(t, at, text, "The last backup failed; the last good one was 1 day ago", "no space is left")
		if strings.Contains(text, "Nothing was unreadable") || strings.Contains(text, "Backed up") {
			t.Errorf("%s: %s", at, text)
		}
	}
	note(destination.PastRun{Time: testNow.Add(-time.Second), End: destination.RunFailed, Why: "no space is left"})
	says(t, "two", told(t, s.get(t, s.Home())), "The last 2 backups failed; the last good one was 1 day ago")
}
