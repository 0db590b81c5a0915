package text

import (
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// Wrap breaks a line of prose at its blanks where it is wider than the terminal; what goes on begins with indent. A
// word that is wider stays whole. Standard error is left to the terminal: a command line in a hint is to be copied in
// one piece.
func (s Style) Wrap(line, indent string) string {
	if s.Fits(line) {
		return line
	}
	var b strings.Builder
	width := 0
	lead := len(line) - len(strings.TrimLeft(line, " "))
	b.WriteString(line[:lead])
	width += lead
	for i, word := range strings.SplitAfter(line[lead:], " ") {
		n := displaywidth.String(word)
		if i > 0 && width+displaywidth.String(strings.TrimRight(word, " ")) > s.Width {
			b.WriteString("\n" + indent)
			width = displaywidth.String(indent)
		}
		b.WriteString(word)
		width += n
	}
	lines := strings.Split(b.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// WrapAll is wrap for each of the lines, what goes on under the text of a line with a label of width wide.
func (s Style) WrapAll(lines []string, width int) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = s.Wrap(line, strings.Repeat(" ", width))
	}
	return out
}

// Arrow joins where something was and where it is, in two lines where one would be too wide.
func (s Style) Arrow(mark, from, to string) string {
	if line := mark + " " + from + " -> " + to; s.Fits("+" + line[len(mark):]) {
		return line
	}
	return mark + " " + from + "\n    -> " + to
}
