package web

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"snap/destination"
)

func deleting(o *Options) { o.AllowDelete = true }

// field is the value of a field on a page.
func field(t testing.TB, page, name string) string {
	t.Helper()
	for _, e := range elements(parsed(t, page)) {
		if e.Data == "input" && attribute(e, "name") == name {
			return attribute(e, "value")
		}
	}
	return ""
}

// names are the snapshots of the destination as its folders say it.
func (s *shown) names() string {
	all, err := os.ReadDir(s.Dest)
	s.Do(err)
	var names []string
	for _, e := range all {
		if strings.HasPrefix(e.Name(), "2026") {
			names = append(names, e.Name())
		}
	}
	return strings.Join(names, " ")
}

const threeNames = "20261119-100000 20261120-100000 20261121-100000"

// TestDeletingIsOffUnlessAllowed: no route, no page and no question of the API deletes anything, or speaks of it.
func TestDeletingIsOffUnlessAllowed(t *testing.T) {
	for what, o := range map[string]func(*Options){
		"by default": func(*Options) {}, "read-only": func(o *Options) { o.AllowDelete, o.ReadOnly = true, true },
	} {
		s := show(t, diary(t), o)
		for _, at := range []string{"/delete?d=1", "/delete", "/delete/"} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				a := s.do(method, s.base+at, form("d=1&count=1"))
				if a.Code != http.StatusNotFound && (method == http.MethodGet || a.Code < 400) {
					t.Errorf("%s: %s %s: %d", what, method, at, a.Code)
				}
			}
		}
		for _, name := range []string{"delete", "prune"} {
			a := s.do(http.MethodPost, s.base+"/api/"+name, func(r *http.Request) {
				form(`{"snapshots":["20261119-100000"],"dry_run":true}`)(r)
				r.Header.Set("Content-Type", "application/json")
			})
			if a.Code < 400 {
				t.Errorf("%s: POST /api/%s: %d %s", what, name, a.Code, a.Body)
			}
		}
		for _, at := range []string{s.Home(), s.site.Space("", "count", "1", "d", "1"), s.site.Keep("keep_last", "1"),
			s.site.Snapshot("20261119-100000"), s.site.Health()} {
			if page := s.get(t, at); strings.Contains(page, "/delete") {
				t.Errorf("%s: %s speaks of deleting", what, at)
			}
		}
		if got := s.names(); got != threeNames {
			t.Errorf("%s: %s", what, got)
		}
	}
}

// TestDeletingNeedsItsLook: nothing goes without a ticket for exactly this, and the number typed; and with both nothing
// else does.
func TestDeletingNeedsItsLook(t *testing.T) {
	s := show(t, diary(t), deleting)
	at := s.site.Delete(params{"d", "1", "d", "2"})
	page := s.get(t, at)
	says(t, "the look", told(t, page), "Delete 2 snapshots, and free", "type 2 , the number", "19 Nov, 10:00",
		"Nothing is deleted yet",
		"snap delete -d", "20261119-100000 20261120-100000")
	ticket := field(t, page, "ticket")
	one := field(t, s.get(t, s.site.Delete(params{"d", "1"})), "ticket")
	rules := field(t, s.get(t, s.site.Delete(params{"rules", "1", "keep_last", "1"})), "ticket")
	other := show(t, s.Place, deleting)
	others := field(t, other.get(t, other.site.Delete(params{"d", "1", "d", "2"})), "ticket")
	send := func(body string) answer { return s.do(http.MethodPost, s.base+"/delete", form(body)) }
	for what, c := range map[string]struct {
		body   string
		status int
	}{
		"no ticket":                  {"d=1&d=2&count=2", 409},
		"an empty one":               {"d=1&d=2&count=2&ticket=", 409},
		"one of another look":        {"d=1&d=2&count=2&ticket=" + one, 409},
		"one for rules":              {"d=1&d=2&count=2&ticket=" + rules, 409},
		"one of another run":         {"d=1&d=2&count=2&ticket=" + others, 409},
		"a longer one":               {"d=1&d=2&count=2&ticket=" + ticket + "AA", 409},
		"a changed one":              {"d=1&d=2&count=2&ticket=B" + ticket[1:], 409},
		"more than was looked at":    {"d=1&d=2&d=3&count=3&ticket=" + ticket, 409},
		"fewer":                      {"d=1&count=1&ticket=" + ticket, 409},
		"by rules":                   {"rules=1&keep_last=1&count=2&ticket=" + ticket, 409},
		"no number":                  {"d=1&d=2&ticket=" + ticket, 400},
		"another number":             {"d=1&d=2&count=3&ticket=" + ticket, 400},
		"a word":                     {"d=1&d=2&count=yes&ticket=" + ticket, 400},
		"a number in another script": {"d=1&d=2&count=%D9%A2&ticket=" + ticket, 400},
		"no rule":                    {"rules=1&count=2&ticket=" + ticket, 400},
		"none that is there":         {"d=77&count=1&ticket=" + ticket, 404},
		"no number of a snapshot":    {"d=x&count=1&ticket=" + ticket, 400},
	} {
		if a := send(c.body); a.Code != c.status {
			t.Errorf("%s: %d %.200s", what, a.Code, told(t, a.Body.String()))
		}
		if got := s.names(); got != threeNames {
			t.Fatalf("%s: %s", what, got)
		}
	}
	if a := send("d=1&d=2&count=5&ticket=" + ticket); !strings.Contains(told(t, a.Body.String()), "type 2") ||
		field(t, a.Body.String(), "ticket") == "" {
		t.Error("who typed another number is not asked again")
	}
	if a := s.do(http.MethodPost, at, form("count=2&ticket="+ticket)); a.Code < 400 { // not what is in the address
		t.Errorf("%d", a.Code)
	}
	a := send("d=1-2&count=2&ticket=" + ticket)
	if a.Code != http.StatusSeeOther {
		t.Fatalf("%d %.300s", a.Code, told(t, a.Body.String()))
	}
	says(t, "the job", told(t, s.get(t, a.Header().Get("Location"))), "Deleted 2 snapshots", "freed")
	if got := s.names(); got != "20261121-100000" {
		t.Errorf("%s", got)
	}
	if a := send("d=1&d=2&count=2&ticket=" + ticket); a.Code < 400 { // once
		t.Errorf("again: %d", a.Code)
	}
	last := s.do(http.MethodGet, s.site.Delete(params{"d", "3"}))
	says(t, "the last one", told(t, last.Body.String()), "no snapshot would be left")
	if last.Code != http.StatusConflict || field(t, last.Body.String(), "ticket") != "" {
		t.Errorf("the last one: %d", last.Code)
	}
}

// TestLooksEnd: a look is good for ten minutes.
func TestLooksEnd(t *testing.T) {
	now := testNow
	s := show(t, diary(t), deleting, func(o *Options) { o.Now = func() time.Time { return now } })
	ticket := field(t, s.get(t, s.site.Delete(params{"d", "1"})), "ticket")
	now = now.Add(ticketLife)
	if a := s.do(http.MethodPost, s.base+"/delete", form("d=1&count=1&ticket="+ticket)); a.Code != http.StatusConflict {
		t.Errorf("%d", a.Code)
	}
	now = now.Add(-time.Second)
	if a := s.do(http.MethodPost, s.base+"/delete", form("d=1&count=1&ticket="+ticket)); a.Code != http.StatusSeeOther {
		t.Errorf("%d", a.Code)
	}
}

// TestDeletingByRules: the same set as snap prune, and not another one if a snapshot was pinned since the look.
func TestDeletingByRules(t *testing.T) {
	p := diary(t)
	s := show(t, p, deleting)
	q := "rules=1&keep_last=2"
	page := s.get(t, s.base+"/delete?"+q)
	says(t, "the look", told(t, page), "Delete 1 snapshot, and free", "no rule keeps it", "snap prune -d", "--keep-last 2")
	body := q + "&count=1&ticket=" + field(t, page, "ticket")
	pin := func(tags ...string) {
		d, err := destination.Open(t.Context(), p.Dest, destination.Options{})
		p.Do(err)
		p.Do(d.SetLabels(t.Context(), "20261119-100000", tags, ""))
		p.Do(d.Close())
	}
	pin("pin")
	if a := s.do(http.MethodPost, s.base+"/delete", form(body)); a.Code < 400 || s.names() != threeNames {
		t.Errorf("%d %s", a.Code, s.names())
	}
	if a := s.do(http.MethodGet, s.site.Delete(params{"d", "1"})); a.Code != http.StatusConflict ||
		!strings.Contains(told(t, a.Body.String()), "is pinned") {
		t.Errorf("a pinned one: %d", a.Code)
	}
	pin()
	if a := s.do(http.MethodPost, s.base+"/delete", form(body)); a.Code != http.StatusSeeOther ||
		s.names() != "20261120-100000 20261121-100000" {
		t.Errorf("%d %s", a.Code, s.names())
	}
	for _, none := range []string{"rules=1&keep_last=9", "rules=1&keep_last=x", "rules=1&keep_tag=none&keep_last=1",
		"rules=1"} {
		a := s.do(http.MethodGet, s.base+"/delete?"+none)
		if text := told(t, a.Body.String()); a.Code < 400 && !strings.Contains(text, "No snapshot would go") ||
			field(t, a.Body.String(), "count") != "" || strings.Contains(a.Body.String(), `name="count"`) {
			t.Errorf("%s: %d %.200s", none, a.Code, text)
		}
	}
}

// TestDeletingIsGuarded: as everything else that is POST is.
func TestDeletingIsGuarded(t *testing.T) {
	s := show(t, diary(t), deleting)
	ticket := field(t, s.get(t, s.site.Delete(params{"d", "1"})), "ticket")
	body := form("d=1&count=1&ticket=" + url.QueryEscape(ticket))
	for what, change := range map[string]func(*http.Request){
		"another origin": head("Origin", "http://evil.example"), "another port": head("Origin", "http://127.0.0.1:9999"),
		"another site": head("Sec-Fetch-Site", "cross-site"), "nobody": withoutCookie, "no origin": head("Origin", "null"),
		"another name": func(r *http.Request) { r.Host = "evil.example" },
	} {
		a := s.do(http.MethodPost, s.base+"/delete", body, head("Sec-Fetch-Site", ""), change)
		if a.Code < 400 || s.names() != threeNames {
			t.Errorf("%s: %d %s", what, a.Code, s.names())
		}
	}
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "PATCH"} {
		s.do(method, s.base+"/delete?d=1&count=1&ticket="+ticket)
		if s.names() != threeNames {
			t.Fatalf("%s deletes", method)
		}
	}
}
