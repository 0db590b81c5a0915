package filter

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// Lines starting with ^ are written for Python's re.match on text. Go's own engine, which takes
// linear time, runs all it can compile; look-around, backreferences and the like run on regexp2.
// What differs from Python: $ is the very end (not also before a last newline), \b knows ASCII
// letters only, and each byte of a name that is not UTF-8 counts as one character U+FFFD, which
// . and [^a] match and a written byte cannot.

// matchTimeout bounds a backtracking match, which takes some microseconds a path as a rule. It is wide, because
// a busy machine must not make an error of a good pattern.
const matchTimeout = 3 * time.Second

// pattern is a compiled regular expression.
type pattern struct {
	re2    *regexp.Regexp
	re     *regexp2.Regexp // set instead of re2 when only a backtracking engine can
	prefix string          // what all paths start with that it matches
}

func compileRegexp(text string) (p *pattern, why string) {
	if !utf8.ValidString(text) {
		return nil, "is not UTF-8, which a regular expression must be: write . for a byte that is no text"
	}
	if len(text) > 1 && strings.IndexByte("*+?", text[1]) >= 0 {
		return nil, "repeats nothing: write ^.* for anything at the start"
	}
	expr, why := fromPython(text)
	if why != "" {
		return nil, why
	}
	p = &pattern{prefix: literalPrefix(expr)}
	_, err := regexp.Compile(expr)
	if err == nil {
		// All alternatives are anchored, as by re.match: in `^/a|/b` the ^ belongs to the first.
		if p.re2, err = regexp.Compile(`\A(?:` + expr + `)`); err == nil {
			return p, ""
		}
	}
	if p.re, _ = regexp2.Compile(expr, regexp2.RE2); p.re != nil {
		p.re.MatchTimeout = matchTimeout
		return p, ""
	}
	return nil, explainSyntax(err)
}

// match reports whether the expression matches at the start of an absolute path.
func (p *pattern) match(path string) (bool, error) {
	if p.re2 != nil {
		return p.re2.MatchString(path), nil
	}
	m, err := p.re.FindStringMatch(path)
	if err != nil {
		return false, err
	}
	return m != nil && m.RuneIndex == 0, nil // the leftmost match is the one at 0 if there is one
}

// unicodeEscapes are Python's classes, which know all of Unicode, in the spelling of both
// engines: str.isalnum() or _, str.isdecimal(), str.isspace(). Outside and inside of brackets.
var unicodeEscapes = map[byte][2]string{
	'w': {`[\p{L}\p{N}_]`, `\p{L}\p{N}_`},
	'W': {`[^\p{L}\p{N}_]`, ``},
	'd': {`\p{Nd}`, `\p{Nd}`},
	'D': {`\P{Nd}`, `\P{Nd}`},
	's': {`[\t-\r\x1c-\x20\x{85}\p{Z}]`, `\t-\r\x1c-\x20\x{85}\p{Z}`},
	'S': {`[^\t-\r\x1c-\x20\x{85}\p{Z}]`, `\x00-\x08\x0e-\x1b!-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}` +
		`\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff}`},
	'Z': {`\z`, ``},
}

// fromPython spells an expression as the engines want it: \w \d \s of all Unicode, \Z as \z,
// {,n} as {0,n} (silently literal in Go), comments (?#...) removed.
func fromPython(s string) (expr, why string) {
	var b strings.Builder
	inside := 0 // brackets; 1: in a class
	first := -1 // where a ] would not yet close it
	for i := 0; i < len(s); {
		n := 1
		switch rest := s[i:]; {
		case strings.HasPrefix(rest, `\Q`):
			n = len(rest)
			if end := strings.Index(rest, `\E`); end >= 0 {
				n = end + 2
			}
		case rest[0] == '\\' && len(rest) > 1:
			n = 2
			if spelled, ok := unicodeEscapes[rest[1]]; ok {
				if spelled[inside] == "" {
					return "", `holds \` + rest[1:2] + ` inside [...], which snap cannot express: write (?:[...]|\` + rest[1:2] + `)`
				}
				b.WriteString(spelled[inside])
				i += n
				continue
			}
		case inside == 1 && strings.HasPrefix(rest, "[:") && strings.Contains(rest, ":]"):
			n = strings.Index(rest, ":]") + 2
		case inside == 1 && rest[0] == ']' && i != first:
			inside = 0
		case inside == 1:
		case rest[0] == '[':
			inside = 1
			if strings.HasPrefix(rest, "[^") {
				n = 2
			}
			first = i + n
		case strings.HasPrefix(rest, "(?#"):
			end := strings.IndexByte(rest, ')')
			if end < 0 {
				return "", "holds a comment (?# without its ): close it"
			}
			i += end + 1
			continue
		case strings.HasPrefix(rest, "{,"):
			if digits := strings.TrimLeft(rest[2:], "0123456789"); strings.HasPrefix(digits, "}") {
				b.WriteString("{0")
				i++
				continue
			}
		}
		b.WriteString(s[i : i+n])
		i += n
	}
	return b.String(), ""
}

// literalPrefix returns the text that an expression starting with ^ demands first. It may be
// shorter than what is demanded, never longer.
func literalPrefix(expr string) string {
	var lit []byte
	if strings.Contains(expr, "|") {
		return ""
	}
	for rest := expr[1:]; rest != ""; {
		var n int
		switch {
		case rest[0] == '\\' && len(rest) > 1 && isPunct(rest[1]):
			n = 2
		case strings.IndexByte(`\.+*?()[]{}^$`, rest[0]) >= 0:
			return string(lit)
		default:
			if _, n = utf8.DecodeRuneInString(rest); strings.HasPrefix(rest, "\ufffd") {
				return string(lit) // matches bytes that are something else
			}
		}
		if len(rest) > n && strings.IndexByte("*?{", rest[n]) >= 0 {
			break
		}
		lit = append(lit, strings.TrimPrefix(rest[:n], `\`)...)
		rest = rest[n:]
	}
	return string(lit)
}

func isPunct(b byte) bool { return b > ' ' && b < 0x7f && !isAlpha(b) && !isDigit(b) }

// hasPrefix reports whether dir+name starts with prefix.
func hasPrefix(dir, name, prefix string) bool {
	if len(prefix) <= len(dir) {
		return dir[:len(prefix)] == prefix
	}
	return prefix[:len(dir)] == dir && strings.HasPrefix(name, prefix[len(dir):])
}

// wayOut says what to write instead, by what Go's engine complains about.
var wayOut = map[syntax.ErrorCode]string{
	syntax.ErrMissingParen:          `write \( for the character itself, or close the group`,
	syntax.ErrUnexpectedParen:       `write \) for the character itself, or open the group`,
	syntax.ErrMissingBracket:        `write \[ for the character itself, or close the class`,
	syntax.ErrTrailingBackslash:     `write \\ for a backslash`,
	syntax.ErrMissingRepeatArgument: `write .* for anything, or \* \+ \? for the character itself`,
	syntax.ErrInvalidRepeatOp:       `write one repetition, or put the first into (?:...)`,
	syntax.ErrInvalidRepeatSize:     `write {n}, {n,} or {n,m} with n not above m`,
	syntax.ErrInvalidCharRange:      `write the range from low to high, or \- for the character itself`,
	syntax.ErrInvalidEscape:         `write \\ for a backslash, and the character alone if it means itself`,
}

func explainSyntax(err error) string {
	what, hint := err.Error(), "write it as Python's re module has it, or as a glob"
	if e := (*syntax.Error)(nil); errors.As(err, &e) {
		what = string(e.Code)
		if strings.HasPrefix(what, "invalid") {
			what += " " + e.Expr
		}
		if known, ok := wayOut[e.Code]; ok {
			hint = known
		}
	}
	return what + ": " + hint
}
