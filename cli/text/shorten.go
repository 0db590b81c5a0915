package text

import (
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// columns is how wide s may be: terminals that do not know that several characters are one sign give each its place.
func columns(s string) int {
	each := 0
	for _, r := range s {
		each += displaywidth.Rune(r)
	}
	return max(each, displaywidth.String(s))
}

// Shorten is a path of at most width columns: where it is wider, what is in its middle gives way to a mark. Most of
// what stays is its end, which tells files apart.
func Shorten(path string, width int) string {
	if columns(path) <= width {
		return path
	}
	if width < 1 {
		return ""
	}
	var signs []string
	for g := displaywidth.StringGraphemes(path); g.Next(); {
		signs = append(signs, g.Value())
	}
	tail := take(slices.Backward(signs), width-1-(width-1)/3)
	head := take(slices.All(signs), width-1-columns(strings.Join(signs[len(signs)-tail:], "")))
	return strings.Join(signs[:head], "") + "…" + strings.Join(signs[len(signs)-tail:], "")
}

// take is how many of the signs fit into width columns.
func take(signs func(func(int, string) bool), width int) (n int) {
	for _, s := range signs {
		if width -= columns(s); width < 0 {
			return n
		}
		n++
	}
	return n
}
