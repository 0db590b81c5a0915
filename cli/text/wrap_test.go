package text

import (
	"strings"
	"testing"

	"github.com/clipperhouse/displaywidth"
	"pgregory.net/rapid"
)

// TestWrap: no line is wider than the terminal but one word, no word is broken or lost, and what fits stays as it is.
func TestWrap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-zä語]{1,30}`), 1, 30).Draw(t, "words")
		width := rapid.IntRange(0, 100).Draw(t, "width")
		c := Style{Width: width}
		line := "  label   " + strings.Join(words, " ")
		got := c.Wrap(line, "          ")
		if width == 0 && got != line {
			t.Fatalf("%q for %q where there is no terminal", got, line)
		}
		if a, b := strings.Fields(got), strings.Fields(line); strings.Join(a, " ") != strings.Join(b, " ") {
			t.Fatalf("%q for %q", a, b)
		}
		for l := range strings.Lines(got) {
			if w := displaywidth.String(strings.TrimSuffix(l, "\n")); width > 0 && w > width && len(strings.Fields(l)) > 2 {
				t.Fatalf("%q is %d wide, more than %d", l, w, width)
			}
		}
	})
	c := Style{Width: 20}
	for want, got := range map[string]string{
		"R a -> b":                            c.Arrow("R", "a", "b"),
		"R a long folder/x\n    -> another/x": c.Arrow("R", "a long folder/x", "another/x"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
