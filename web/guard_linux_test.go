package web

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestAnotherHostIsRefused: a name that somebody else's DNS leads here reads nothing, whatever else it says.
func TestAnotherHostIsRefused(t *testing.T) {
	s := show(t, diary(t), func(o *Options) { o.Hosts = []string{"Backup.example"} })
	for _, host := range []string{
		"evil.example", "evil.example:7627", "127.0.0.1.evil.example", "localhost.evil.example:7627", "127.0.0.2:7627", "",
		"0.0.0.0:7627", "[::]:7627", "127.0.0.1:7627:7627", "127.0.0.1:x", "127.0.0.1:99999", "127.0.0.1:07627",
		"localhost:7627; script-src *", "127.0.0.1 ", "2130706433:7627", "0x7f.1:7627", "[::ffff:127.0.0.1]:7627",
		"backup.example.evil", "user@127.0.0.1:7627",
	} {
		for method, at := range s.addresses() {
			method, _, _ = strings.Cut(method, " ")
			a := s.do(method, at, func(r *http.Request) { r.Host = host }, bodyOf(method, at))
			if a.Code != http.StatusMisdirectedRequest || strings.Contains(a.Body.String(), "recipes") {
				t.Errorf("%q, %s %s: %d %.100s", host, method, at, a.Code, a.Body)
			}
		}
	}
	for _, host := range []string{"127.0.0.1:7627", "localhost:7627", "LOCALHOST", "127.0.0.1", "backup.example:1",
		"backup.EXAMPLE"} {
		if a := s.do(http.MethodGet, s.Home(), func(r *http.Request) { r.Host = host }); a.Code != http.StatusOK {
			t.Errorf("%q: %d", host, a.Code)
		}
	}
}

// TestForwardedPortWorks: behind ssh -L the port is another, and the policy names the address as the browser knows it.
func TestForwardedPortWorks(t *testing.T) {
	s := show(t, diary(t))
	a := s.do(http.MethodGet, s.Home(), func(r *http.Request) { r.Host = "localhost:9000" })
	if a.Code != http.StatusOK {
		t.Fatalf("%d", a.Code)
	}
	if p := a.Header().Get("Content-Security-Policy"); !strings.Contains(p,
		"script-src http://localhost:9000"+s.base+"/static/;") {
		t.Error(p)
	}
}

// TestAddressOfIPv6LeadsToItsName: a policy has no word for it.
func TestAddressOfIPv6LeadsToItsName(t *testing.T) {
	s := show(t, diary(t))
	a := s.do(http.MethodGet, s.Home()+"?x=1", func(r *http.Request) { r.Host = "[::1]:7627" })
	if to := a.Header().Get("Location"); a.Code != http.StatusTemporaryRedirect ||
		to != "http://localhost:7627"+s.Home()+"?x=1" {
		t.Errorf("%d %q", a.Code, to)
	}
}

// TestOtherSitesReadNothing: every route refuses what another site makes a browser ask, but that a link may lead to a
// page, in a window of its own.
func TestOtherSitesReadNothing(t *testing.T) {
	s := show(t, diary(t))
	for at, address := range s.addresses() {
		method, _, _ := strings.Cut(at, " ")
		name := strings.TrimPrefix(address, s.base+"/")
		name, _, _ = strings.Cut(name, "/")
		name, _, _ = strings.Cut(name, "?")
		pages := " s f find snapshots jobs restore " + careScreens
		page := method == http.MethodGet && strings.Contains(pages, " "+name+" ") || address == s.Home()
		for _, site := range []string{"cross-site", "same-site"} {
			for _, mode := range [][2]string{
				{"no-cors", "image"}, {"no-cors", "script"}, {"cors", "empty"}, {"no-cors", "style"}, {"navigate", "iframe"},
				{"navigate", "frame"}, {"navigate", "object"}, {"navigate", "embed"}, {"websocket", "websocket"},
				{"no-cors", "video"}, {"no-cors", "empty"}, {"same-origin", "document"}, {"", ""},
			} {
				a := s.do(method, address, head("Sec-Fetch-Site", site), head("Sec-Fetch-Mode", mode[0]),
					head("Sec-Fetch-Dest", mode[1]), bodyOf(method, address))
				if a.Code != http.StatusForbidden {
					t.Errorf("%s, %s %v: %d", at, site, mode, a.Code)
				}
			}
			a := s.do(method, address, head("Sec-Fetch-Site", site), head("Sec-Fetch-Mode", "navigate"),
				head("Sec-Fetch-Dest", "document"), bodyOf(method, address))
			if (a.Code == http.StatusOK) != page {
				t.Errorf("a link to %s: %d", at, a.Code)
			}
		}
		for _, h := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"} {
			a := s.do(method, address, head("Origin", "http://evil.example"), head("Sec-Fetch-Site", "cross-site"))
			if a.Header().Get(h) != "" {
				t.Errorf("%s: %s", at, h)
			}
		}
	}
}

// TestEveryPostRefusesOtherOrigins: with and without what new browsers say.
func TestEveryPostRefusesOtherOrigins(t *testing.T) {
	s := show(t, diary(t))
	posts := 0
	for at, address := range s.addresses() {
		method, _, _ := strings.Cut(at, " ")
		if method == http.MethodGet {
			continue
		}
		posts++
		for _, origin := range []string{"http://evil.example", "http://127.0.0.1:9999", "null", "https://127.0.0.1:7627"} {
			site := ""
			if origin == "https://127.0.0.1:7627" || origin == "http://127.0.0.1:9999" {
				site = "same-site"
			}
			a := s.do(method, address, head("Origin", origin), head("Sec-Fetch-Site", site), bodyOf(method, address))
			if a.Code != http.StatusForbidden {
				t.Errorf("%s from %s: %d", at, origin, a.Code)
			}
		}
		if a := s.do(method, address, head("Origin", "http://127.0.0.1:7627"), bodyOf(method, address)); a.Code >= 400 {
			t.Errorf("%s from itself: %d %.200s", at, a.Code, a.Body)
		}
	}
	if posts == 0 {
		t.Error("no POST was tried")
	}
}

// TestNoGetChangesAnything: after every GET there is, nothing in the destination or the state is another.
func TestNoGetChangesAnything(t *testing.T) {
	p := diary(t)
	s := show(t, p)
	before := stateOf(t, p.Dest) + stateOf(t, s.o.Folders.State)
	for at, address := range s.addresses() {
		if method, _, _ := strings.Cut(at, " "); method != http.MethodGet {
			continue
		}
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			a := s.do(method, address)
			if a.Code != http.StatusOK {
				t.Errorf("%s: %d", at, a.Code)
			}
			if c := a.Header().Get("Set-Cookie"); c != "" {
				t.Errorf("%s sets %s", at, c)
			}
		}
		for _, method := range []string{"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"} {
			if a := s.do(method, address); a.Code != http.StatusMethodNotAllowed {
				t.Errorf("%s %s: %d", method, at, a.Code)
			}
		}
	}
	if after := stateOf(t, p.Dest) + stateOf(t, s.o.Folders.State); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// stateOf is every file below dir with what it is and holds, but for the times it was read.
func stateOf(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := walk(dir, func(path string, info os.FileInfo) error {
		fmt.Fprintf(&b, "%s %v %d %v\n", path, info.Mode(), info.Size(), info.ModTime())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestWithoutSessionThereIsNothing: no route tells anything to whoever has not signed in, and none tells whether it is
// there.
func TestWithoutSessionThereIsNothing(t *testing.T) {
	s := show(t, diary(t))
	other := show(t, s.Place)     // another run, with another key
	same := func() *http.Cookie { // another run of the same key
		again, err := newSite(s.o, testPort)
		if err != nil {
			t.Fatal(err)
		}
		c, err := again.guard.use(again.guard.code(), false)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}()
	bad := *s.cookie
	letter := "A"
	if bad.Value[20] == 'A' {
		letter = "B"
	}
	bad.Value = bad.Value[:20] + letter + bad.Value[21:]
	code := http.Cookie{Name: s.cookie.Name, Value: s.guard.code()} // a code is no session
	want := ""
	all := s.addresses()
	all["GET nothing"] = s.base + "/nothing/here"
	all["GET outside"] = "/"
	all["GET a guess"] = "/aaaaaaaaaaaa/"
	for at, address := range all {
		method, _, _ := strings.Cut(at, " ")
		for who, c := range map[string]*http.Cookie{
			"nobody": nil, "another key": other.cookie, "another run": same, "a bad cookie": &bad, "a code": &code,
			"an empty one": {Name: s.cookie.Name},
		} {
			a := s.do(method, address, withoutCookie, func(r *http.Request) {
				if c != nil {
					r.AddCookie(c)
				}
			}, bodyOf(method, address))
			if a.Code != http.StatusUnauthorized {
				t.Errorf("%s, %s: %d", at, who, a.Code)
			}
			if want == "" {
				want = a.Body.String()
			}
			if a.Body.String() != want {
				t.Errorf("%s, %s: %s", at, who, a.Body)
			}
		}
	}
	if strings.Contains(want, "recipes") || strings.Contains(want, s.base) {
		t.Error(want)
	}
	for at, address := range s.addresses() {
		method, _, _ := strings.Cut(at, " ")
		if a := s.do(method, address, bodyOf(method, address)); a.Code >= 400 {
			t.Errorf("%s: %d to who has signed in", at, a.Code)
		}
	}
}

// TestWithoutItsKeyNobodyIsSignedIn: removing the file ends all sessions at once.
func TestWithoutItsKeyNobodyIsSignedIn(t *testing.T) {
	s := show(t, diary(t))
	s.get(t, s.Home())
	code := s.guard.code()
	s.Do(os.Remove(in(s.o.Folders.State, keyName)))
	for _, at := range []string{s.Home(), s.SignIn(code)} {
		if a := s.do(http.MethodGet, at); a.Code != http.StatusUnauthorized {
			t.Errorf("%s: %d", at, a.Code)
		}
	}
}

// TestPolicyOnEveryAnswer: pages, refusals, errors, bytes and redirects have the policy, and pages the strict one.
func TestPolicyOnEveryAnswer(t *testing.T) {
	s := show(t, diary(t))
	all := s.addresses()
	for _, more := range []string{"/s/nowhere/", "/s/latest/", "/f/nothing", "/raw/latest/docs/recipes.md", "/x",
		"/in/bad", "/api/x"} {
		all["GET "+s.base+more] = s.base + more
	}
	for at, address := range all {
		method, _, _ := strings.Cut(at, " ")
		for _, change := range []func(*http.Request){func(*http.Request) {}, withoutCookie, head("Sec-Fetch-Site",
			"cross-site")} {
			a := s.do(method, address, bodyOf(method, address), change)
			policy := a.Header().Get("Content-Security-Policy")
			if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") ||
				strings.Contains(policy, "script-src 'self'") || !strings.Contains(policy, "frame-ancestors 'none'") ||
				!strings.Contains(policy, "base-uri 'none'") {
				t.Errorf("%s: %d %q", at, a.Code, policy)
			}
			bytes := slices.ContainsFunc([]string{"/raw/", "/live/", "/zip/", "/tar/"}, func(of string) bool {
				return strings.Contains(address, of)
			})
			if !bytes && !strings.Contains(policy, "require-trusted-types-for 'script'") {
				t.Errorf("%s: %q", at, policy)
			}
			if bytes && a.Code < 300 && !strings.HasSuffix(policy, "; sandbox") {
				t.Errorf("%s: %q", at, policy)
			}
			for name, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
				"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
			} {
				if got := a.Header().Get(name); got != want {
					t.Errorf("%s: %s: %q", at, name, got)
				}
			}
			if !strings.Contains(address, "/static/") && a.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s may be kept", at)
			}
		}
	}
}

// TestReadOnlyHasNoPost: no route takes anything but questions then, and no page offers any.
func TestReadOnlyHasNoPost(t *testing.T) {
	s := show(t, diary(t), func(o *Options) { o.ReadOnly = true })
	whole := show(t, s.Place)
	for at, address := range whole.addresses() {
		address = s.base + strings.TrimPrefix(address, whole.base)
		method, _, _ := strings.Cut(at, " ")
		if a := s.do(http.MethodPost, address, bodyOf(http.MethodPost, address)); a.Code < 400 {
			t.Errorf("POST %s: %d", address, a.Code)
		}
		if method == http.MethodGet && !strings.Contains(address, "static") {
			page := s.get(t, address)
			if strings.Contains(page, `method="post"`) {
				t.Errorf("%s offers a POST", address)
			}
		}
	}
}

// TestNothingDeletesByDefault: there is no route that could.
func TestNothingDeletesByDefault(t *testing.T) {
	s := show(t, diary(t))
	known := " theme zip tar backup check restore jobs api labels "
	for _, to := range s.guard.routes {
		if to.method != http.MethodGet && !strings.Contains(known, " "+to.name+" ") {
			t.Errorf("%s %s may change something", to.method, to.name)
		}
	}
}

// TestRootIsTold: whoever looks as root is told so.
func TestRootIsTold(t *testing.T) {
	p := diary(t)
	for _, root := range []bool{true, false} {
		s := show(t, p, func(o *Options) { o.Root = root })
		if got := strings.Contains(s.get(t, s.Home()), "runs as root"); got != root {
			t.Errorf("%v: %v", root, got)
		}
	}
}

// FuzzHosts: whatever stands in Host, what is let through is one of the names, and cannot break out of a header.
func FuzzHosts(f *testing.F) {
	for _, h := range []string{"127.0.0.1:7627", "localhost", "[::1]:1", "evil", "localhost:7627;x",
		"127.0.0.1:7627 'unsafe-inline'"} {
		f.Add(h)
	}
	g := &guard{}
	f.Fuzz(func(t *testing.T, header string) {
		host, ok := g.host(header)
		if !ok {
			return
		}
		if host != "127.0.0.1" && host != "localhost" && host != "[::1]" {
			t.Errorf("%q: %q", header, host)
		}
		u, err := url.Parse("http://" + header + "/x")
		if err != nil || !strings.EqualFold(u.Host, header) || strings.ContainsAny(header, " ;,'\"\r\n") {
			t.Errorf("%q was let through", header)
		}
	})
}
