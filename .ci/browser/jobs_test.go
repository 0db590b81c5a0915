package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// slowly makes the next backup take as long as the test likes: it waits for a file.
func (p *place) slowly() (goOn func()) {
	p.t.Helper()
	gate := filepath.Join(p.dir, "gate")
	p.must(os.WriteFile(filepath.Join(p.dest, "BackupOptions.txt"),
		fmt.Appendf(nil, "before = while [ ! -e %s ]; do sleep 0.05; done\n", gate), 0o600))
	return func() { p.must(os.WriteFile(gate, nil, 0o600)) }
}

// TestBackupShowsProgressAndEnds: the button begins it, every page tells of it, and when it ends the page says so
// without being loaded again.
func TestBackupShowsProgressAndEnds(t *testing.T) {
	for _, size := range sizes {
		p := story(t)
		b := open(t, size[0], size[1])
		b.signIn(p.serve())
		p.write("docs/today.txt", "today\n")
		goOn := p.slowly()
		b.ready()
		b.do(chromedp.Click(chromedp.CSS("#backup")))
		b.until(`document.querySelector("h1")?.textContent === "Backing up"`)
		b.visit("/s/latest/docs")
		b.until(`document.querySelector("#line")?.innerText.includes("Backing up")`)
		b.ready()
		mark := `(window.same = true)`
		eval[bool](b, mark)
		goOn()
		b.until(`document.querySelector("#line").innerText.includes("Backed up")`)
		if !eval[bool](b, `window.same === true && document.querySelector("#line").innerText.includes("1 change")`) {
			t.Error("the page was loaded again, or does not say what changed")
		}
		b.do(chromedp.Click(chromedp.CSS("#line a")))
		b.until(`document.querySelector("h1")?.textContent === "Backed up"`)
		b.do(chromedp.Click(chromedp.CSS(".after .button")))
		b.until(`document.querySelector("#slider")`)
		b.quiet()
	}
}

// TestCancel: a backup that is cancelled ends, and the page says so.
func TestCancel(t *testing.T) {
	p := story(t)
	b := open(t, 1280, 860)
	b.signIn(p.serve())
	p.slowly()
	b.ready()
	b.do(chromedp.Click(chromedp.CSS("#backup")))
	b.until(`document.querySelector("h1")?.textContent === "Backing up"`)
	b.do(chromedp.Click(chromedp.CSS(".verdict button")))
	b.until(`document.querySelector("h1")?.textContent === "The backup was cancelled"`)
	b.quiet()
}

// TestSevenTabs: all of them tell how a job gets on, and each still gets what it asks for: a browser has six
// connections.
func TestSevenTabs(t *testing.T) {
	p := story(t)
	b := open(t, 1280, 860)
	b.signIn(p.serve())
	p.write("docs/today.txt", "today\n")
	goOn := p.slowly()
	b.ready()
	b.do(chromedp.Click(chromedp.CSS("#backup")))
	b.until(`document.querySelector("h1")?.textContent === "Backing up"`)
	var all []*tab
	for range 7 {
		next := b.another()
		next.visit("/s/latest/docs")
		next.until(`document.querySelector("#line [data-events]")`)
		next.ready()
		all = append(all, next)
	}
	for _, next := range all {
		next.do(chromedp.Click(chromedp.CSS(`a[rel=prev]`)))
		next.until(`document.querySelector("#newest")`)
	}
	goOn()
	for _, next := range append(all, b) {
		next.until(`document.body.innerText.includes("Backed up")`)
		next.quiet()
	}
}

// TestSelectManyAndLookFirst: tick two files, see what would happen to what is there, and only then do it.
func TestSelectManyAndLookFirst(t *testing.T) {
	for _, size := range sizes {
		p := story(t)
		b := open(t, size[0], size[1])
		b.signIn(p.serve())
		b.visit("/s/oldest/docs")
		b.ready()
		eval[bool](b, `([...document.querySelectorAll(".files tbody input")].forEach(i => i.click()), true)`)
		b.until(`document.querySelector("#chosen").textContent === "2"`)
		b.do(chromedp.Click(chromedp.CSS("#restore-chosen")))
		b.until(`document.querySelector("#ask").open && document.querySelector("#ask").innerText.includes("docs/recipes.md")`)
		b.do(chromedp.Click(chromedp.CSS("#ask [value=there]")), chromedp.Click(chromedp.CSS("#ask #look")))
		b.until(`document.querySelector("h1")?.textContent.includes("would be overwritten")`)
		if got := read(p, "docs/recipes.md"); !strings.Contains(got, "3 eggs") {
			t.Fatalf("%q", got)
		}
		b.do(chromedp.Click(chromedp.CSS(".look [value=if-changed]")))
		b.until(`document.querySelector("#go")?.innerText.includes("Restore 2 files, replace 1")`)
		if got := read(p, "docs/recipes.md"); !strings.Contains(got, "3 eggs") {
			t.Fatalf("%q", got)
		}
		b.do(chromedp.Click(chromedp.CSS("#go")))
		b.until(`document.querySelector("h1")?.textContent === "Restored"`)
		if got := read(p, "docs/recipes.md") + read(p, "docs/letters/landlord.txt"); !strings.Contains(got, "2 eggs") ||
			!strings.Contains(got, "Dear Sir") {
			t.Errorf("%q", got)
		}
		b.quiet()
	}
}

// TestFindAFileAndRestoreIt: type, open, compare, restore into a folder; its bytes are on the disk.
func TestFindAFileAndRestoreIt(t *testing.T) {
	for _, size := range sizes {
		p := story(t)
		b := open(t, size[0], size[1])
		b.signIn(p.serve())
		b.do(chromedp.SendKeys(chromedp.CSS(".find input"), "landlord.txt\r"))
		b.until(`document.querySelector("#found")?.textContent.includes("1 path")`)
		b.do(chromedp.Click(chromedp.CSS(".results .name a")))
		b.until(`document.querySelector("#lives")`)
		b.ready()
		b.do(chromedp.Click(chromedp.CSS(".lives li.added a")))
		b.until(`document.querySelector("#restore-this")`)
		b.ready()
		b.do(chromedp.KeyEvent("r"))
		b.until(`document.querySelector("#ask").open`)
		b.do(chromedp.Click(chromedp.CSS("#ask #look")))
		b.until(`document.querySelector("#go")`)
		b.do(chromedp.Click(chromedp.CSS("#go")))
		b.until(`document.querySelector("h1")?.textContent === "Restored"`)
		found, err := filepath.Glob(filepath.Join(p.dir, "home/restored-*/landlord.txt"))
		if err != nil || len(found) != 1 {
			t.Fatalf("%v %v", found, err)
		}
		if got, err := os.ReadFile(found[0]); err != nil || string(got) != "Dear Sir\n" {
			t.Errorf("%q %v", got, err)
		}
		b.quiet()
	}
}

func read(p *place, path string) string {
	p.t.Helper()
	b, err := os.ReadFile(filepath.Join(p.src, path))
	p.must(err)
	return string(b)
}
