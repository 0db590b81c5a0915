package browser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestPictures takes a picture of every screen into the folder $SNAP_PICTURES, for people to look at: of the page whose
// link is $SNAP_LINK, or of a small one.
func TestPictures(t *testing.T) {
	dir := os.Getenv("SNAP_PICTURES")
	if dir == "" {
		t.Skip("SNAP_PICTURES names no folder")
	}
	link, screens := os.Getenv("SNAP_LINK"), strings.Fields(os.Getenv("SNAP_SCREENS"))
	if link == "" {
		p := story(t)
		link = p.serve()
	}
	if len(screens) == 0 {
		screens = []string{"overview=/", "snapshots=/snapshots", "files=/s/latest/docs", "file=/f/docs/recipes.md", "find=/find?q=*.md"}
	}
	first := open(t, 1280, 900)
	first.signIn(link)
	for _, size := range [][3]string{{"1280", "light"}, {"1280", "dark"}, {"390", "light"}, {"390", "dark"}} {
		width := int64(1280)
		height := int64(860)
		if size[0] == "390" {
			width, height = 390, 844
		}
		first.do(chromedp.EmulateViewport(width, height))
		first.scheme(size[1])
		for _, s := range screens {
			name, at, _ := strings.Cut(s, "=")
			first.visit(at)
			first.until(`document.readyState === "complete" && !document.querySelector("[data-weigh]:empty")`)
			shot := chromedp.CaptureScreenshot()
			if os.Getenv("SNAP_WHOLE") != "" {
				shot = chromedp.FullScreenshot(100)
			}
			png, err := chromedp.Run(first.ctx, shot)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name+"-"+size[0]+"-"+size[1]+".png"), png, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	first.quiet()
}
