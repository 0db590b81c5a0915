package browser

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// sizes are those that every screen is looked at in.
var sizes = [][2]int64{{1280, 860}, {390, 844}}

// well are all screens that there are, of the story and two looks at a restore; screens are those where something is
// wrong, too.
var (
	well = append([]string{
		"/", "/snapshots", "/s/latest/", "/s/latest/docs", "/s/oldest/docs", "/s/latest/docs/letters", "/f/docs/recipes.md",
		"/f/docs/recipes.md?view=split", "/f/docs/recipes.md?b=now", "/f/docs/letters/landlord.txt",
		"/f/docs/thoughts.txt", "/find", "/find?q=*.md",
		"/find?q=nothing", "/restore/latest/docs", "/jobs/", "/jobs/1", "/jobs/2",
	}, careScreens...)
	screens = append([]string{"/s/nowhere/", "/s/latest/nothing", "/jobs/99"}, well...)
)

// looks makes two looks at what a restore would do, one of which something stands in the way of: jobs 1 and 2.
func (b *tab) looks() {
	b.t.Helper()
	for _, how := range []string{"never", "if-changed"} {
		eval[bool](b, fmt.Sprintf(`fetch(%q, {method: "POST", body: new URLSearchParams({where: "there",
			overwrite: %q})}).then(r => r.ok)`,
			b.base+"/restore/oldest/docs", how))
	}
	for _, id := range []string{"1", "2"} {
		b.visit("/jobs/" + id)
		b.until(`document.querySelector(".look") && !document.querySelector("[data-events]")`)
	}
}

// names are the entries of the folder that is shown.
func (b *tab) names() string {
	return strings.Join(eval[[]string](b,
		`[...document.querySelectorAll(".files tbody:not(.gone) .name a:first-child bdi")].map(e => e.textContent)`), " ")
}

// TestFindAFileThatIsGone: type, open, look at the version before, save it.
func TestFindAFileThatIsGone(t *testing.T) {
	for _, size := range sizes {
		p := story(t)
		b := open(t, size[0], size[1])
		b.signIn(p.serve())
		b.do(chromedp.SendKeys(chromedp.CSS(".find input"), "landlord.txt\r"))
		b.until(`document.querySelector("#found")?.textContent.includes("1 path")`)
		if got := eval[string](b, `document.querySelector(".results .name").innerText`); !strings.Contains(got, "deleted") {
			t.Errorf("%q", got)
		}
		b.do(chromedp.Click(chromedp.CSS(".results .name a")))
		b.until(`document.querySelector("#lives")`)
		if got := eval[string](b, `document.querySelector(".code").innerText`); !strings.Contains(got, "Dear Sir") {
			t.Errorf("%q", got)
		}
		href := eval[string](b, `document.querySelector("#download").href`)
		if got := eval[string](b, fmt.Sprintf(`fetch(%q).then(r => r.text())`, href)); got != "Dear Sir\n" {
			t.Errorf("%q", got)
		}
		b.quiet()
	}
}

// TestSearchWhileTyping: what is found comes by itself, and the address with it.
func TestSearchWhileTyping(t *testing.T) {
	p := story(t)
	b := open(t, 1280, 860)
	b.signIn(p.serve())
	b.visit("/find")
	b.do(chromedp.SendKeys(chromedp.CSS("#q"), "*.md"))
	b.until(`document.querySelector("#found")?.textContent.includes("1 path")`)
	b.until(`location.search === "?q=*.md"`)
	if focus := eval[string](b, "document.activeElement.id"); focus != "q" {
		t.Errorf("the focus is in %q", focus)
	}
	b.quiet()
}

// TestHitsBelowTheBox: the box of every page shows the first hits while somebody types, which arrows reach and Escape
// shuts.
func TestHitsBelowTheBox(t *testing.T) {
	p := story(t)
	b := open(t, 1280, 860)
	b.signIn(p.serve())
	b.visit("/s/latest/docs")
	b.ready()
	b.do(chromedp.SendKeys(chromedp.CSS(".top .find input"), "recip"))
	b.until(`!document.querySelector("#hits").hidden &&
		document.querySelector("#hits a")?.innerText.includes("recipes.md")`)
	b.do(chromedp.KeyEvent(kb.ArrowDown))
	b.until(`document.activeElement === document.querySelector("#hits a")`)
	b.do(chromedp.KeyEvent(kb.Escape))
	b.until(`document.querySelector("#hits").hidden`)
	b.do(chromedp.Focus(chromedp.CSS(".top .find input")), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.Enter))
	b.until(`location.pathname.endsWith("/f/docs/recipes.md")`)
	b.quiet()
}

// TestDragThroughTime: at each step the address, the date and the rows are those of one snapshot, as snap ls has it.
func TestDragThroughTime(t *testing.T) {
	p := newPlace(t)
	for i := range 12 {
		p.write(fmt.Sprintf("docs/f%02d", i), fmt.Sprint(i))
		if i%3 == 2 {
			p.must(os.Remove(filepath.Join(p.src, fmt.Sprintf("docs/f%02d", i-1))))
		}
		p.backup()
	}
	link := p.serve()
	for _, size := range sizes {
		b := open(t, size[0], size[1])
		if size == sizes[0] {
			b.signIn(link)
		} else {
			b.signIn(strings.TrimSpace(p.snap("web", "-q", "--link")))
		}
		b.visit("/s/latest/docs")
		b.until(`document.querySelector("#slider")`)
		for step := range 40 {
			pos := (step * 7) % 12
			eval[bool](b, fmt.Sprintf(`(() => { const s = document.querySelector("#slider"); s.focus(); s.value = %d;
				s.dispatchEvent(new Event("input", {bubbles: true})); return true })()`, pos))
			if step%4 != 3 {
				continue // the newest waits: what is between need not be shown
			}
			name := eval[string](b, fmt.Sprintf(`JSON.parse(document.querySelector("#steps").textContent).names[%d]`, pos))
			b.until(fmt.Sprintf(`location.pathname.includes(%q) &&
				document.querySelector(".cli code").textContent === %q`, name, "snap ls "+name+":docs -d "+p.dest))
			want := strings.Join(strings.Fields(strings.ReplaceAll(p.snap("ls", "-d", p.dest, name+":docs"), "docs/", "")), " ")
			if got := b.names(); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
			want = eval[string](b, fmt.Sprintf(`JSON.parse(document.querySelector("#steps").textContent).times[%d]`, pos))
			if got := eval[string](b, `document.querySelector("#when").textContent`); got != want {
				t.Errorf("%s: %q", name, got)
			}
			if got := eval[string](b, "document.activeElement.id"); got != "slider" {
				t.Errorf("the focus is in %q", got)
			}
		}
		at := eval[string](b, "location.pathname")
		b.do(chromedp.Click(chromedp.CSS(`a[rel=prev]`)))
		b.until(fmt.Sprintf(`location.pathname !== %q`, at))
		eval[bool](b, "(history.back(), true)")
		b.until(fmt.Sprintf(`location.pathname === %q &&
			document.querySelector(".cli code").textContent === %q`, at,
			"snap ls "+strings.Split(at, "/")[3]+":docs -d "+p.dest))
		b.quiet()
	}
}

// TestOnlyKeys: from the overview to a file in an older snapshot and back to a search, without a mouse.
func TestOnlyKeys(t *testing.T) {
	p := story(t)
	b := open(t, 1280, 860)
	b.signIn(p.serve())
	key := func(keys string) { b.t.Helper(); b.ready(); b.do(chromedp.KeyEvent(keys)) }
	key("gf")
	b.until(`document.querySelector("#slider")`)
	key("j" + kb.Enter) // docs
	b.until(`document.querySelector("h1")?.textContent === "docs"`)
	key("[")
	b.until(`document.querySelector("#newest")`)
	key("[")
	b.until(`document.querySelector(".files")?.innerText.includes("letters") &&
		!document.querySelector(".files").innerText.includes("thoughts")`)
	key("n")
	b.until(`!document.querySelector("#newest")`)
	key("jx")
	b.until(`document.querySelector("#chosen").textContent === "1"`)
	key("jjX")
	b.until(`document.querySelector("#chosen").textContent === "3"`)
	key("u")
	b.until(`document.querySelector("h1")?.textContent === "mira"`)
	key("/")
	b.until(`document.activeElement.matches(".find input")`)
	eval[bool](b, `(document.activeElement.value = "", true)`) // chromedp sends the character apart from its key
	key("recipes.md" + kb.Enter)
	b.until(`document.querySelector("#found")`)
	key(kb.Escape + "j" + kb.Enter)
	b.until(`document.querySelector("#lives")`)
	key("[")
	b.until(`location.search.includes("b=") &&
		document.querySelector(".lives .b .does")?.textContent.includes("first seen")`)
	key("?")
	b.until(`document.querySelector("#keys").open`)
	key(kb.Escape)
	b.until(`!document.querySelector("#keys").open`)
	key("r")
	b.until(`document.activeElement.id === "look"`)
	key(kb.Enter)
	b.until(`document.querySelector("#go")`)
	b.ready()
	for range 40 {
		if eval[bool](b, `document.activeElement.id === "go"`) {
			break
		}
		key(kb.Tab)
	}
	key(kb.Enter)
	b.until(`document.querySelector("h1")?.textContent === "Restored"`)
	b.quiet()
}

// TestWithoutScript: all can be read and saved.
func TestWithoutScript(t *testing.T) {
	p := story(t)
	b := open(t, 1280, 860)
	b.do(chromedp.Func(call(network.SetBlockedURLs, network.SetBlockedURLsParams{
		URLPatterns: []*network.BlockPattern{{URLPattern: "*://*:*/*.js", Block: true}},
	})))
	link := p.serve()
	b.base, _, _ = strings.Cut(link, "/in/")
	b.do(chromedp.Navigate(link), chromedp.WaitVisible(chromedp.CSS("#verdict")))
	b.do(chromedp.Click(chromedp.CSS(".nav a:nth-child(2)")), chromedp.WaitVisible(chromedp.CSS("#slider")))
	b.do(chromedp.Click(chromedp.CSS(`a[rel=prev]`)), chromedp.WaitVisible(chromedp.CSS("#newest")))
	b.do(chromedp.Click(chromedp.CSS(".files .name a")), chromedp.WaitVisible(chromedp.CSS(".files")))
	b.do(chromedp.WaitVisible(chromedp.CSS("#tray .button")))
	b.do(chromedp.Click(chromedp.CSS(".theme button")), chromedp.WaitVisible(chromedp.CSS("[data-theme=dark] .files")))
	b.do(chromedp.SendKeys(chromedp.CSS(".find input"), "recipes.md\r"), chromedp.WaitVisible(chromedp.CSS("#found")))
	b.do(chromedp.Click(chromedp.CSS(".results .name a")))
	b.until(`document.querySelector("#lives") && document.querySelector(".code").innerText.includes("eggs")`)
	b.do(chromedp.Click(chromedp.CSS("#restore-this")), chromedp.WaitVisible(chromedp.CSS("#look")))
	b.do(chromedp.Click(chromedp.CSS("#look")), chromedp.WaitVisible(chromedp.CSS("#go")))
	b.do(chromedp.Click(chromedp.CSS("#go")))
	b.until(`document.querySelector("h1")?.textContent.startsWith("Restor")`)
	b.do(chromedp.Navigate(eval[string](b, "location.href")))
	b.until(`document.querySelector("h1")?.textContent === "Restored"`)
	if found, err := filepath.Glob(filepath.Join(p.dir, "home/restored-*/recipes.md")); err != nil || len(found) != 1 {
		t.Errorf("%v %v", found, err)
	}
	if n := eval[int](b,
		`performance.getEntriesByType("resource").filter(e => e.name.endsWith(".js") && e.transferSize).length`); n > 0 {
		t.Error("a script was loaded")
	}
}

// TestDownloadZipAndTar: what is saved is what was backed up.
func TestDownloadZipAndTar(t *testing.T) {
	p := story(t)
	b := open(t, 1280, 860)
	b.signIn(p.serve())
	b.visit("/s/latest/docs")
	bytesOf := func(method, body, href string) []byte {
		t.Helper()
		got := eval[[]int](b,
			fmt.Sprintf(`fetch(%q, {method: %q, body: %s}).then(async r => { if (!r.ok) throw r.status;
				return [...new Uint8Array(await r.arrayBuffer())] })`, href, method, body))
		all := make([]byte, len(got))
		for i, n := range got {
			all[i] = byte(n)
		}
		return all
	}
	zipped := bytesOf("GET", "null", eval[string](b, `document.querySelector("#download").href`))
	tarred := bytesOf("GET", "null", eval[string](b, `document.querySelector("#place a[href*='/tar/']").href`))
	for name, unpack := range map[string]func(dir string) error{
		"zip": func(dir string) error { return unzip(zipped, dir) },
		"tar": func(dir string) error { return untar(tarred, dir) },
	} {
		dir := t.TempDir()
		if err := unpack(dir); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		same := exec.Command("diff", "-r", filepath.Join(p.src, "docs"), filepath.Join(dir, "docs"))
		if out, err := same.CombinedOutput(); err != nil {
			t.Errorf("%s: %s", name, out)
		}
	}
	b.do(chromedp.Click(chromedp.CSS(`input[aria-label="Select new.txt"]`)))
	b.until(`!document.querySelector("#tray").hidden && document.querySelector("#chosen").textContent === "1"`)
	some := bytesOf("POST", `new URLSearchParams(new FormData(document.querySelector("#chosen-form")))`,
		eval[string](b, `document.querySelector("#chosen-form").action`))
	r, err := zip.NewReader(bytes.NewReader(some), int64(len(some)))
	if err != nil || len(r.File) != 1 || r.File[0].Name != "docs/new.txt" {
		t.Errorf("%v %v", r, err)
	}
	b.quiet()
}

func unzip(b []byte, dir string) error {
	r, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return err
	}
	return os.CopyFS(dir, r)
}

func untar(b []byte, dir string) error {
	for r := tar.NewReader(bytes.NewReader(b)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		at := filepath.Join(dir, filepath.FromSlash(h.Name))
		if h.Typeflag == tar.TypeDir {
			err = os.MkdirAll(at, 0o755)
		} else if err = os.MkdirAll(filepath.Dir(at), 0o755); err == nil {
			var content []byte
			if content, err = io.ReadAll(r); err == nil {
				err = os.WriteFile(at, content, 0o644)
			}
		}
		if err != nil {
			return err
		}
	}
}

// TestServerGoneAndBack: the page says that the server has ended, and goes on when it is back.
func TestServerGoneAndBack(t *testing.T) {
	p := story(t)
	cmd := p.command("web", "-q", "-d", p.dest, "--no-open", "--port", freePort(t))
	out, err := cmd.StdoutPipe()
	p.must(err)
	p.must(cmd.Start())
	b := open(t, 1280, 860)
	b.signIn(firstLine(t, out))
	b.visit("/s/latest/docs")
	b.until(`document.querySelector("#slider")`)
	cmd.Process.Signal(os.Interrupt)
	cmd.Wait()
	b.do(chromedp.Click(chromedp.CSS(`a[rel=prev]`)))
	b.until(`!document.querySelector("#lost").hidden`)
	cmd = p.command(cmd.Args[1:]...)
	out, err = cmd.StdoutPipe()
	p.must(err)
	p.must(cmd.Start())
	t.Cleanup(func() { cmd.Process.Signal(os.Interrupt); cmd.Wait() })
	link := firstLine(t, out)
	b.until(`document.body.innerText.includes("Please sign in")`) // it is back, and another run
	b.do(chromedp.Navigate(link))
	b.until(`document.querySelector("#verdict")`)
}

// TestNoSidewaysScroll: at any width, on every screen.
func TestNoSidewaysScroll(t *testing.T) {
	p := story(t)
	p.write("docs/"+strings.Repeat("long name ", 24)+".txt", "x")
	p.write("docs/"+strings.Repeat("x", 250), "y")
	p.backup()
	b := open(t, 1280, 860)
	b.signIn(p.serve())
	b.looks()
	all := append([]string{"/f/docs/" + strings.Repeat("x", 250), "/find?q=*"}, screens...)
	for _, at := range all {
		b.visit(at)
		for _, width := range []int64{320, 390, 480, 640, 721, 768, 861, 1024, 1280, 1920} {
			b.do(chromedp.EmulateViewport(width, 800))
			if wide := eval[int64](b, "document.documentElement.scrollWidth"); wide > width {
				who := eval[string](b, fmt.Sprintf(`[...document.querySelectorAll("main *, header *")].filter(e =>
					e.getBoundingClientRect().right > %d && !e.closest(".scroll, svg")).slice(0, 3)
					.map(e => e.tagName + "." + e.className).join(" ")`, width))
				t.Errorf("%s at %d: %d wide: %s", at, width, wide, who)
			}
		}
	}
}

// TestZoom200: at twice the size, which is half the width, all is there and nothing lies over anything.
func TestZoom200(t *testing.T) {
	p := story(t)
	b := open(t, 640, 430)
	b.signIn(p.serve())
	b.looks()
	for _, at := range screens {
		b.visit(at)
		if hidden := eval[int](b,
			`[...document.querySelectorAll("main h1, main .files .name a")].filter(e =>
				e.getBoundingClientRect().width < 8).length`); hidden > 0 {
			t.Errorf("%s: %d are not to be seen", at, hidden)
		}
	}
}

// whole fails where a button is cut off.
func (b *tab) whole() {
	b.t.Helper()
	cut := eval[string](b, `[...document.querySelectorAll(".button, .seg")].filter(e => {
			const r = e.getBoundingClientRect(), card = e.closest(".card, main")?.getBoundingClientRect();
			return e.checkVisibility() && card && r.right > card.right + 1
		}).map(e => location.pathname + ": " + e.outerHTML.slice(0, 90)).join("\n")`)
	if cut != "" {
		b.t.Errorf("cut off: %s", cut)
	}
}

// TestTargetsAreLargeEnough: what is touched is 24 pixels, on a telephone 44 but for links in a text, and all of it is
// there.
func TestTargetsAreLargeEnough(t *testing.T) {
	p := story(t)
	b := open(t, 390, 844)
	b.signIn(p.serve())
	b.looks()
	for _, at := range screens {
		b.visit(at)
		small := eval[string](b,
			`[...document.querySelectorAll("a, button, input:not([type=hidden]), select")].filter(e => {
				const r = e.getBoundingClientRect();
				return r.width && r.height && (r.height < 24 || r.width < 24) && !e.matches(".jump") &&
					!e.closest("p, li, h1, nav.crumbs, svg, label, .now, th, td, dl, .foot, .jump")
			}).map(e => e.outerHTML.slice(0, 90)).join("\n")`)
		if small != "" {
			t.Errorf("%s: %s", at, small)
		}
		b.whole()
	}
}

// TestPrefersReducedMotion: nothing moves for who does not want it.
func TestPrefersReducedMotion(t *testing.T) {
	p := story(t)
	b := open(t, 1280, 860)
	b.signIn(p.serve())
	for _, at := range screens[:5] {
		b.visit(at)
		if n := eval[int](b, `document.getAnimations().filter(a => a.playState === "running").length`); n > 0 {
			t.Errorf("%s: %d things move", at, n)
		}
	}
}

// TestTheme: light or dark is kept, and the next page comes so.
func TestTheme(t *testing.T) {
	p := story(t)
	b := open(t, 1280, 860)
	b.signIn(p.serve())
	b.scheme("light")
	before := eval[string](b, "getComputedStyle(document.documentElement).backgroundColor")
	b.do(chromedp.Click(chromedp.CSS("#theme")))
	b.until(`document.documentElement.dataset.theme === "dark"`)
	b.visit("/s/latest/docs")
	if after := eval[string](b, "getComputedStyle(document.documentElement).backgroundColor"); after == before {
		t.Errorf("the page is as it was: %s", after)
	}
	b.quiet()
}

// TestAxe: no violation on any screen, light and dark, wide and narrow.
func TestAxe(t *testing.T) {
	axe, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("axe-core is not here: npm install --no-save axe-core@4.14.1")
	}
	p := story(t)
	b := open(t, 1280, 860)
	b.signIn(p.serve())
	b.looks()
	const run = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
		.then(r => r.violations.map(v => v.id + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + " " +
			n.any.concat(n.all, n.none).map(c => c.message).join("; ")).join(" | ")))`
	for _, size := range sizes {
		b.do(chromedp.EmulateViewport(size[0], size[1]))
		for _, at := range screens {
			b.visit(at)
			b.until(`document.readyState === "complete"`)
			eval[bool](b, string(axe)+"; true")
			for _, scheme := range []string{"light", "dark"} {
				b.scheme(scheme)
				for _, v := range eval[[]string](b, run) {
					t.Errorf("%s at %d, %s: %s", at, size[0], scheme, v)
				}
			}
		}
	}
}

// TestHundredThousandEntries: a folder of so many opens with the first of them, goes on when they are scrolled to, and
// the page does not grow without end.
func TestHundredThousandEntries(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 100,000 files")
	}
	p := newPlace(t)
	p.must(os.Mkdir(filepath.Join(p.src, "many"), 0o755))
	for i := range 100_000 {
		p.must(os.WriteFile(filepath.Join(p.src, "many", fmt.Sprintf("f%06d", i)), nil, 0o644))
	}
	p.backup()
	b := open(t, 1280, 860)
	b.signIn(p.serve())
	b.visit("/s/latest/many")
	b.until(`document.querySelectorAll(".files tbody tr").length >= 500`)
	b.do(chromedp.Click(chromedp.CSS(`input[aria-label="Select f000007"]`)))
	more := func() string { return eval[string](b, `document.querySelector("a[rel=more]")?.href ?? ""`) }
	most := 0
	for range 30 { // five times as many rows as stay
		before := more()
		eval[bool](b, `(scrollTo(0, document.documentElement.scrollHeight), true)`)
		b.until(fmt.Sprintf(`document.querySelector("a[rel=more]").href !== %q`, before))
		most = max(most, eval[int](b, `document.querySelectorAll(".files tr").length`))
	}
	if most > 3600 {
		t.Errorf("%d rows at a time", most)
	}
	if got := more(); !strings.Contains(got, "f015499") {
		t.Errorf("after 31 pages of 500 it goes on at %s", got)
	}
	b.until(`document.querySelector("#chosen").textContent === "1"`)
	if got := eval[string](b,
		`new URLSearchParams(new FormData(document.querySelector("#chosen-form"))).toString()`); got != "p=many%2Ff000007" {
		t.Errorf("what is ticked far above: %q", got)
	}
	eval[bool](b, `(scrollTo(0, 0), true)`)
	b.until(`document.querySelector("input[aria-label='Select f000007']")?.checked`)
	if n := eval[int](b, `document.querySelectorAll(".files tr").length`); n > 3600 {
		t.Errorf("%d rows at the top again", n)
	}
	eval[bool](b, fmt.Sprintf(`(location.href = %q, true)`, strings.Replace(more(), "f015499", "f099499", 1)))
	b.until(`document.querySelector(".files")?.innerText.includes("f099999") && !document.querySelector("a[rel=more]")`)
	b.quiet()
}

// TestThousandSnapshots: every screen is small and there at once, and one drags from the oldest to the newest.
func TestThousandSnapshots(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 1,000 snapshots")
	}
	p := newPlace(t)
	p.write("docs/steady.txt", "as ever\n")
	begin := time.Now().AddDate(0, 0, -1000)
	for i := range 1000 {
		p.write("docs/diary.txt", strings.Repeat("a day\n", i+1))
		if i%10 == 0 {
			p.write(fmt.Sprintf("docs/letter-%03d.txt", i), "Dear all\n")
		}
		p.snap("backup", "-q", "--utc", "--time", begin.AddDate(0, 0, i).UTC().Format("2006-01-02 15:04:05"), p.dest, p.src)
	}
	b := open(t, 1280, 860)
	b.signIn(p.serve())
	for _, at := range []string{"/", "/snapshots", "/s/latest/", "/s/latest/docs", "/find?q=*"} {
		b.visit(at)
		if n := eval[int](b, `fetch(location.href).then(r => r.text()).then(t => t.length)`); n > 150_000 {
			t.Errorf("%s: %d characters", at, n)
		}
		if n := eval[int](b, `document.querySelectorAll("*").length`); n > 3000 {
			t.Errorf("%s: %d elements", at, n)
		}
	}
	b.visit("/f/docs/diary.txt")
	if got := eval[string](b, `document.querySelector("#lives").textContent`); got != "1,000 versions" {
		t.Errorf("%q", got)
	}
	b.visit("/s/latest/docs")
	b.until(`document.querySelector("#slider")?.max === "999"`)
	b.ready()
	b.do(chromedp.Focus(chromedp.CSS("#slider")), chromedp.KeyEvent(kb.Home))
	b.until(`document.querySelector(".sum")?.textContent.includes("0 folders, 3 files")`)
	b.do(chromedp.KeyEvent(kb.End))
	b.until(`document.querySelector(".sum")?.textContent.includes("0 folders, 102 files")`)
	b.quiet()
}
