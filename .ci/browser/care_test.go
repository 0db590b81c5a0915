package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// careScreens are those that tell of the snapshots as a whole, of the story.
var careScreens = []string{
	"/diff/", "/diff/oldest/latest/", "/diff/oldest/latest/docs?unfold=1",
	"/diff/oldest/latest/?kind=removed&sort=copied", "/diff/oldest/now/?count=1", "/space/?count=1",
	"/space/docs?count=1", "/space/?count=1&by=copied", "/space/?count=1&free=1B&d=1", "/keep",
	"/keep?keep_last=1&count=1", "/keep?keep_last=2&count=1", "/health", "/health?look=1",
	"/snapshot/latest", "/snapshot/oldest",
}

// TestCompareTwoSnapshots: each handle on the bar of time chooses a snapshot, and what is different follows.
func TestCompareTwoSnapshots(t *testing.T) {
	p := story(t)
	link := p.serve()
	for i, size := range sizes {
		b := open(t, size[0], size[1])
		if i == 0 {
			b.signIn(link)
		} else {
			b.signIn(strings.TrimSpace(p.snap("web", "-q", "--link")))
		}
		b.visit("/diff/")
		b.ready()
		b.until(`document.querySelector(".differing").innerText.includes("new.txt")`)
		to := func(id string, value int) {
			t.Helper()
			eval[bool](b, fmt.Sprintf(`(() => { const s = document.querySelector(%q); s.focus(); s.value = %d;
				s.dispatchEvent(new Event("input", {bubbles: true})); return true })()`, id, value))
		}
		to("#slider-a", 0)
		b.until(`document.querySelector(".differing").innerText.includes("landlord.txt") &&
			document.querySelector(".differing").innerText.includes("was ideas.txt")`)
		at := eval[[]string](b, `location.pathname.split("/").slice(3, 5)`)
		got := eval[string](b, `document.querySelector("#differences .cli code").textContent`)
		if got != "snap diff "+at[0]+" "+at[1]+" -d "+p.dest {
			t.Errorf("%q, at %v", got, at)
		}
		if focus := eval[string](b, "document.activeElement.id"); focus != "slider-a" {
			t.Errorf("the focus is in %q", focus)
		}
		told := strings.Fields(strings.Replace(p.snap("diff", "-d", p.dest, "--stat", at[0], at[1]), ",", "", -1))
		for n := 0; n+1 < len(told); n += 2 { // 1 added 1 modified …
			if !strings.Contains("added modified moved removed", strings.TrimSuffix(told[n+1], ";")) {
				break
			}
			kind := strings.TrimSuffix(told[n+1], ";")
			got := eval[string](b, fmt.Sprintf(`document.querySelector(".kind.%s")?.textContent ?? ""`, kind))
			if !strings.Contains(got, " "+told[n]+" ") {
				t.Errorf("%s: %q, want %s", kind, got, told[n])
			}
		}
		to("#slider-b", 1)
		b.until(`!document.querySelector(".differing").innerText.includes("new.txt")`)
		b.do(chromedp.Click(chromedp.CSS(".kind.removed")))
		b.until(`location.search === "?kind=removed" && document.querySelectorAll(".differing tbody tr").length === 1`)
		b.visit("/diff/")
		b.ready()
		b.do(chromedp.KeyEvent("["))
		b.until(`document.querySelector(".differing")?.innerText.includes("landlord.txt") &&
			!document.querySelector(".differing").innerText.includes("new.txt")`)
		b.quiet()
	}
}

// TestCompareWithNow: what has changed since the newest snapshot is one click away, and comes after its page.
func TestCompareWithNow(t *testing.T) {
	p := story(t)
	p.write("docs/recipes.md", "# Recipes\n\n4 eggs\nsalt\n")
	p.write("docs/later.txt", "in no snapshot\n")
	b := open(t, 1280, 860)
	b.signIn(p.serve())
	b.visit("/diff/")
	b.do(chromedp.Click(chromedp.CSS(`a[href*="/now/"]`)))
	b.until(`document.querySelector(".differing")?.innerText.includes("later.txt")`)
	if got := eval[int](b, `document.querySelectorAll(".differing tbody tr").length`); got != 2 {
		t.Errorf("%d rows", got)
	}
	b.do(chromedp.Click(chromedp.CSS(`.differing a[href*="recipes.md"]`)))
	b.until(`document.querySelector(".code")?.innerText.includes("4 eggs")`)
	b.quiet()
}

// TestTryRules: what rules keep follows the numbers, and somebody goes on typing meanwhile.
func TestTryRules(t *testing.T) {
	p := story(t)
	b := open(t, 1280, 860)
	b.signIn(p.serve())
	b.visit("/keep")
	b.ready()
	b.do(chromedp.SendKeys(chromedp.CSS("#keep_last"), "2"))
	b.until(`document.querySelector("h1").textContent.includes("Keeps 2 of 3 snapshots, would free")`)
	if focus := eval[string](b, "document.activeElement.id"); focus != "keep_last" {
		t.Errorf("the focus is in %q", focus)
	}
	b.do(chromedp.KeyEvent(kb.Backspace + "3"))
	b.until(`document.querySelector("h1").textContent.includes("nothing goes") && location.search.includes("keep_last=3")`)
	b.do(chromedp.KeyEvent(kb.Backspace + "x"))
	b.until(`document.querySelector("#kept [role=alert]")?.textContent.includes("number of snapshots")`)
	b.do(chromedp.KeyEvent(kb.Backspace + "1"))
	b.until(`document.querySelector("h1").textContent.includes("Keeps 1 of 3")`)
	want := p.snap("prune", "-d", p.dest, "-n", "--keep-last", "1")
	for _, name := range eval[[]string](b, `[...document.querySelectorAll(".fates .goes a")].map(a => a.title)`) {
		if !strings.Contains(want, "delete  "+name) {
			t.Errorf("%s: %s", name, want)
		}
	}
	b.quiet()
}

// TestWhatDeletingFrees: the numbers come after the page, and what is ticked is summed up, as snap stats has it.
func TestWhatDeletingFrees(t *testing.T) {
	p := story(t)
	p.write("docs/large", strings.Repeat("large", 5000))
	p.backup()
	p.must(os.Remove(filepath.Join(p.src, "docs/large")))
	p.backup()
	b := open(t, 1280, 860)
	b.signIn(p.serve())
	b.visit("/space/")
	b.ready()
	b.until(`document.querySelector(".alone tbody tr")`)
	eval[bool](b, `(document.querySelectorAll(".alone input")[0].click(), true)`) // that which holds most alone
	b.until(`document.querySelector("#freed").textContent.includes("frees")`)
	if got := eval[string](b, `document.querySelector("#freed b").textContent`); got != "24 KiB" {
		t.Errorf("%q", got)
	}
	b.until(`location.search.includes("d=4") &&
		document.querySelector(".free .cli code")?.textContent.includes("snap delete -n")`)
	b.do(chromedp.SendKeys(chromedp.CSS(".wanted input[name=free]"), "20k\r"))
	b.until(`document.querySelector(".suggestion")?.textContent.includes(
		"The oldest 4 snapshots that may go free 24 KiB")`)
	b.do(chromedp.Click(chromedp.CSS(".suggestion .way")))
	b.until(`document.querySelectorAll(".alone input:checked").length === 4`)
	if n := eval[int](b, `document.querySelectorAll("#delete-these, .danger").length`); n != 0 {
		t.Error("there is a button that deletes")
	}
	b.quiet()
}

// TestPinAndNote: what is given on the page is what the commands show.
func TestPinAndNote(t *testing.T) {
	p := story(t)
	b := open(t, 390, 844)
	b.signIn(p.serve())
	b.visit("/snapshot/latest")
	b.ready()
	b.do(chromedp.Click(chromedp.CSS("#pin")))
	b.until(`document.querySelector("#unpin")`)
	b.ready()
	b.do(chromedp.SendKeys(chromedp.CSS("[name=add]"), "release\r"))
	b.until(`document.querySelector(".take")`)
	b.ready()
	b.do(chromedp.SendKeys(chromedp.CSS("#note"), "before the move"))
	eval[bool](b, `(document.querySelector("#save-note").click(), true)`) // the bar at the bottom may lie over it
	b.until(`document.readyState === "complete" && document.querySelector("#note")?.defaultValue === "before the move"`)
	if got := p.snap("list", "-d", p.dest); !strings.Contains(got, "pin,release") ||
		!strings.Contains(got, "before the move") {
		t.Errorf("%s", got)
	}
	b.do(chromedp.Click(chromedp.CSS("#unpin")))
	b.until(`document.querySelector("#pin")`)
	b.ready()
	b.do(chromedp.Click(chromedp.CSS(".take")))
	b.until(`document.querySelector("#pin") && !document.querySelector(".take")`)
	if got := p.snap("list", "-d", p.dest); strings.Contains(got, "pin") || strings.Contains(got, "release") {
		t.Errorf("%s", got)
	}
	b.quiet()
}

// TestDeleteWithItsNumber: only a server that was started for it deletes, after a look, when the number was typed.
func TestDeleteWithItsNumber(t *testing.T) {
	p := story(t)
	b := open(t, 1280, 860)
	b.signIn(p.serve("--allow-delete"))
	b.visit("/keep?keep_last=2&count=1")
	b.ready()
	b.do(chromedp.Click(chromedp.CSS(".act-on .danger")))
	b.until(`document.querySelector("#confirm") &&
		document.querySelector("h1").textContent.includes("Delete 1 snapshot,")`)
	b.ready()
	folders := func() int {
		all, err := filepath.Glob(filepath.Join(p.dest, "2*"))
		p.must(err)
		return len(all)
	}
	b.do(chromedp.SendKeys(chromedp.CSS("#count"), "2\r"))
	b.until(`document.querySelector("#wrong")`)
	b.ready()
	if folders() != 3 {
		t.Fatal("it is gone")
	}
	b.mu.Lock()
	b.console = nil // the answer 400 is told there
	b.mu.Unlock()
	b.do(chromedp.SendKeys(chromedp.CSS("#count"), "1\r"))
	b.until(`document.querySelector("h1")?.textContent.includes("Deleted 1 snapshot")`)
	if n := folders(); n != 2 {
		t.Errorf("%d are left", n)
	}
	b.quiet()
}
