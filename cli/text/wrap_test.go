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

func TestSaid(t *testing.T) {
	for _, c := range []struct {
		width      int
		line, want string
	}{
		{0, "snap: as wide as it is: snap list -d /a/b", "snap: as wide as it is: snap list -d /a/b\n"},
		{45, "snap: as wide as it is: snap list -d /a/b", "snap: as wide as it is: snap list -d /a/b\n"},
		{40, "snap: as wide as it is: snap list -d /a/b", "snap: as wide as it is:\n      snap list -d /a/b\n"},
		{26, "snap: wider than all that: snap list -d /a/b",
			"snap: wider than all that:\n      snap list -d /a/b\n"},
		{20, "snap: so narrow: snap list -d /a/b", "snap: so narrow:\n      snap list -d\n      /a/b\n"},
		{20, "snap: /a/name/without/any/blank here", "snap:\n      /a/name/without/any/blank\n      here\n"},
	} {
		var b strings.Builder
		s := &Said{Writer: &b, Width: func() int { return c.width }, Program: "snap"}
		if n, err := s.Write([]byte(c.line + "\n")); n != len(c.line)+1 || err != nil || b.String() != c.want {
			t.Errorf("%d columns: %d, %v\n%swant\n%s", c.width, n, err, b.String(), c.want)
		}
	}
}

// TestAmountsStayTogether: a number and its unit are in one line.
func TestAmountsStayTogether(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"copied 22 MiB, 2.1 s", "copied 22 MiB,\n  2.1 s"},
		{"it copied 12 MiB now", "it copied 12 MiB\n  now"},
		{"and so it is 12 MiB", "and so it is\n  12 MiB"},
		{"files at 999 MiB/s", "files at\n  999 MiB/s"},
		{"there are 12 snapshots", "there are 12\n  snapshots"},
		{"what is 1 simple", "what is 1 simple"},
		{"what is 12 simple", "what is 12\n  simple"},
		{"", ""},
		{" a  b ", " a  b "},
	} {
		if got := (Style{Width: 16}).Wrap(c.line, "  "); got != c.want {
			t.Errorf("%q: %q, want %q", c.line, got, c.want)
		}
	}
}
