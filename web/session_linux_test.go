package web

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"snap/internal/hint"
)

// TestCodeWorksOnce: the second use of a link signs nobody in, at the same time too.
func TestCodeWorksOnce(t *testing.T) {
	s := show(t, diary(t))
	code := s.guard.code()
	var wg sync.WaitGroup
	signedIn := make(chan bool, 20)
	for range cap(signedIn) {
		wg.Go(func() {
			a := s.do(http.MethodGet, s.SignIn(code), withoutCookie, head("Sec-Fetch-Site", ""))
			signedIn <- a.Code == http.StatusOK && a.Header().Get("Set-Cookie") != ""
		})
	}
	wg.Wait()
	close(signedIn)
	n := 0
	for in := range signedIn {
		if in {
			n++
		}
	}
	if n != 1 {
		t.Errorf("it signed in %d times", n)
	}
	for what, code := range map[string]string{
		"nothing": "", "short": "abc", "of another key": show(t, s.Place).guard.code(), "changed": flipped(s.guard.code()),
		"a cookie": s.cookie.Value, "long": strings.Repeat("A", 5000),
	} {
		if a := s.do(http.MethodGet, s.SignIn(code), withoutCookie); a.Code == http.StatusOK ||
			a.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: %d", what, a.Code)
		}
	}
}

func flipped(s string) string {
	c := byte('A')
	if s[30] == 'A' {
		c = 'B'
	}
	return s[:30] + string(c) + s[31:]
}

// TestOnlyVisitsUseACode: what only looks at a link leaves it usable.
func TestOnlyVisitsUseACode(t *testing.T) {
	s := show(t, diary(t))
	code := s.guard.code()
	for _, change := range []func(*http.Request){
		func(r *http.Request) { r.Method = http.MethodHead }, head("Sec-Purpose", "prefetch"),
		func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Sec-Fetch-Dest", "image")
		},
		func(r *http.Request) { r.Method = http.MethodPost },
	} {
		if a := s.do(http.MethodGet, s.SignIn(code), withoutCookie, change); a.Code == http.StatusOK {
			t.Errorf("%d", a.Code)
		}
	}
	a := s.do(http.MethodGet, s.SignIn(code), withoutCookie, head("Sec-Fetch-Site", "cross-site"), // a link in a file
		head("Sec-Fetch-Mode", "navigate"), head("Sec-Fetch-Dest", "document"))
	c := a.Header().Get("Set-Cookie")
	if a.Code != http.StatusOK || !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Strict") ||
		!strings.Contains(c, "Path="+s.base+"/") || strings.Contains(c, "Domain") {
		t.Errorf("%d %s", a.Code, c)
	}
	if strings.Contains(a.Body.String(), code) {
		t.Error("the code stays in the page")
	}
}

func TestCodeExpires(t *testing.T) {
	now := testNow
	s := show(t, diary(t), func(o *Options) { o.Now = func() time.Time { return now } })
	code, later := s.guard.code(), s.guard.code()
	now = now.Add(codeLife - time.Second)
	if a := s.do(http.MethodGet, s.SignIn(code), withoutCookie); a.Code != http.StatusOK {
		t.Errorf("%d before its end", a.Code)
	}
	now = now.Add(time.Second)
	if a := s.do(http.MethodGet, s.SignIn(later), withoutCookie); a.Code != http.StatusUnauthorized {
		t.Errorf("%d at its end", a.Code)
	}
	s.get(t, s.Home())
	now = now.Add(sessionLife)
	if a := s.do(http.MethodGet, s.Home()); a.Code != http.StatusUnauthorized {
		t.Errorf("%d after the end of the session", a.Code)
	}
}

// TestCodeIsNotInTheArguments: the browser is opened on a file of this user's own, which is gone once it was used.
func TestCodeIsNotInTheArguments(t *testing.T) {
	o := optionsFor(t, diary(t))
	o.Folders.Runtime = t.TempDir()
	opened := make(chan string, 1)
	o.Open = func(p string) error { opened <- p; return nil }
	_, end := listening(t, o)
	page := <-opened
	if !strings.HasPrefix(page, o.Folders.Runtime) {
		t.Fatalf("%q", page)
	}
	info, err := os.Stat(page)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), `url=`)
	address, _, _ := strings.Cut(rest, `"`)
	_, code, _ := strings.Cut(address, "/in/")
	if len(code) < 22 || strings.Contains(page, code[:10]) || strings.Contains(page, o.Key.base()) {
		t.Fatalf("%s", b)
	}
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar}
	if got := fetch(t, client, address); !strings.Contains(got, "Go on to snap") {
		t.Error(got)
	}
	if _, err := os.Stat(page); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
	base, _, _ := strings.Cut(address, "/in/")
	if got := fetch(t, client, base+"/"); !strings.Contains(got, "Backed up") {
		t.Errorf("%.300s", got)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(o.Folders.State)
	if err != nil || len(left) != 1 || left[0].Name() != keyName {
		t.Errorf("it left %v", left)
	}
}

func fetch(t *testing.T, client *http.Client, address string) string {
	t.Helper()
	a, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestListensOnThisMachineAlone: on loopback addresses, and on others not without a certificate.
func TestListensOnThisMachineAlone(t *testing.T) {
	for _, port := range []int{0, 0} { // the second one finds the next free port
		all, err := listen(&Options{Port: port})
		if err != nil {
			t.Fatal(err)
		}
		defer closeAll(all)
		for _, l := range all {
			if ip := l.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() {
				t.Errorf("listens on %v", ip)
			}
		}
	}
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "127.0.0.1:0"} {
		all, err := listen(&Options{Listen: address})
		if err == nil {
			closeAll(all)
			t.Errorf("%s without a certificate", address)
		} else if !strings.Contains(err.Error(), "--cert") {
			t.Error(err)
		}
	}
}

// TestTakenPort: a port that was asked for is that one or none.
func TestTakenPort(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	all, err := listen(&Options{Port: l.Addr().(*net.TCPAddr).Port})
	if err == nil {
		closeAll(all)
		t.Error("listens where another does")
	}
}

// TestLinkIsOnlyForOurServer: a new link is made for a server that proves to have the key, not for whoever listens at
// its port by now.
func TestLinkIsOnlyForOurServer(t *testing.T) {
	o := optionsFor(t, diary(t))
	link, end := listening(t, o)
	all, err := Links(t.Context(), o.Folders, o.Key, o.Now())
	if err != nil || len(all) != 1 || all[0].Dir != o.Dir || all[0].Address == link {
		t.Fatalf("%v %v", all, err)
	}
	if got := fetch(t, http.DefaultClient, all[0].Address); !strings.Contains(got, "Go on to snap") {
		t.Error(got)
	}
	u, _ := url.Parse(link)
	left, err := filepath.Glob(in(o.Folders.State, "web-*.json"))
	if err != nil || len(left) != 1 {
		t.Fatalf("%v %v", left, err)
	}
	b, err := os.ReadFile(left[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	asked := ""
	thief := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked += r.URL.Path
		w.Write(make([]byte, 32))
	})}
	l, err := net.Listen("tcp4", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	go thief.Serve(l)
	defer thief.Close()
	if err := os.WriteFile(left[0], b, 0o600); err != nil { // as a server that was killed leaves it
		t.Fatal(err)
	}
	all, err = Links(t.Context(), o.Folders, o.Key, o.Now())
	if err != nil || len(all) != 0 || asked == "" || strings.Contains(asked, o.Key.base()) {
		t.Errorf("%v %v; the other one was told %q", all, err, asked)
	}
}

// TestKeyIsThisUsersAlone: made for its owner alone; one that others can read, or that is none, is not used.
func TestKeyIsThisUsersAlone(t *testing.T) {
	f := Folders{State: in(t.TempDir(), "made/snap")}
	key, err := ReadKey(f)
	if err != nil {
		t.Fatal(err)
	}
	name := in(f.State, keyName)
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if again, err := ReadKey(f); err != nil || again != key {
		t.Errorf("another key: %v", err)
	}
	for what, change := range map[string]func() error{
		"others may read it": func() error { return os.Chmod(name, 0o644) },
		"it is a link":       func() error { return swapForLink(name) },
		"it is too short":    func() error { return os.WriteFile(name, []byte("abc\n"), 0o600) },
	} {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadKey(f); err != nil {
			t.Fatal(err)
		}
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadKey(f); err == nil {
			t.Errorf("%s, and it was used", what)
		}
	}
	if err := errors.Join(os.RemoveAll(f.State), os.Mkdir(f.State, 0o700), os.Chmod(f.State, 0o777)); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKey(f); err == nil {
		t.Error("others may put a key there")
	}
	if err := os.Chmod(f.State, 0o700); err != nil {
		t.Fatal(err)
	}
	all, err := os.ReadDir(f.State)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if strings.HasSuffix(e.Name(), ".tmp") {
			t.Errorf("left behind: %s", e.Name())
		}
	}
}

func swapForLink(name string) error {
	if err := os.Rename(name, name+".real"); err != nil {
		return err
	}
	return os.Symlink(name+".real", name)
}

// FuzzSeals: nothing but what was sealed for a purpose, by this key, for this run, opens.
func FuzzSeals(f *testing.F) {
	key, run := Key{1}, []byte("run")
	good := key.seal("session", run, testNow.Add(time.Hour))
	f.Add(good)
	f.Add(key.seal("code", run, testNow.Add(time.Hour)))
	f.Add(good + "A")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if _, _, ok := key.unseal("session", run, text, testNow); ok && text != good {
			t.Errorf("%q opens", text)
		}
	})
}

// TestTellSaysWhyThereIsNothing: on a page of this user alone, with what to do; what it says is text.
func TestTellSaysWhyThereIsNothing(t *testing.T) {
	f := Folders{State: t.TempDir()}
	for range 2 {
		path, err := Tell(f, hint.With(errors.New("<b>no\x1b[31m destination"), "to begin: snap backup DEST SRC"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(b), "&lt;b&gt;no") || strings.Contains(string(b), "\x1b") ||
			!strings.Contains(string(b), "<li>to begin: snap backup DEST SRC</li>") {
			t.Errorf("%s %v", b, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info, err)
		}
	}
}
