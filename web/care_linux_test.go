package web

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// careScreens are the routes of the screens that tell of the snapshots as a whole.
const careScreens = " diff space keep health snapshot "

// told is what a part of a page says, a blank between what stands in different elements.
func told(t testing.TB, page string) string {
	t.Helper()
	var b strings.Builder
	for e := range parsed(t, page).Descendants() {
		if e.Type == html.TextNode && e.Parent.Data != "title" && e.Parent.Data != "script" {
			b.WriteString(e.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// says fails for what a text does not have.
func says(t testing.TB, what, text string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(text, want) {
			t.Errorf("%s: no %q in %.900s", what, want, text)
		}
	}
}
