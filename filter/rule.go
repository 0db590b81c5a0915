package filter

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A list is the work of a person; these bounds only stop what is no list at all.
const (
	maxLine  = 4 << 10 // bytes
	maxLines = 100_000
)

// Rule is one line of a list.
type Rule struct {
	File string // the name given to Parse, for messages
	Line int    // counted from 1
	Text string // the line without trailing spaces

	globs   [][]segment // what the line means below the source; more than one from an absolute `**`
	folders bool        // matches folders only
	re      *pattern    // set instead of globs when the line is a regular expression
}

// PatternError is a line that cannot be a filter. Why says what is wrong and what would be right.
type PatternError struct {
	File string
	Line int
	Text string // empty where the line is too long to show
	Why  string
}

func (e *PatternError) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Why)
	}
	return fmt.Sprintf("%s:%d: %#q: %s", e.File, e.Line, e.Text, e.Why)
}

// Parse reads a list. It stops at the first bad line with a *PatternError; any other error is
// that of r.
func Parse(file string, r io.Reader, c Context) ([]*Rule, error) {
	var rules []*Rule
	s := bufio.NewScanner(r)
	s.Buffer(nil, 2*maxLine)
	n := 0
	for s.Scan() {
		n++
		line := s.Bytes()
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if n > maxLines {
			return nil, &PatternError{file, n, "",
				fmt.Sprintf("too many lines: a list holds at most %d, write a glob for what they have in common", maxLines)}
		}
		if len(line) <= maxLine && (len(bytes.TrimSpace(line)) == 0 || line[0] == '#') {
			continue
		}
		rule, err := ParseLine(file, n, string(line), c)
		if err != nil {
			return nil, err
		}
		rules = append(rules, rule)
	}
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		return nil, &PatternError{file, n + 1, "", tooLong}
	}
	return rules, s.Err()
}

var tooLong = fmt.Sprintf("longer than %d bytes: write a glob for a part of it", maxLine)

// ParseLine makes a rule of one line that is neither blank nor a comment. Its error is a
// *PatternError.
func ParseLine(file string, line int, text string, c Context) (*Rule, error) {
	if len(text) > maxLine {
		return nil, &PatternError{file, line, "", tooLong}
	}
	r := &Rule{File: file, Line: line, Text: trimSpaces(text)}
	if why := r.compile(c); why != "" {
		return nil, &PatternError{file, line, r.Text, why}
	}
	return r, nil
}

// compile fills in what the text means, or says why it means nothing.
func (r *Rule) compile(c Context) (why string) {
	switch {
	case r.Text == "":
		return "an empty filter: write a path, a glob, or a regular expression starting with ^"
	case strings.Contains(r.Text, "\x00"):
		return "holds a NUL byte, which no name has: write the list as UTF-8 text"
	case r.Text[0] == '#':
		return `is a comment: write \# for a name that starts with #`
	case r.Text[0] == '!':
		return `a leading ! is not used here: write the rest of the line into Whitelist.txt, ` +
			`or \! for a name that starts with !`
	case r.Text[0] == '^':
		r.re, why = compileRegexp(r.Text)
		return why
	}
	g, why := parseGlob(r.Text, c)
	if why != "" {
		return why
	}
	r.folders = g.folders
	r.globs, why = g.place(c)
	return why
}

// trimSpaces drops the spaces at the end that no backslash protects, as git does.
func trimSpaces(s string) string {
	end := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
			end = min(i+1, len(s))
		case ' ':
		default:
			end = i + 1
		}
	}
	return s[:end]
}
