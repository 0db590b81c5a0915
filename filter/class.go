package filter

import "strings"

// byteSet is a set of bytes.
type byteSet [4]uint64

func (s *byteSet) has(b byte) bool { return s[b/64]>>(b%64)&1 != 0 }

func (s *byteSet) add(from, to byte) {
	for b := int(from); b <= int(to); b++ {
		s[b/64] |= 1 << (b % 64)
	}
}

// classes are the POSIX classes as git's own ctype has them: ASCII, and space without \v and \f.
var classes = map[string][]string{ // pairs of first and last byte
	"alnum":  {"az", "AZ", "09"},
	"alpha":  {"az", "AZ"},
	"blank":  {"  ", "\t\t"},
	"cntrl":  {"\x00\x1f", "\x7f\x7f"},
	"digit":  {"09"},
	"graph":  {"!~"},
	"lower":  {"az"},
	"print":  {" ~"},
	"punct":  {"!/", ":@", "[`", "{~"},
	"space":  {"  ", "\t\n", "\r\r"},
	"upper":  {"AZ"},
	"xdigit": {"09", "af", "AF"},
}

// lexClass reads the [...] at the start of s as git does: ! or ^ negates, a ] that comes first
// and a - that stands at an edge or behind a range are themselves. Its token takes n bytes.
func lexClass(s string) (t token, n int, why string) {
	const open = `holds a [ without its ]: close it, or write \[ for the character`
	set := new(byteSet)
	i := 1
	negated := i < len(s) && (s[i] == '!' || s[i] == '^')
	if negated {
		i++
	}
	t = token{op: opClass, set: set}
	var last byte // what a range may start with; 0: nothing
	for first := true; ; first = false {
		if i >= len(s) {
			return t, 0, open
		}
		b := s[i]
		switch {
		case b == ']' && !first:
			if negated {
				for j := range set {
					set[j] = ^set[j]
				}
			}
			return t, i + 1, ""
		case b == '[' && strings.HasPrefix(s[i+1:], ":"):
			end := strings.IndexByte(s[i+2:], ']')
			if end < 0 {
				return t, 0, open
			}
			name, isClass := strings.CutSuffix(s[i+2:i+2+end], ":")
			if !isClass {
				set.add(b, b)
				last = b
				i++
				continue
			}
			ranges, known := classes[name]
			if !known {
				return t, 0, "holds [:" + name + ":], which is no class: write alnum, alpha, blank, cntrl, digit, graph, lower, print, punct, space, upper or xdigit"
			}
			for _, r := range ranges {
				set.add(r[0], r[1])
			}
			last = 0
			i += 2 + end + 1
			continue
		case b == '-' && last != 0 && i+1 < len(s) && s[i+1] != ']':
			i++
			if b, i = unescape(s, i); i > len(s) {
				return t, 0, open
			}
			set.add(last, b)
			last = 0
			if b == '/' {
				t.b = '/'
			}
			continue
		}
		if b, i = unescape(s, i); i > len(s) {
			return t, 0, open
		}
		set.add(b, b)
		last = b
		if b == '/' {
			t.b = '/'
		}
	}
}

// unescape returns the byte at s[i], or the one behind if that is a backslash, and what follows.
func unescape(s string, i int) (b byte, next int) {
	if s[i] != '\\' {
		return s[i], i + 1
	}
	if i+1 == len(s) {
		return 0, i + 2
	}
	return s[i+1], i + 2
}
