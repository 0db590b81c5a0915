package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"snap/cli/wire"
	"snap/job"
)

// post sends a form, and gives the page that it leads to.
func (s *shown) post(t testing.TB, address, fields string) (page, at string) {
	t.Helper()
	a := s.do(http.MethodPost, address, form(fields))
	if a.Code != http.StatusSeeOther {
		return a.Body.String(), ""
	}
	at = a.Header().Get("Location")
	return s.get(t, at), at
}

// ticketIn is the ticket of a page that shows a look.
func ticketIn(t testing.TB, page string) (ticket, button string) {
	t.Helper()
	n := parsed(t, page)
	for _, e := range elements(n) {
		switch {
		case attribute(e, "name") == "ticket":
			ticket = attribute(e, "value")
		case attribute(e, "id") == "go":
			button = textOf(e)
		}
	}
	return ticket, button
}

// TestRestoreNeedsItsLook: nothing is written before a look, nor after one that somebody made up, used before, or that
// is no longer true; after a look just what it has shown is done.
func TestRestoreNeedsItsLook(t *testing.T) {
	p := diary(t)
	s := show(t, p)
	target := filepath.Join(t.TempDir(), "out")
	ask := "where=folder&target=" + url.QueryEscape(target)
	files := func() string {
		out, err := os.ReadDir(target)
		if os.IsNotExist(err) {
			return "nothing"
		}
		p.Do(err)
		names := ""
		for _, e := range out {
			names += e.Name() + " "
		}
		return names
	}
	for _, made := range []string{"", "ticket=", "ticket=x", "ticket=0&" + ask, ask + "&do=it",
		"ticket=AAAAAAAAAAAAAAAAAAAAAAAAAA"} {
		if page, at := s.post(t, s.site.BringBack(), made); at != "" || files() != "nothing" {
			t.Errorf("%q: %s %.200s, %s", made, at, page, files())
		}
	}
	docs := s.site.Restore("20261119-100000", "docs")
	page, at := s.post(t, docs, ask)
	wellFormed(t, at, page)
	ticket, button := ticketIn(t, page)
	if ticket == "" || button != "Restore 3 files" || files() != "nothing" {
		t.Fatalf("%q %q %s\n%s", ticket, button, files(), textOf(parsed(t, page)))
	}
	page, at = s.post(t, s.site.BringBack(), "ticket="+ticket)
	if wellFormed(t, at, page); !strings.Contains(textOf(parsed(t, page)), "Restored 3 files") || files() != "docs " {
		t.Fatalf("%s %s", files(), textOf(parsed(t, page)))
	}
	if out, err := exec.Command("diff", "-r", filepath.Join(p.Dest, "20261119-100000", "docs"),
		filepath.Join(target, "docs")).CombinedOutput(); err != nil {
		t.Errorf("%s", out)
	}
	if page := s.get(t, at[:strings.LastIndexByte(at, '/')]+"/1"); !strings.Contains(page, "This was restored") {
		t.Errorf("the look does not say what came of it: %s", textOf(parsed(t, page)))
	}
	p.Do(os.WriteFile(filepath.Join(target, "docs/recipes.md"), []byte("written since"), 0o600))
	if _, twice := s.post(t, s.site.BringBack(), "ticket="+ticket); twice != at { // a double click
		t.Errorf("a ticket that was used leads to %q, not to %q", twice, at)
	}
	if b, err := os.ReadFile(filepath.Join(target, "docs/recipes.md")); err != nil || string(b) != "written since" {
		t.Errorf("a ticket was used twice: %q %v", b, err)
	}

	// What is there stops it; then it is replaced, as the button says.
	p.Do(os.WriteFile(filepath.Join(target, "docs/recipes.md"), []byte("mine"), 0o600))
	page, at = s.post(t, docs, ask)
	text := textOf(wellFormed(t, at, page))
	if again, _ := ticketIn(t, page); again != "" || !strings.Contains(text, "3 files would be overwritten") ||
		!strings.Contains(text, "docs/recipes.md") || !strings.Contains(text, "Replace what differs") {
		t.Errorf("%s", text)
	}
	id := at[strings.LastIndexByte(at, '/')+1:]
	page, at = s.post(t, s.site.BringBack(), "again="+id+"&overwrite=if-changed")
	ticket, button = ticketIn(t, page)
	if wellFormed(t, at, page); button != "Restore 1 file, replace 1" {
		t.Errorf("%q: %s", button, textOf(parsed(t, page)))
	}

	// What was looked at is not there any more.
	p.Do(os.Remove(filepath.Join(target, "docs/photo.png")))
	page, _ = s.post(t, s.site.BringBack(), "ticket="+ticket)
	if b, err := os.ReadFile(filepath.Join(target, "docs/recipes.md")); err != nil || string(b) != "mine" ||
		!strings.Contains(page, "no longer what it was") {
		t.Errorf("%q %v: %s", b, err, textOf(parsed(t, page)))
	}
}

// TestRestoreWhereItWas: in place, through the selection of a folder.
func TestRestoreWhereItWas(t *testing.T) {
	p := diary(t)
	s := show(t, p)
	chosen := "p=docs%2Fletters&p=docs%2Fletters%2Flandlord.txt&p=docs%2Frecipes.md"
	page, _ := s.post(t, s.site.Restore("20261119-100000", "docs"), chosen)
	text := textOf(wellFormed(t, "the form", page))
	for _, want := range []string{"docs/letters", "docs/recipes.md", "Back where it was, " + p.Src, "Look first"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if strings.Contains(text, "landlord") {
		t.Error("what comes with its folder is named twice")
	}
	page, _ = s.post(t, s.site.Restore("20261119-100000", "docs"), chosen+"&where=there&overwrite=if-changed")
	ticket, button := ticketIn(t, page)
	if button != "Restore 2 files, replace 1" || !strings.Contains(page, "snap restore 20261119-100000:docs/letters "+
		"20261119-100000:docs/recipes.md --in-place --overwrite if-changed") {
		t.Fatalf("%q\n%s", button, textOf(parsed(t, page)))
	}
	s.post(t, s.site.BringBack(), "ticket="+ticket)
	for path, want := range map[string]string{"docs/recipes.md": "# Recipes\n\n2 eggs\nsalt\n",
		"docs/letters/landlord.txt": "Dear Sir\n", "docs/new.txt": "new\n"} {
		if b, err := os.ReadFile(p.Path(path)); err != nil || string(b) != want {
			t.Errorf("%s: %q %v", path, b, err)
		}
	}
}

// TestRestoreRefusesBadTargets: before anything is looked at, or with the look.
func TestRestoreRefusesBadTargets(t *testing.T) {
	p := diary(t)
	s := show(t, p)
	for target, want := range map[string]string{
		"":                             "no absolute path",
		"here":                         "no absolute path",
		"../up":                        "no absolute path",
		p.Dest:                         "holds snapshots only",
		p.Dest + "/new":                "holds snapshots only",
		p.Dest + "/20261119-100000":    "nothing is written into a snapshot",
		t.TempDir() + "/not/there":     "only the last folder",
		p.Path("docs/recipes.md"):      "must be a folder",
		p.Path("docs/recipes.md/deep"): "must be a folder",
	} {
		page, _ := s.post(t, s.site.Restore("20261119-100000", "docs"), "where=folder&target="+url.QueryEscape(target))
		if ticket, _ := ticketIn(t, page); ticket != "" || !strings.Contains(page, want) {
			t.Errorf("%q: %s", target, textOf(parsed(t, page)))
		}
	}
	for _, bad := range []string{"where=nowhere", "where=there&overwrite=always", "where=there&overwrite=x",
		"p=..%2Fup&where=there", "p=nothing&where=there", "p=docs&where="} {
		if page, at := s.post(t, s.site.Restore("20261119-100000", ""), bad); at != "" {
			t.Errorf("%q: %s", bad, textOf(parsed(t, page)))
		}
	}
	home := s.o.Place.User.Home()
	page, _ := s.post(t, s.site.Restore("oldest", "docs/recipes.md"), "where=folder&target=~/new")
	ticket, _ := ticketIn(t, page)
	s.post(t, s.site.BringBack(), "ticket="+ticket)
	if _, err := os.Stat(filepath.Join(home, "new/recipes.md")); err != nil {
		t.Error(err)
	}
}

// TestBackUpNow: the button makes a snapshot of what the newest one is of, and the page says what came of it.
func TestBackUpNow(t *testing.T) {
	p := diary(t)
	s := show(t, p)
	if !strings.Contains(s.get(t, s.Home()), "Back up now") {
		t.Error("there is no button")
	}
	p.Write("docs/today.txt", "today\n")
	page, at := s.post(t, s.site.Backup(), "note=by+hand")
	text := textOf(wellFormed(t, at, page))
	if !strings.Contains(text, "Backed up 1 change, 6 B copied") || !strings.Contains(text, "Look at it") {
		t.Fatal(text)
	}
	page = s.get(t, s.Files("20261122-120000", "docs"))
	if !strings.Contains(page, "today.txt") || !strings.Contains(page, "by hand") {
		t.Errorf("%.500s", textOf(parsed(t, page)))
	}
	page, _ = s.post(t, s.site.Backup(), "")
	if text := textOf(parsed(t, page)); !strings.Contains(text, "Nothing has changed") {
		t.Error(text)
	}
	if page := s.get(t, s.Jobs()); strings.Count(page, "<li class=\"good\">") != 2 {
		t.Error(textOf(wellFormed(t, "jobs", page)))
	}
	p.Do(os.RemoveAll(p.Src))
	page, _ = s.post(t, s.site.Backup(), "")
	if text := textOf(parsed(t, page)); !strings.Contains(text, "The backup failed") {
		t.Error(text)
	}
	empty := show(t, emptyPlace(t))
	page, _ = empty.post(t, empty.site.Backup(), "")
	text = textOf(parsed(t, page))
	if !strings.Contains(text, "holds no snapshot yet") || !strings.Contains(text, "snap backup") {
		t.Error(text)
	}
}

// waiting is a job that goes on until it is cancelled, or let end.
func (s *shown) waiting(goOn <-chan struct{}) *job.Job {
	begun := make(chan struct{})
	j, err := s.jobs.Start(job.Backup, func(ctx context.Context, w *job.Watcher) (any, error) {
		w.Note("it begins")
		w.Problem("a/b", os.ErrPermission)
		close(begun)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-goOn:
			return nil, nil
		}
	})
	s.Do(err)
	<-begun
	return j
}

// TestJobIsOnEveryPage: while it is at work, with a way to cancel it, and no other can begin.
func TestJobIsOnEveryPage(t *testing.T) {
	s := show(t, diary(t))
	j := s.waiting(nil)
	for _, at := range []string{s.Home(), s.Files("20261121-100000", "docs"), s.File("docs/recipes.md"), s.Find("q", "x"),
		s.site.Snapshots(""), s.Jobs()} {
		page := s.get(t, at)
		if wellFormed(t, at, page); !strings.Contains(page, fmt.Sprintf(`data-events="%s/events"`, s.Job(j.ID))) {
			t.Errorf("%s says nothing of it", at)
		}
	}
	page := s.get(t, s.Job(j.ID))
	text := textOf(wellFormed(t, "the job", page))
	for _, want := range []string{"Backing up begins", "a/b: permission denied", "Cancel"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if strings.Count(page, "data-events") != 1 {
		t.Error("the page of the job tells of it twice")
	}
	a := s.doNow(http.MethodPost, s.site.Check(), form(""))
	if a.Code != http.StatusLocked || !strings.Contains(a.Body.String(), "Another job is at work") {
		t.Errorf("%d", a.Code)
	}
	a = s.doNow(http.MethodPost, s.site.Backup(), form("")) // a double click
	if at := a.Header().Get("Location"); at != s.Job(j.ID) {
		t.Errorf("the same once more leads to %q", at)
	}
	page, _ = s.post(t, s.Job(j.ID)+"/cancel", "")
	if text := textOf(parsed(t, page)); !strings.Contains(text, "The backup was cancelled") {
		t.Error(text)
	}
	if strings.Contains(s.get(t, s.Home()), "data-events") {
		t.Error("it has ended, and is told of")
	}
	for _, at := range []string{"/jobs/99", "/jobs/x", "/jobs/-1", "/jobs/1/nothing", "/jobs/1/cancel"} {
		if a := s.do(http.MethodGet, s.base+at); a.Code != http.StatusNotFound {
			t.Errorf("%s: %d", at, a.Code)
		}
	}
}

// TestEventsOfAJob: all that happened is told with its number, once; who comes back goes on, and at the end it ends.
func TestEventsOfAJob(t *testing.T) {
	s := show(t, diary(t))
	goOn := make(chan struct{})
	j := s.waiting(goOn)
	close(goOn)
	<-j.Done()
	body := s.get(t, s.Job(j.ID)+"/events")
	for _, want := range []string{"event: note\ndata: {\"message_type\":\"note\",\"text\":\"it begins\"}\n\n",
		`event: error` + "\n" + `data: {"message_type":"error","path":"a/b","error":"permission denied"}`,
		"event: summary\n"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in %s", want, body)
		}
	}
	if !strings.HasPrefix(body, "id: 1\n") {
		t.Errorf("%.40q", body)
	}
	last := strings.LastIndex(body, "id: ")
	id, _, _ := strings.Cut(body[last+4:], "\n")
	if a := s.do(http.MethodGet, s.Job(j.ID)+"/events", head("Last-Event-ID", id)); a.Code != http.StatusNoContent {
		t.Errorf("who has heard all: %d %s", a.Code, a.Body)
	}
	if same := s.get(t, s.base+fmt.Sprintf("/api/jobs/%d/events", j.ID)); same != body {
		t.Errorf("the API tells something else: %s", same)
	}
}

// TestAnotherProcessIsTold: what it does, since when.
func TestAnotherProcessIsTold(t *testing.T) {
	p := diary(t)
	s := show(t, p)
	sleeper := exec.Command("sleep", "100")
	p.Do(sleeper.Start())
	defer sleeper.Wait()
	defer sleeper.Process.Kill()
	host, _ := os.Hostname()
	lock := filepath.Join(p.Dest, ".snap", "lock")
	p.Do(os.WriteFile(lock, fmt.Appendf(nil, "snap prune (process %d on %s, since 2026-11-22 09:30:00)\n",
		sleeper.Process.Pid, host), 0o600))
	page := s.get(t, s.Files("20261121-100000", ""))
	if text := textOf(wellFormed(t, "files", page)); !strings.Contains(text, "snap prune is at work since") ||
		!strings.Contains(page, "data-foreign") || strings.Contains(page, "/cancel") {
		t.Error(text)
	}
	part := s.get(t, s.Jobs(), head("Snap-Fragment", "line"))
	if !strings.Contains(part, "snap prune is at work") || strings.Contains(part, "<html") {
		t.Error(part)
	}
}

// TestAPIBeginsJobs: as the pages do, and as strict.
func TestAPIBeginsJobs(t *testing.T) {
	p := diary(t)
	s := show(t, p)
	target := filepath.Join(t.TempDir(), "out")
	type told struct { // of a wire.Job
		ID      int `json:"job"`
		Kind    string
		Summary *struct {
			Code    int
			Ticket  string
			Look    *wire.LookCounts
			Restore *wire.RestoreSummary
			Backup  *struct {
				FilesNew int64 `json:"files_new"`
				Snapshot struct{ Note string }
			}
		}
	}
	ask := func(what, body string) (told, answer) {
		t.Helper()
		a := s.do(http.MethodPost, s.base+"/api/"+what, form(body), head("Content-Type", "application/json"))
		var j told
		if a.Code == http.StatusOK {
			p.Do(json.Unmarshal(a.Body.Bytes(), &j))
			p.Do(json.Unmarshal([]byte(s.get(t, fmt.Sprintf("%s/api/jobs/%d", s.base, j.ID))), &j))
		}
		return j, a
	}
	for _, c := range [][3]string{
		{"restore", `{"dry_run":true,"paths":["docs"]}`, "either target or in_place"},
		{"restore", `{"dry_run":true,"paths":["docs"],"in_place":true,"target":"/x"}`, "either target or in_place"},
		{"restore", `{"dry_run":true,"in_place":true}`, "nothing is named"},
		{"restore", `{"dry_run":true,"in_place":true,"paths":["../up"]}`, "no path"},
		{"restore", `{"dry_runs":true,"in_place":true,"paths":["docs"]}`, "dry_runs"},
		{"restore", `{"paths":["docs"],"in_place":true}`, "without a look"},
		{"restore", `{} {}`, "behind it"},
		{"restore", ``, "not the JSON"},
		{"backup", `{"tags":["not a tag"]}`, ""},
		{"delete", `{}`, "no such question"},
		{"prune", `{}`, "no such question"},
	} {
		j, a := ask(c[0], c[1])
		if a.Code == http.StatusOK && (j.Summary == nil || j.Summary.Code == 0) || !strings.Contains(a.Body.String(), c[2]) {
			t.Errorf("%s %s: %d %s", c[0], c[1], a.Code, a.Body)
		}
	}
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"} {
		if a := s.do(http.MethodPost, s.base+"/api/backup", form("{}"), head("Content-Type", kind)); a.Code !=
			http.StatusUnsupportedMediaType {
			t.Errorf("%q: %d", kind, a.Code)
		}
	}
	j, a := ask("restore", fmt.Sprintf(`{"snapshot":"oldest","paths":["docs"],"target":%q,"dry_run":true}`, target))
	if a.Code != http.StatusOK || j.Kind != "look" || j.Summary == nil || j.Summary.Look == nil ||
		j.Summary.Look.New != 3 || j.Summary.Ticket == "" || !j.Summary.Restore.DryRun {
		t.Fatalf("%d %s %+v", a.Code, a.Body, j.Summary)
	}
	j, _ = ask("restore", fmt.Sprintf(`{"ticket":%q}`, j.Summary.Ticket))
	if j.Kind != "restore" || j.Summary == nil || j.Summary.Restore == nil || j.Summary.Restore.FilesRestored != 3 {
		t.Fatalf("%+v", j.Summary)
	}
	p.Write("more.txt", "more")
	if j, _ = ask("backup", `{"note":"n","tags":["t"]}`); j.Summary == nil || j.Summary.Backup == nil ||
		j.Summary.Backup.FilesNew != 1 || j.Summary.Backup.Snapshot.Note != "n" {
		t.Errorf("%+v", j.Summary)
	}
	if j, _ = ask("check", `{"read_data":true}`); j.Summary == nil || j.Summary.Code != 0 {
		t.Errorf("%+v", j.Summary)
	}
	var all []told
	p.Do(json.Unmarshal([]byte(s.get(t, s.base+"/api/jobs")), &all))
	if len(all) < 4 || all[len(all)-1].Kind != "check" {
		t.Errorf("%+v", all)
	}
}

// TestServerEndsItsJobs: with the server its job ends, as an interrupt ends a command.
func TestServerEndsItsJobs(t *testing.T) {
	s := show(t, diary(t))
	j := s.waiting(nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.serve(ctx, nil); err != nil {
		t.Error(err)
	}
	if end := j.State().End; end == nil || end.Code != 130 {
		t.Errorf("%+v", end)
	}
}

// TestServerWaitsForItsJobs: none ends because nobody looks, while a job is at work.
func TestServerWaitsForItsJobs(t *testing.T) {
	s := show(t, diary(t), func(o *Options) { o.Idle = time.Millisecond })
	goOn, done := make(chan struct{}), make(chan error)
	j := s.waiting(goOn)
	go func() { done <- s.serve(t.Context(), nil) }()
	for range 3 { // it has looked at the clock, and gone on
		for before := s.asked.Load(); s.asked.Load() == before; {
			runtime.Gosched()
		}
	}
	close(goOn)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if end := j.State().End; end == nil || end.Code != 0 {
		t.Errorf("%+v", end)
	}
}
