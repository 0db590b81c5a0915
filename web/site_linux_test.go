package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"snap/backup"
	"snap/backup/backuptest"
	"snap/cli/state"
	"snap/destination"
	"snap/internal/harness"
	"snap/job"
)

func TestMain(m *testing.M) { os.Exit(harness.Run(m)) }

// shown is a destination with a site that shows it, and a browser that has signed in.
type shown struct {
	*backuptest.Place
	*site
	cookie *http.Cookie
}

var testNow = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const testPort = 7627

func show(t testing.TB, p *backuptest.Place, change ...func(*Options)) *shown {
	t.Helper()
	o := Options{
		Dir: p.Dest, Folders: Folders{State: t.TempDir()}, Now: func() time.Time { return testNow },
	}
	var err error
	if o.Key, err = ReadKey(o.Folders); err != nil {
		t.Fatal(err)
	}
	o.Place = placeOf(t, p)
	for _, f := range change {
		f(&o)
	}
	s, err := newSite(o, testPort)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.endJobs)
	cookie, err := s.guard.use(s.guard.code(), false)
	if err != nil {
		t.Fatal(err)
	}
	return &shown{p, s, cookie}
}

// placeOf is where jobs work, for a user who has a home.
func placeOf(t testing.TB, p *backuptest.Place) job.Place {
	env := map[string]string{"HOME": t.TempDir(), "XDG_STATE_HOME": t.TempDir(), "PATH": os.Getenv("PATH")}
	return job.Place{Dest: p.Dest, Now: func() time.Time { return testNow }, User: &state.User{
		LookupEnv: func(k string) (string, bool) { v, ok := env[k]; return v, ok },
	}}
}

// snapshot makes a snapshot of this name, which says its time.
func snapshot(p *backuptest.Place, name string) {
	p.T.Helper()
	at, err := time.Parse("20060102-150405", name)
	p.Do(err)
	p.Backup(func(o *backup.Options) { o.Time, o.Name = at, func(time.Time) string { return name } })
}

// diary is a source with a life of three days: changed, moved and removed files.
func diary(t testing.TB) *backuptest.Place {
	p := backuptest.NewPlace(t)
	p.Write("docs/recipes.md", "# Recipes\n\n2 eggs\nsalt\n")
	p.Write("docs/letters/landlord.txt", "Dear Sir\n")
	p.Write("docs/photo.png", "\x89PNG\r\n\x1a\nnot much of one")
	p.Write("ideas.txt", "one\n")
	p.Do(os.Symlink("/etc", p.Path("to-etc")))
	snapshot(p, "20261119-100000")
	p.Write("docs/recipes.md", "# Recipes\n\n3 eggs\nsalt\n")
	p.Do(os.Remove(p.Path("docs/letters/landlord.txt")))
	snapshot(p, "20261120-100000")
	p.Do(os.Rename(p.Path("ideas.txt"), p.Path("docs/thoughts.txt")))
	p.Write("docs/new.txt", "new\n")
	p.Do(os.Mkdir(p.Path("later"), 0o755))
	snapshot(p, "20261121-100000")
	return p
}

// answer is what came back. broken says that the connection was cut off.
type answer struct {
	*httptest.ResponseRecorder
	broken bool
}

// do asks the site, as a browser that has signed in and is on one of its pages. What the request has begun has ended
// when it returns.
func (s *shown) do(method, address string, change ...func(*http.Request)) answer {
	a := s.doNow(method, address, change...)
	if method == http.MethodPost {
		s.jobs.Wait(context.Background())
	}
	return a
}

// doNow is do, and waits for nothing.
func (s *shown) doNow(method, address string, change ...func(*http.Request)) (a answer) {
	r := httptest.NewRequest(method, address, nil)
	r.Host = "127.0.0.1:7627"
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.AddCookie(s.cookie)
	for _, f := range change {
		f(r)
	}
	a.ResponseRecorder = httptest.NewRecorder()
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			a.broken = true
		}
	}()
	s.ServeHTTP(a, r)
	return a
}

// get is the body of a page that has to be there.
func (s *shown) get(t testing.TB, address string, change ...func(*http.Request)) string {
	t.Helper()
	a := s.do(http.MethodGet, address, change...)
	if a.Code != http.StatusOK || a.broken {
		t.Fatalf("%s: %d %.300s", address, a.Code, a.Body)
	}
	return a.Body.String()
}

// head sets a header of a request.
func head(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		if r.Header.Set(name, value); value == "" {
			r.Header.Del(name)
		}
	}
}

func withoutCookie(r *http.Request) { r.Header.Del("Cookie") }

func form(text string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = io.NopCloser(strings.NewReader(text))
		r.ContentLength = int64(len(text))
	}
}

// addresses are one of each route, with a method.
func (s *shown) addresses() map[string]string {
	all := map[string]string{}
	for _, to := range s.guard.routes {
		at := s.base + "/" + to.name
		switch to.name {
		case "s", "zip", "tar", "restore":
			at += "/20261121-100000/docs"
		case "raw":
			at += "/20261121-100000/docs/new.txt"
		case "f", "live":
			at += "/docs/recipes.md"
		case "snapshot":
			at += "/20261121-100000"
		case "delete":
			at += "?d=1"
		case "diff":
			at += "/20261119-100000/20261121-100000/docs"
		case "find":
			at += "?q=recipes"
		case "static":
			at = s.Static("app.css")
		case "api":
			if at += "/list"; to.method == http.MethodPost {
				at = s.base + "/api/check"
			}
		case "jobs":
			if at += "/"; to.method == http.MethodPost {
				j, err := s.jobs.Start(job.Check, func(context.Context, *job.Watcher) (any, error) { return nil, nil })
				s.Do(err)
				<-j.Done()
				at += strconv.Itoa(j.ID) + "/cancel"
			}
		}
		all[to.method+" "+at] = at
	}
	return all
}

// bodyOf is a form for the routes that take one.
func bodyOf(method, at string) func(*http.Request) {
	if method != http.MethodPost || strings.HasSuffix(at, "/theme") {
		return form("to=dark")
	}
	if strings.HasSuffix(at, "/labels") {
		return form("snapshot=20261121-100000&add=seen")
	}
	if strings.Contains(at, "/api/") {
		return func(r *http.Request) {
			form("{}")(r)
			r.Header.Set("Content-Type", "application/json")
		}
	}
	return form("p=docs%2Fnew.txt")
}

// parsed is a page as a browser reads it.
func parsed(t testing.TB, page string) *html.Node {
	t.Helper()
	n, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// elements are all elements of a page.
func elements(n *html.Node) (all []*html.Node) {
	for e := range n.Descendants() {
		if e.Type == html.ElementNode {
			all = append(all, e)
		}
	}
	return all
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// textOf is what stands in an element.
func textOf(n *html.Node) string {
	var b strings.Builder
	for e := range n.Descendants() {
		if e.Type == html.TextNode {
			b.WriteString(e.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// listening runs the whole server, and gives its address and how to end it.
func listening(t *testing.T, o Options) (link string, end func() error) {
	t.Helper()
	links := make(chan string, 1)
	o.Start = func(link string) { links <- link }
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, o) }()
	select {
	case link = <-links:
	case err := <-done:
		cancel()
		t.Fatal(err)
	}
	ended := false
	end = func() error {
		if ended {
			return nil
		}
		ended = true
		cancel()
		return <-done
	}
	t.Cleanup(func() { end() })
	return link, end
}

func optionsFor(t *testing.T, p *backuptest.Place) Options {
	t.Helper()
	o := Options{Dir: p.Dest, Folders: Folders{State: t.TempDir()}, Now: func() time.Time { return testNow },
		Place: placeOf(t, p)}
	var err error
	if o.Key, err = ReadKey(o.Folders); err != nil {
		t.Fatal(err)
	}
	return o
}

func in(dir, name string) string { return filepath.Join(dir, name) }

// walk visits everything below dir.
func walk(dir string, visit func(path string, info os.FileInfo) error) error {
	return filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		return visit(path, info)
	})
}

// emptyPlace is a destination that nothing was backed up to.
func emptyPlace(t *testing.T) *backuptest.Place {
	p := backuptest.NewPlace(t)
	d, err := destination.Open(t.Context(), p.Dest, destination.Options{Create: true})
	p.Do(err)
	p.Do(d.Close())
	return p
}
