package text

import (
	"io"
	"regexp"
	"slices"
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
	for i, word := range words(line[lead:]) {
		n := displaywidth.String(word)
		bare := displaywidth.String(strings.TrimRight(word, " "))
		if i > 0 && width+bare > s.Width {
			b.WriteString("\n")
			if width = displaywidth.String(indent); width+bare > s.Width && bare <= s.Width {
				width = 0 // then it is not broken
			}
			b.WriteString(indent[:min(width, len(indent))])
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

// amount is a number with its unit, which stay together.
var amount = regexp.MustCompile(`[0-9] (?:s|B|[kKMGTPE]i?B)(?:/s)?\b`)

// words are what a line may be broken between, each with the blank behind it.
func words(line string) (all []string) {
	begin, kept := 0, amount.FindAllStringIndex(line, -1)
	for i := range len(line) {
		if line[i] != ' ' || slices.ContainsFunc(kept, func(at []int) bool { return i == at[0]+1 }) {
			continue
		}
		all, begin = append(all, line[begin:i+1]), i+1
	}
	return append(all, line[begin:])
}

// WrapAll is wrap for each of the lines, what goes on under the text of a line with a label of width wide.
func (s Style) WrapAll(lines []string, width int) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = s.Wrap(line, strings.Repeat(" ", width))
	}
	return out
}

// WrapTyped is Wrap for a line with a command line of a program at its end, which is to be copied in one piece: it gets
// a line of its own where it does not fit any more.
func (s Style) WrapTyped(line, indent, program string) string {
	if s.Fits(line) {
		return line
	}
	for _, before := range [...]string{": ", ", then "} {
		if i := strings.LastIndex(line, before+program+" "); i >= 0 {
			if command := line[i+len(before):]; s.Fits(indent + command) {
				return s.Wrap(strings.TrimRight(line[:i+len(before)], " "), indent) + "\n" + indent + command
			}
		}
	}
	return s.Wrap(line, indent)
}

// Beside is a path that stands behind indent columns, and a note on it. Where both have no room the path is shortened
// in its middle, or the note goes below it.
func (s Style) Beside(indent int, path, note string) string {
	before := strings.Repeat(" ", indent)
	if s.Fits(before + path + note) {
		return path + note
	}
	if room := s.Width - indent - columns(note); room >= s.Width/2 {
		return Shorten(path, room) + note
	}
	path = Shorten(path, s.Width-indent)
	if note == "" {
		return path
	}
	return path + "\n" + s.Wrap("    "+strings.TrimLeft(note, " "), "    ")
}

// Arrow joins where something was and where it is, in two lines where one would be too wide.
func (s Style) Arrow(mark, from, to string) string { return s.ArrowNote(mark, from, to, "") }

// ArrowNote is Arrow with a note on it.
func (s Style) ArrowNote(mark, from, to, note string) string {
	if line := from + " -> " + to + note; s.Fits("+ " + line) {
		return mark + " " + line
	}
	const arrow = "    -> "
	return mark + " " + s.Beside(len("+ "), from, "") + "\n" + arrow + s.Beside(len(arrow), to, note)
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
	const indent = "      " // below what comes after "snap: "
	style := Style{Width: s.Width()}
	var b strings.Builder
	for line := range strings.Lines(string(p)) {
		text, end := line, ""
		if strings.HasSuffix(line, "\n") {
			text, end = line[:len(line)-1], "\n"
		}
		b.WriteString(style.WrapTyped(text, indent, s.Program) + end)
	}
	if _, err := io.WriteString(s.Writer, b.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}
