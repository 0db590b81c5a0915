package web

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"snap/backup"
	"snap/backup/backuptest"
)

// TestNowBesideAVersion: the file of the source can be looked at as B, where it is here; and nothing else of this
// machine.
func TestNowBesideAVersion(t *testing.T) {
	p := diary(t)
	p.Write("docs/recipes.md", "# Recipes\n\n4 eggs\nsalt\n")
	p.Write("docs/not-backed-up.txt", "secret")
	s := show(t, p)
	page := s.get(t, s.File("docs/recipes.md"))
	text := textOf(wellFormed(t, "file", page))
	if !strings.Contains(text, "2 versions Now not backed up yet") || strings.Contains(text, "4 eggs") {
		t.Error(text)
	}
	page = s.get(t, s.File("docs/recipes.md", "b", "now"))
	text = textOf(wellFormed(t, "now", page))
	for _, want := range []string{"4 eggs", "3 eggs", "+1 −1 lines", "B now", "as it is on this machine"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	for _, not := range []string{"/raw/now/", "snap restore now", "Download version B", "Restore…"} {
		if strings.Contains(page, not) {
			t.Errorf("%q is on the page", not)
		}
	}
	page = s.get(t, s.File("docs/recipes.md", "a", "20261119-100000", "b", "now"))
	if !strings.Contains(textOf(parsed(t, page)), "2 eggs") {
		t.Error("another A is not taken")
	}
	text = textOf(parsed(t, s.get(t, s.File("docs/photo.png", "b", "now"))))
	if !strings.Contains(text, "as in the newest snapshot") {
		t.Error(text)
	}
	if got := s.get(t, s.Live("docs/recipes.md")); !strings.Contains(got, "4 eggs") {
		t.Errorf("%q", got)
	}
	// gone, or only at an older name: the newest version takes its place
	for _, at := range []string{"docs/letters/landlord.txt", "ideas.txt"} {
		if page := s.get(t, s.File(at, "b", "now")); strings.Contains(textOf(parsed(t, page)), "not backed up yet") {
			t.Errorf("%s is there", at)
		}
	}

	p.Do(os.Remove(p.Path("docs/photo.png")))
	p.Do(os.Symlink("/etc/passwd", p.Path("docs/photo.png")))
	p.Do(os.Remove(p.Path("docs/new.txt")))
	p.Do(os.Mkdir(p.Path("docs/new.txt"), 0o755))
	for _, at := range []string{"docs/photo.png", "docs/new.txt", "docs/not-backed-up.txt", "docs", "", "../dest",
		"to-etc", "to-etc/passwd", "docs/letters/landlord.txt"} {
		if a := s.do(http.MethodGet, s.Live(at)); a.Code < 400 || strings.Contains(a.Body.String(), "root:") {
			t.Errorf("%s: %d %.100s", at, a.Code, a.Body)
		}
		if a := s.do(http.MethodGet, s.File(at, "b", "now")); strings.Contains(a.Body.String(), "root:x") {
			t.Errorf("%s: what a link leads to is shown", at)
		}
	}
}

// TestNowOfAnotherMachine: what stands at the same path here is another file.
func TestNowOfAnotherMachine(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("a.txt", "one\n")
	p.Backup(func(o *backup.Options) { o.Host = "another" })
	s := show(t, p)
	if page := s.get(t, s.File("a.txt", "b", "now")); strings.Contains(textOf(parsed(t, page)), "Now as in") {
		t.Error("it is offered")
	}
	if a := s.do(http.MethodGet, s.Live("a.txt")); a.Code != http.StatusNotFound {
		t.Errorf("%d", a.Code)
	}
}

// TestLiveBytesAreNoSaferThanRawOnes: what was written here may run as little as what was backed up.
func TestLiveBytesAreNoSaferThanRawOnes(t *testing.T) {
	p := backuptest.NewPlace(t)
	for _, name := range []string{"a.html", "a.js", "a.svg", "a.png"} {
		p.Write(name, "<script>alert(1)</script>")
	}
	p.Backup()
	s := show(t, p)
	for name, want := range map[string]string{"a.html": "application/octet-stream attachment",
		"a.js": "application/octet-stream attachment", "a.svg": "application/octet-stream attachment",
		"a.png": "image/png inline"} {
		at := s.Live(name)
		a := s.do(http.MethodGet, at, head("Sec-Fetch-Dest", "document"), head("Sec-Fetch-Mode", "navigate"))
		h := a.Header()
		how, _, _ := strings.Cut(h.Get("Content-Disposition"), ";")
		if got := h.Get("Content-Type") + " " + how; a.Code != http.StatusOK || got != want {
			t.Errorf("%s: %d %s; want %s", name, a.Code, got, want)
		}
		if h.Get("Content-Security-Policy") != rawPolicy || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", name, h)
		}
		for _, dest := range []string{"script", "style", "worker", "serviceworker", "object", "embed", "iframe", "frame"} {
			if a := s.do(http.MethodGet, at, head("Sec-Fetch-Dest", dest)); a.Code != http.StatusForbidden {
				t.Errorf("%s as %s: %d", name, dest, a.Code)
			}
		}
	}
	a := s.do(http.MethodGet, s.Live("a.svg"), head("Sec-Fetch-Dest", "image"))
	if a.Header().Get("Content-Type") != "image/svg+xml" || a.Header().Get("Content-Security-Policy") != rawPolicy {
		t.Errorf("a picture of ours: %v", a.Header())
	}
}
