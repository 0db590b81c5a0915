package filter

import (
	"errors"
	"strings"
)

// token is one character of a name or path, or a wildcard.
type token struct {
	op  op
	c   char     // opChar: the character; opClass: a slash if the brackets hold one
	set *charSet // opClass
}

type op byte

const (
	opChar  op = iota
	opAny      // ?
	opClass    // [...]
	opStar     // *
	opStars    // two or more
)

func (t token) isSlash() bool { return t.op == opChar && t.c == '/' }

// lex splits a line into tokens, with everything expanded unless c is nil. At least one comes out; expanded is
// whether the first came out of an expansion.
func lex(text string, c *Context) (toks []token, expanded bool, why string) {
	for i := 0; i < len(text); {
		value, n, why := "", 0, ""
		if c != nil {
			value, n, why = expand(text, i, c)
		}
		if why != "" {
			return nil, false, why
		}
		if n > 0 {
			for more := value; more != ""; {
				c, size := firstChar(more)
				toks, more = append(toks, token{c: c}), more[size:]
			}
			expanded = expanded || i == 0
			i += n
			continue
		}
		var t token
		switch text[i] {
		case '*':
			n = len(text) - i - len(strings.TrimLeft(text[i:], "*"))
			t.op = opStar
			if n > 1 {
				t.op = opStars
			}
		case '?':
			n, t.op = 1, opAny
		case '[':
			if t, n, why = lexClass(text[i:]); why != "" {
				return nil, false, why
			}
		case '\\':
			switch {
			case i+1 == len(text):
				return nil, false, unfinished
			case text[i+1] == '/':
				return nil, false, `holds a backslash before a slash: write / alone, or \\/ for a name that ends with a backslash`
			}
			t.c, n = firstChar(text[i+1:])
			n++
		default:
			t.c, n = firstChar(text[i:])
		}
		toks = append(toks, t)
		i += n
	}
	return toks, expanded, ""
}

const unfinished = `ends with a single backslash: write \\ for a backslash`

// expand returns the value of the ~ or variable at text[i:] and the n bytes it takes there; n is
// 0 if there is none. ~name, and $ before anything but a name, are what they look like.
func expand(text string, i int, c *Context) (value string, n int, why string) {
	rest := text[i:]
	switch {
	case i == 0 && (rest == "~" || strings.HasPrefix(rest, "~/")):
		if c.Home == "" {
			return "", 0, `~ cannot be expanded, the home folder is not known: write it out, or \~ for the character`
		}
		value, n = c.Home, 1
	case rest[0] == '$':
		name := rest[1:]
		if braced := strings.HasPrefix(name, "{"); braced {
			end := strings.IndexByte(name, '}')
			if end < 0 || end == 1 || nameLen(name[1:end]) != end-1 {
				return "", 0, `${ without a name and }: write ${NAME}, or \$ for the character`
			}
			name, n = name[1:end], end+2
		} else {
			name = name[:nameLen(name)]
			n = 1 + len(name)
		}
		if name == "" {
			return "", 0, ""
		}
		ok := false
		if c.Env != nil {
			value, ok = c.Env(name)
		}
		if !ok || value == "" {
			return "", 0, "$" + name + ` is not set or empty: set it or write the path out, or write \$ for the character`
		}
	default:
		return "", 0, ""
	}
	if strings.HasPrefix(rest[n:], "/") {
		value = strings.TrimRight(value, "/")
	}
	return value, n, ""
}

// Expand fills in a ~ at the beginning of a path and variables anywhere in it, as in a line of a list; the rest
// stands as it is, but for a backslash before a ~ or a $, which makes it the character.
func Expand(path string, c Context) (string, error) {
	var all strings.Builder
	for i := 0; i < len(path); {
		value, n, why := expand(path, i, &c)
		if why != "" {
			return "", errors.New(why)
		}
		switch escaped := path[i] == '\\' && i+1 < len(path) && strings.IndexByte("~$", path[i+1]) >= 0; {
		case escaped:
			value, n = path[i+1:i+2], 2
		case n == 0:
			value, n = path[i:i+1], 1
		}
		all.WriteString(value)
		i += n
	}
	return all.String(), nil
}

// nameLen returns how many bytes at the start of s are a variable's name.
func nameLen(s string) int {
	for i := range len(s) {
		if b := s[i]; b != '_' && !isAlpha(b) && (i == 0 || !isDigit(b)) {
			return i
		}
	}
	return len(s)
}

func isAlpha(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }
func isDigit(b byte) bool { return '0' <= b && b <= '9' }
