package web

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"snap/internal/quote"
	"snap/record"
)

// How names stand on a page.

// nameText is a name as a page shows it: blanks at its ends would not be seen.
func nameText(name string) string {
	if strings.TrimSpace(name) != name {
		return strconv.Quote(name)
	}
	return quote.Name(name)
}

// dirText is the folder that a path is in, as it stands before its name.
func dirText(p string) string {
	dir, _ := record.Split(p)
	if dir == "" {
		return ""
	}
	return nameText(dir) + "/"
}

// lineText is a stretch of a line of a text: what could mislead a reader is seen, tabs stay.
func lineText(s string) string {
	if quote.Harmless(s) {
		return s
	}
	stretches := strings.Split(s, "\t")
	for i := range stretches {
		stretches[i] = quote.Clean(stretches[i])
	}
	return strings.Join(stretches, "\t")
}

// fieldText is what somebody typed, for the field that it was typed into.
func fieldText(s string) string {
	return strings.Map(func(r rune) rune {
		if quote.Dangerous(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// shellWord is a word for a shell as a page shows it. What could mislead a reader is written as bash, zsh and ksh read
// it back.
func shellWord(s string) string {
	if quote.Harmless(s) {
		return quote.Word(s)
	}
	var b strings.Builder
	b.WriteString("$'")
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1, quote.Dangerous(r):
			for _, c := range []byte(s[i : i+n]) {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
			// what comes next must not be taken for another digit
			if rest := s[i+n:]; rest != "" && strings.IndexByte("0123456789abcdefABCDEF", rest[0]) >= 0 {
				b.WriteString("'$'")
			}
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	b.WriteByte('\'')
	return b.String()
}

// here is what a command line says to ask this destination: without its path another one may answer.
func (s *site) here() string { return " -d " + shellWord(s.o.Dir) }

// globIn is a pattern for what is directly in a folder.
func globIn(path string) string {
	if path == "" {
		return "*"
	}
	return globQuoter.Replace(path) + "/*"
}

// globQuoter makes a path a pattern that fits that path alone.
var globQuoter = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`)
