// Package quote shows names safely: on a terminal, in a message, and as words of a shell.
//
// Names may hold anything but NUL and a slash. What a terminal would obey instead of showing is never
// printed as it is: control characters (C0, DEL, C1), bidirectional controls, line and paragraph
// separators, and bytes that are no UTF-8.
package quote

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Dangerous reports whether r must not reach a terminal. Invalid UTF-8 is asked about separately.
func Dangerous(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r <= 0x9f:
		return true
	case r < 0x061c:
		return false
	case r == 0x061c, r == 0x200e, r == 0x200f:
		return true
	}
	return r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// Harmless reports whether s can be printed as it is.
func Harmless(s string) bool {
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c < 0x20 || c == 0x7f {
				return false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || Dangerous(r) {
			return false
		}
		i += n
	}
	return true
}

// Name is a name as text output shows it: as it is, or in double quotes with Go's escapes where it is
// not harmless or could be taken for something else (a quoted name, a rename).
func Name(name string) string {
	if Harmless(name) && !strings.HasPrefix(name, `"`) && !strings.Contains(name, " -> ") {
		return name
	}
	return strconv.Quote(name)
}

// Path is a path in a snapshot as text shows it; the source itself is "./".
func Path(path string) string {
	if path == "" {
		return "./"
	}
	return Name(path)
}

// Clean is a message with what is not harmless in it escaped: for texts in which names stand already,
// as in errors of the operating system.
func Clean(text string) string {
	if Harmless(text) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case Dangerous(r):
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
		default:
			b.WriteString(text[i : i+n])
		}
		i += n
	}
	return b.String()
}

// Word is a word that can be typed into any shell as it is, and shown on a terminal: bytes that are not harmless are
// escapes of printf, which every shell has.
func Word(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./:@%,="
	switch {
	case s != "" && s[0] != '=' && strings.Trim(s, plain) == "": // zsh looks for a program behind =
		return s
	case Harmless(s):
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	case strings.HasSuffix(s, "\n"): // $(…) takes those away; not all shells know this form
		return "$'" + escaped(s, `\'`, "%") + "'"
	}
	return printed(s, "%%")
}

// WordInFormat is Word without a percent sign, so that it can stand in a format.
func WordInFormat(s string) string {
	if w := Word(s); !strings.Contains(w, "%") {
		return w
	}
	return printed(s, `\045`)
}

// printed is s as a word that printf makes.
func printed(s, percent string) string {
	text := escaped(s, `\047`, percent)
	if text[0] == '-' { // no flag of printf
		text = `\055` + text[1:]
	}
	return `"$(printf '` + text + `')"`
}

// escaped is s with escapes for what is not harmless; apostrophe and percent are how these two are written.
func escaped(s, apostrophe, percent string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1 || Dangerous(r):
			for _, c := range []byte(s[:n]) {
				fmt.Fprintf(&b, `\%03o`, c)
			}
		case r == '\\':
			b.WriteString(`\\`)
		case r == '\'':
			b.WriteString(apostrophe)
		case r == '%':
			b.WriteString(percent)
		default:
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// Arg is Word for the last argument of a command line, which is then not taken for a flag.
func Arg(s string) string {
	if strings.HasPrefix(s, "-") {
		return "-- " + Word(s)
	}
	return Word(s)
}

// MaxListed is how many names a message lists.
const MaxListed = 10

// List lists names for a message, at most MaxListed of them.
func List(names []string) string {
	listed := All(names[:min(len(names), MaxListed)])
	if n := len(names) - MaxListed; n > 0 {
		listed += fmt.Sprintf(" and %d more", n)
	}
	return listed
}

// All lists names for a message, all of them.
func All(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = Name(n)
	}
	return strings.Join(quoted, ", ")
}
