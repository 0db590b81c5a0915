package filter

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// charSet is the characters that [...] matches.
type charSet struct {
	ascii   [2]uint64
	ranges  [][2]char           // of the others, first and last
	classes []func(r rune) bool // of the others, never asked about raw bytes
	negated bool                // [!…] matches what it does not have
}

// has reports whether c stands in the brackets, negated or not.
func (s *charSet) has(c char) bool {
	if c < utf8.RuneSelf {
		return s.ascii[c/64]>>(c%64)&1 != 0
	}
	return slices.ContainsFunc(s.ranges, func(r [2]char) bool { return r[0] <= c && c <= r[1] }) ||
		c < rawBytes && slices.ContainsFunc(s.classes, func(is func(rune) bool) bool { return is(c) })
}

func (s *charSet) add(from, to char) {
	for c := from; c <= min(to, utf8.RuneSelf-1); c++ {
		s.ascii[c/64] |= 1 << (c % 64)
	}
	if from = max(from, utf8.RuneSelf); from <= to {
		s.ranges = append(s.ranges, [2]char{from, to})
	}
}

// class is a POSIX class: of ASCII what git's own ctype has, which knows no more, and space without \v and \f; of other
// characters what Unicode says. Digits are those of ASCII.
type class struct {
	ascii  []string // pairs of first and last character
	others func(r rune) bool
}

var classes = map[string]class{
	"alnum":  {[]string{"az", "AZ", "09"}, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }},
	"alpha":  {[]string{"az", "AZ"}, unicode.IsLetter},
	"blank":  {[]string{"  ", "\t\t"}, func(r rune) bool { return unicode.Is(unicode.Zs, r) }},
	"cntrl":  {[]string{"\x00\x1f", "\x7f\x7f"}, unicode.IsControl},
	"digit":  {[]string{"09"}, nil},
	"graph":  {[]string{"!~"}, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }},
	"lower":  {[]string{"az"}, unicode.IsLower},
	"print":  {[]string{" ~"}, unicode.IsGraphic},
	"punct":  {[]string{"!/", ":@", "[`", "{~"}, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) }},
	"space":  {[]string{"  ", "\t\n", "\r\r"}, unicode.IsSpace},
	"upper":  {[]string{"AZ"}, unicode.IsUpper},
	"xdigit": {[]string{"09", "af", "AF"}, nil},
}

// lexClass reads the [...] at the start of s as git does: ! or ^ negates, a ] that comes first
// and a - that stands at an edge or behind a range are themselves. Its token takes n bytes.
func lexClass(s string) (t token, n int, why string) {
	set := new(charSet)
	i := 1
	negated := i < len(s) && (s[i] == '!' || s[i] == '^')
	if negated {
		i++
	}
	t = token{op: opClass, set: set}
	last := char(-1) // what a range may start with; -1: nothing
	for first := true; ; first = false {
		if i >= len(s) {
			return t, 0, unclosed
		}
		var c char
		switch b := s[i]; {
		case b == ']' && !first:
			set.negated = negated
			return t, i + 1, ""
		case b == '[' && strings.HasPrefix(s[i+1:], ":"):
			end := strings.IndexByte(s[i+2:], ']')
			if end < 0 {
				return t, 0, unclosed
			}
			name, isClass := strings.CutSuffix(s[i+2:i+2+end], ":")
			if !isClass {
				set.add('[', '[')
				last = '['
				i++
				continue
			}
			cl, known := classes[name]
			if !known {
				return t, 0, "holds [:" + name + ":], which is no class: " +
					"write alnum, alpha, blank, cntrl, digit, graph, lower, print, punct, space, upper or xdigit"
			}
			for _, r := range cl.ascii {
				set.add(char(r[0]), char(r[1]))
			}
			if cl.others != nil {
				set.classes = append(set.classes, cl.others)
			}
			last = -1
			i += 2 + end + 1
			continue
		case b == '-' && last >= 0 && i+1 < len(s) && s[i+1] != ']':
			i++
			if c, i = unescape(s, i); i > len(s) {
				return t, 0, unclosed
			}
			set.add(last, c)
			last = -1
			if c == '/' {
				t.c = '/'
			}
			continue
		}
		if c, i = unescape(s, i); i > len(s) {
			return t, 0, unclosed
		}
		set.add(c, c)
		last = c
		if c == '/' {
			t.c = '/'
		}
	}
}

const unclosed = `holds a [ without its ]: close it, or write \[ for the character`

// unescape returns the character at s[i:], or the one behind if that is a backslash, and where the next is: beyond
// the end if there is none.
func unescape(s string, i int) (c char, next int) {
	if s[i] == '\\' {
		if i++; i == len(s) {
			return 0, i + 1
		}
	}
	c, n := firstChar(s[i:])
	return c, i + n
}
