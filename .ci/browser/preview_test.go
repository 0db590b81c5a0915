package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestPreview: space or the icon of a file opens it beside the list; the keys go on from row to row.
func TestPreview(t *testing.T) {
	p := story(t)
	b := open(t, 1280, 860)
	b.signIn(p.serve())
	b.visit("/s/latest/docs")
	key := func(keys string) { b.t.Helper(); b.ready(); b.do(chromedp.KeyEvent(keys)) }
	key("jj ")
	b.until(`document.querySelector("#preview")?.innerText.includes("new.txt")`)
	key("j")
	b.until(`document.querySelector("#preview").innerText.includes("3 eggs")`)
	if wide := eval[int64](b, "document.documentElement.scrollWidth"); wide > 1280 {
		t.Errorf("%d wide", wide)
	}
	key(kb.Escape)
	b.until(`document.querySelector("#preview").hidden`)
	b.do(chromedp.Click(chromedp.CSS(".files tbody tr:last-child .name .i")))
	b.until(`document.querySelector("#preview").innerText.includes("thoughts.txt")`)
	b.do(chromedp.Click(chromedp.CSS("[data-close-preview]")))
	b.until(`document.querySelector("#preview").hidden`)
	b.do(chromedp.EmulateViewport(390, 844))
	key("k ") // no room: its page
	b.until(`document.querySelector("#lives")`)
	b.quiet()
}

// TestNowBesideAVersion: the file as it is now is one click away.
func TestNowBesideAVersion(t *testing.T) {
	p := story(t)
	p.write("docs/recipes.md", "# Recipes\n\n4 eggs\nsalt\n")
	b := open(t, 1280, 860)
	b.signIn(p.serve())
	b.visit("/f/docs/recipes.md")
	b.do(chromedp.Click(chromedp.CSS(".lives li:first-child a")))
	b.until(`document.querySelector(".code")?.innerText.includes("4 eggs")`)
	if got := eval[string](b, `document.querySelector(".code").innerText`); !strings.Contains(got, "3 eggs") {
		t.Errorf("%q", got)
	}
	b.quiet()
}
