package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// pictures are the screens that docs/web.md shows: a name, an address, and what is clicked there.
var pictures = [][3]string{
	{"overview", "/", ""},
	{"files", "/s/@6months/Documents", ""},
	{"file", "/f/Documents/recipes.md", ""},
	{"picture", "/f/Photos/portrait.png", ""},
	{"find", "/find?q=*.md", ""},
	{"restore", "/s/@10months/Documents", "#restore-this"},
	{"look", "/restore/@10months/Documents", "[value=there],[value=if-changed],#look"},
	{"diff", "/diff/@10months/@6months/", ""},
	{"space", "/space/", ""},
	{"keep", "/keep?keep_daily=7&keep_weekly=5&keep_monthly=12", ""},
	{"health", "/health", ""},
}

// TestPictures takes a picture of every screen into the folder $SNAP_PICTURES, for people to look at: those of
// docs/web.md into docs/web. Of a page of one's own, whose link is $SNAP_LINK, it takes $SNAP_SCREENS: NAME=ADDRESS…
func TestPictures(t *testing.T) {
	dir := os.Getenv("SNAP_PICTURES")
	if dir == "" {
		dir = t.TempDir()
	}
	link, screens, home := os.Getenv("SNAP_LINK"), pictures, "/nothing/of/this/name"
	if link == "" {
		p := year(t)
		link, home = p.serve(), p.dir
	}
	if own := strings.Fields(os.Getenv("SNAP_SCREENS")); len(own) > 0 {
		screens = nil
		for _, s := range own {
			name, at, _ := strings.Cut(s, "=")
			screens = append(screens, [3]string{name, at, ""})
		}
	}
	b := open(t, 1280, 860)
	b.signIn(link)
	for _, size := range sizes {
		b.do(chromedp.EmulateViewport(size[0], size[1]))
		for _, scheme := range []string{"light", "dark"} {
			b.scheme(scheme)
			for _, s := range screens {
				b.visit(s[1])
				b.ready()
				for _, click := range strings.FieldsFunc(s[2], func(r rune) bool { return r == ',' }) {
					b.do(chromedp.Click(chromedp.CSS(click)))
				}
				if s[0] == "restore" {
					b.until(`document.querySelector("#ask").open`)
				}
				if s[0] == "look" {
					b.until(`document.querySelector(".look")`)
				}
				b.until(`document.readyState === "complete" && [...document.images].every(i => i.complete) &&
					![...document.querySelectorAll("[data-weigh]")].some(e => e.textContent === "–") &&
					!document.querySelector("[data-part=disk], [data-part=space], [data-part=counted], [data-part=whole]")`)
				b.whole()
				b.picture(filepath.Join(dir, s[0]+map[bool]string{true: "", false: "-narrow"}[size == sizes[0]]+
					map[bool]string{true: "", false: "-dark"}[scheme == "light"]+".webp"), home)
			}
		}
	}
	b.quiet()
}

// picture keeps what is seen, as it is for an ordinary user whose folders have short names.
func (b *tab) picture(path, home string) {
	b.t.Helper()
	eval[bool](b, fmt.Sprintf(`(() => {
		document.querySelector(".root")?.remove();
		const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		for (let n; n = all.nextNode();) if (n.data.includes(%[1]q)) n.data = n.data.replaceAll(%[1]q, "/home");
		for (const i of document.querySelectorAll("input")) i.value = i.value.replaceAll(%[1]q + "/home", "/home/mira");
		return true;
	})()`, home))
	quality := int64(82)
	err := chromedp.Do(b.ctx, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		shot, err := cdp.Call(ctx, t, page.CaptureScreenshot, page.CaptureScreenshotParams{
			Format: page.CaptureScreenshotFormatWebp, Quality: &quality})
		if err != nil {
			return err
		}
		return os.WriteFile(path, shot.Data, 0o644)
	}))
	if err != nil {
		b.t.Fatal(err)
	}
}
