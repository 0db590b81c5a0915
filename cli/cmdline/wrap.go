package cmdline

import (
	"strings"
	"unicode/utf8"
)

// Width is how wide a help text may be: the terminal of the least.
const Width = 80

// fill breaks the paragraphs of a text anew, so that they fit whatever the program is called; indented lines stay.
func fill(text string) string {
	var b strings.Builder
	paragraph := ""
	for line := range strings.Lines(text) {
		if line != "\n" && line[0] != ' ' {
			paragraph += line
			continue
		}
		b.WriteString(filled(paragraph) + line)
		paragraph = ""
	}
	return b.String() + filled(paragraph)
}

func filled(paragraph string) string {
	if paragraph == "" {
		return ""
	}
	return strings.Join(wrap(paragraph, Width), "\n") + "\n"
}

// wrap breaks text into lines at spaces.
func wrap(text string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
