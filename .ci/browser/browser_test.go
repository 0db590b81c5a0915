// Package browser looks at snap web with a real browser: what the program's own tests cannot know, because only a
// browser says what runs, what is sent where, and what is seen. It works on the built program, which it builds itself
// unless $SNAP names one.
//
// A test fails on any message in the console and on any request to another host.
package browser

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for what has to come, $SNAP_PATIENCE while tests are written. It is no measure of
// speed.
var patience = 10 * time.Minute

var (
	snap    string          // the program
	browser context.Context // one for all tests
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if d, err := time.ParseDuration(os.Getenv("SNAP_PATIENCE")); err == nil {
		patience = d
	}
	dir, err := os.MkdirTemp("", "snap-browser")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if snap = os.Getenv("SNAP"); snap == "" {
		snap = filepath.Join(dir, "snap")
		build := exec.Command("go", "build", "-buildvcs=false", "-o", snap, "./cmd/snap")
		build.Dir = "../.."
		build.Env = append(os.Environ(), "GOFLAGS=")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Printf("%v\n%s", err, out)
			return 1
		}
	}
	var end context.CancelFunc
	browser, end = chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Headless,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("host-resolver-rules", "MAP rebound.example 127.0.0.1, MAP *.example 127.0.0.1"),
		chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("hide-scrollbars", true),
	))
	defer end()
	if _, err := exec.LookPath("chromium"); err != nil {
		fmt.Println("no chromium here: nothing is tested")
		if os.Getenv("CI") == "true" {
			return 1
		}
		return 0
	}
	if err := chromedp.Do(browser, chromedp.Navigate("about:blank")); err != nil { // begins it
		fmt.Println(err)
		return 1
	}
	return m.Run()
}

// place is a source, a destination, and the state of one user.
type place struct {
	t              *testing.T
	dir, src, dest string
	written        time.Time // when files say that they were written; zero: when they are
}

func newPlace(t *testing.T) *place {
	dir := t.TempDir()
	p := &place{t: t, dir: dir, src: filepath.Join(dir, "mira"), dest: filepath.Join(dir, "backup")}
	for _, d := range []string{p.src, p.dest, filepath.Join(dir, "home")} {
		p.must(os.Mkdir(d, 0o755))
	}
	return p
}

func (p *place) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) write(path, text string) {
	p.t.Helper()
	at := filepath.Join(p.src, path)
	p.must(os.MkdirAll(filepath.Dir(at), 0o755))
	p.must(os.WriteFile(at, []byte(text), 0o644))
	if !p.written.IsZero() {
		p.must(os.Chtimes(at, p.written, p.written))
	}
}

func (p *place) command(args ...string) *exec.Cmd {
	cmd := exec.Command(snap, args...)
	cmd.Env = append(os.Environ(), "HOME="+filepath.Join(p.dir, "home"), "XDG_STATE_HOME="+filepath.Join(p.dir, "state"),
		"XDG_CACHE_HOME="+filepath.Join(p.dir, "cache"), "XDG_RUNTIME_DIR=", "TZ=UTC")
	cmd.Stderr = os.Stderr
	return cmd
}

// snap runs a command and gives what it prints.
func (p *place) snap(args ...string) string {
	p.t.Helper()
	out, err := p.command(args...).Output()
	if err != nil {
		p.t.Fatalf("snap %v: %v", args, err)
	}
	return string(out)
}

func (p *place) backup() {
	p.t.Helper()
	p.snap("backup", "-q", p.dest, p.src)
}

// serve begins to serve the destination, and gives the link that signs in.
func (p *place) serve(args ...string) (link string) {
	p.t.Helper()
	cmd := p.command(append([]string{"web", "-q", "-d", p.dest, "--no-open"}, args...)...)
	out, err := cmd.StdoutPipe()
	p.must(err)
	p.must(cmd.Start())
	p.t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGINT)
		if err := cmd.Wait(); err != nil {
			p.t.Errorf("snap web: %v", err)
		}
	})
	link, err = bufio.NewReader(out).ReadString('\n')
	p.must(err)
	return strings.TrimSpace(link)
}

// tab is a page in the browser.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string // where addresses begin

	prefers map[string]string

	mu      sync.Mutex
	console []string // messages
	foreign []string // requests to other hosts
	sent    []*network.Request
}

// open opens a page in a browser of its own, with nothing in its memory.
func open(t *testing.T, width, height int64) *tab {
	t.Helper()
	ctx, end := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	return opened(t, ctx, width, height)
}

// another opens one more page in the same browser, which has signed in.
func (b *tab) another() *tab {
	b.t.Helper()
	ctx, end := chromedp.NewContext(b.ctx)
	b.t.Cleanup(end)
	next := opened(b.t, ctx, 1280, 860)
	next.base = b.base
	return next
}

func opened(t *testing.T, ctx context.Context, width, height int64) *tab {
	t.Helper()
	tab := &tab{t: t, ctx: ctx, prefers: map[string]string{}}
	tab.do(chromedp.EmulateViewport(width, height))
	tab.media("prefers-reduced-motion", "reduce")   // a transition would take clicks and time
	ctx, stop := context.WithTimeout(ctx, patience) // not before the first step, which begins the browser
	t.Cleanup(stop)
	tab.ctx = ctx
	messages := chromedp.Console(ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			tab.mu.Lock()
			tab.console = append(tab.console, m.String())
			tab.mu.Unlock()
		}
	}()
	requests := chromedp.Events(ctx, network.RequestWillBeSent)
	go func() {
		for e, err := range requests {
			if err != nil {
				return
			}
			tab.mu.Lock()
			tab.sent = append(tab.sent, e.Request)
			if u, err := url.Parse(e.Request.URL); err == nil && u.Scheme != "data" && u.Scheme != "file" && tab.base != "" &&
				!strings.HasPrefix(e.Request.URL, tab.origin()) {
				tab.foreign = append(tab.foreign, e.Request.URL)
			}
			tab.mu.Unlock()
		}
	}()
	return tab
}

func (b *tab) origin() string {
	u, _ := url.Parse(b.base)
	return u.Scheme + "://" + u.Host + "/"
}

// quiet fails if the browser had something to complain of.
func (b *tab) quiet() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.console[:min(len(b.console), 10)] {
		b.t.Errorf("console: %s", m)
	}
	for _, f := range b.foreign {
		b.t.Errorf("another host was asked: %s", f)
	}
	b.console, b.foreign = nil, nil
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// eval evaluates an expression in the page, and waits for it if it is a promise.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// until waits for an expression to be true.
func (b *tab) until(expression string) {
	b.t.Helper()
	// What a page that is only coming has not yet is not true yet; nor is what was asked of one that goes.
	asked := "(() => { try { return !!(" + expression + ") } catch (e) { return false } })()"
	for {
		is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](asked, chromedp.EvalAwaitPromise))
		if is && err == nil {
			return
		}
		if gone := (*cdproto.Error)(nil); err != nil && b.ctx.Err() == nil && !errors.As(err, &gone) {
			b.t.Fatalf("%s: %v", expression, err)
		}
		select {
		case <-b.ctx.Done():
			ctx, end := context.WithTimeout(context.WithoutCancel(b.ctx), time.Minute)
			defer end()
			page, _ := chromedp.Run(ctx,
				chromedp.Evaluate[string]("location.href + ' ' + document.body.innerText.slice(0, 2000)"))
			b.t.Fatalf("never true: %s\n%s", expression, page)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// signIn follows a link, and waits for the overview.
func (b *tab) signIn(link string) {
	b.t.Helper()
	b.base, _, _ = strings.Cut(link, "/in/")
	b.do(chromedp.Navigate(link))
	b.until(`document.querySelector("h1") && !location.pathname.includes("/in/") && document.readyState === "complete"`)
}

// ready waits until the page is there, and its scripts know keys and clicks.
func (b *tab) ready() {
	b.t.Helper()
	b.until(`document.readyState === "complete" && document.querySelector("#help")?.hidden === false`)
}

// visit goes to an address below the base.
func (b *tab) visit(address string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.base + address))
}

// scheme is light or dark.
func (b *tab) scheme(name string) {
	b.t.Helper()
	b.media("prefers-color-scheme", name)
}

// media says what the user prefers. What was said before stays.
func (b *tab) media(name, value string) {
	b.t.Helper()
	b.prefers[name] = value
	var p emulation.SetEmulatedMediaParams
	for name, value := range b.prefers {
		p.Features = append(p.Features, &emulation.MediaFeature{Name: name, Value: value})
	}
	b.do(chromedp.Func(call(emulation.SetEmulatedMedia, p)))
}

// call is a step that calls the browser by its protocol.
func call[P, R any](method cdp.Command[P, R], params P) func(ctx context.Context, t *chromedp.Target) error {
	return func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, method, params)
		return err
	}
}

// firstLine is the first line that a program prints.
func firstLine(t *testing.T, r io.Reader) string {
	t.Helper()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// freePort is a port that nobody listens at.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}
