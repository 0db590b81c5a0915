package text

import (
	"io"
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// Wrap breaks a line of prose at its blanks where it is wider than the terminal; what goes on begins with indent. A
// word that is wider stays whole.
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

// Said wraps the lines that are said on a terminal. A command line at the end, of a program, is to be copied in one
// piece: it gets a line of its own where it does not fit any more.
type Said struct {
	io.Writer
	Width   func() int // of the terminal now; 0: not known
	Program string     // with which such a command line begins
}

// Write writes whole lines.
func (s *Said) Write(p []byte) (int, error) {
	style := Style{Width: s.Width()}
	var b strings.Builder
	for line := range strings.Lines(string(p)) {
		text, end := line, ""
		if strings.HasSuffix(line, "\n") {
			text, end = line[:len(line)-1], "\n"
		}
		b.WriteString(s.wrap(style, text) + end)
	}
	if _, err := io.WriteString(s.Writer, b.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (s *Said) wrap(style Style, line string) string {
	const indent = "      " // below what comes after "snap: "
	if style.Fits(line) {
		return line
	}
	if i := strings.LastIndex(line, ": "+s.Program+" "); i > len(s.Program) {
		if command := line[i+len(": "):]; style.Fits(indent + command) {
			return style.Wrap(line[:i+1], indent) + "\n" + indent + command
		}
	}
	return style.Wrap(line, indent)
}
