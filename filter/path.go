package filter

import (
	"fmt"
	"strings"
)

// Glob is a glob that stands in no list: nothing in it is expanded, and it is compared with whole paths from their
// first name on. What its letters mean is what they mean in a list.
type Glob struct{ segs []segment }

// GlobError says why a text is no glob.
type GlobError struct {
	Text, Why string
	Open      bool // it ends in a [ or a backslash that waits for more: it may be meant as it is written
}

func (e *GlobError) Error() string { return fmt.Sprintf("%#q: %s", e.Text, e.Why) }

var escaper = strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`)

// Literal is a glob that matches the path alone.
func Literal(path string) string { return escaper.Replace(path) }

// Line is the line of a list that names the path alone.
func Line(path string) string {
	line := "/" + strings.ReplaceAll(Literal(path), "$", `\$`)
	if bare := strings.TrimRight(line, " "); bare != line { // blanks at the end of a line count with a backslash
		line = bare + strings.Repeat(`\ `, len(line)-len(bare))
	}
	return line
}

// ParseGlob reads a glob, names with slashes between them and none at an end. fold: large and small letters are the
// same. Its error is a *GlobError.
func ParseGlob(text string, fold bool) (*Glob, error) {
	toks, _, why := lex(text, nil)
	if why != "" {
		return nil, &GlobError{text, why, why == unclosed || why == unfinished}
	}
	segs, why := split(toks, fold)
	if why != "" {
		return nil, &GlobError{Text: text, Why: why}
	}
	return &Glob{segs}, nil
}

// Match reports whether the glob matches the whole path. As in matchWild only the last ** is ever extended.
func (g *Glob) Match(path string) bool {
	at, rest := 0, path
	last, from := -1, "" // the last **, and where what follows it was tried
	for rest != "" || at < len(g.segs) {
		if at < len(g.segs) {
			s := &g.segs[at]
			if s.kind == stars {
				last, from = at, rest
				at++
				continue
			}
			if name, below, _ := strings.Cut(rest, "/"); rest != "" && s.match(name) {
				at, rest = at+1, below
				continue
			}
		}
		if last < 0 || from == "" {
			return false
		}
		_, from, _ = strings.Cut(from, "/")
		at, rest = last+1, from
	}
	return true
}
