package query

import (
	"bytes"
	"errors"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"snap/filter"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
)

// Matcher is the patterns of `snap find`.
type Matcher struct {
	patterns []pattern
	fold     bool // large and small letters are the same
}

// One is pattern i alone.
func (m *Matcher) One(i int) *Matcher { return &Matcher{m.patterns[i : i+1], m.fold} }

// pattern matches a path if any of its parts does.
type pattern struct {
	paths []string       // these paths and what is below them
	name  string         // a base name
	globs []pathGlob     // globs of whole paths
	glob  *filter.Glob   // a glob of base names, nil for none
	re    *regexp.Regexp // searched for in the path
	last  string         // what every match of the globs ends in: most paths need no other look
	part  string         // what every match has in it, in small or large letters, when these are the same: likewise
	tail  string         // the end of a path, with what is below
	bad   error          // why it is no glob, although it looks like one: then only a name or path as it stands
	wide  *pattern       // what it stands for if it matches nothing, nil for nothing else
}

// pathGlob is a glob of whole paths and what was read.
type pathGlob struct {
	*filter.Glob
	text string
}

// maxPattern bounds a pattern: a longer one is a mistake, or an attempt to keep us busy.
const maxPattern = 4096

// newMatcher reads patterns.
func newMatcher(typed []string, regex, fold bool, l *locator) (*Matcher, error) {
	m := &Matcher{fold: fold}
	for _, t := range typed {
		var p pattern
		var err error
		switch {
		case t == "" || len(t) > maxPattern:
			return nil, hint.Usagef("a pattern must have 1 to %d bytes", maxPattern)
		case regex:
			p, err = regexPattern(t, fold)
		default:
			p, err = globPattern(t, fold, l)
		}
		if err != nil {
			return nil, err
		}
		if fold {
			p.fold()
		}
		m.patterns = append(m.patterns, p)
	}
	return m, nil
}

func regexPattern(t string, fold bool) (pattern, error) {
	source := t
	if fold {
		source = "(?i)" + t
	}
	re, err := regexp.Compile(source)
	if err != nil {
		return pattern{}, hint.Usagef("%s: not a regular expression: %s", quote.Name(t),
			strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return pattern{re: re}, nil
}

// globPattern reads a path, a name or a glob. A name may hold the letters of globs, so that every glob
// stands for itself too, and what is no glob only for itself.
func globPattern(t string, fold bool, l *locator) (pattern, error) {
	var p pattern
	paths, err := l.paths(t)
	if err != nil {
		return p, err
	}
	p.paths, p.wide = paths, widened(t)
	named := !strings.ContainsAny(filepath.ToSlash(t), "/") && t != "." && t != ".."
	if named {
		p.name = t
		if fold {
			p.part = foldedPart(t)
		}
		if slices.ContainsFunc(paths, func(at string) bool { return !hasFolded([]byte(at), p.part) }) {
			p.part = "" // the name stands for a path without it: from outside, for the source itself
		}
	}
	if !strings.ContainsAny(t, `*?[\`) {
		return p, nil
	}
	if err := p.readGlobs(t, named, fold, l); err != nil {
		var bad *filter.GlobError
		if errors.As(err, &bad) && bad.Open { // a name like others
			p.glob, p.globs, p.bad = nil, nil, hint.Usagef("%s", err)
			return p, nil
		}
		return p, hint.Usagef("%s", err)
	}
	p.last = t[strings.LastIndexAny(t, `*?[]\/`)+1:]
	if p.wide != nil {
		p.wide.last = p.last
	}
	return p, nil
}

// readGlobs fills in what t stands for as a glob.
func (p *pattern) readGlobs(t string, named, fold bool, l *locator) (err error) {
	if named {
		p.glob, err = filter.ParseGlob(t, fold)
		return err
	}
	from := *l // what was not typed is no glob
	from.here = filter.Literal(l.here)
	texts, err := from.paths(t)
	if err != nil {
		return err
	}
	read := func(text string) (g pathGlob, err error) {
		g.text = text
		g.Glob, err = filter.ParseGlob(text, fold)
		return g, err
	}
	for _, text := range texts {
		if text == "" { // the source itself, which stands in paths
			continue
		}
		g, err := read(text)
		if err != nil {
			return err
		}
		p.globs = append(p.globs, g)
	}
	if p.wide != nil {
		g, err := read("**/" + p.wide.tail)
		if err != nil {
			return err
		}
		p.wide.globs = []pathGlob{g}
	}
	return nil
}

// widened is what a path or glob with a slash stands for if it fits nothing where it was typed: the end of a
// path. One that says where it begins stands for nothing else.
func widened(t string) *pattern {
	p := filepath.ToSlash(t)
	if !strings.Contains(p, "/") || path.IsAbs(p) || filepath.IsAbs(t) || dotted(p) {
		return nil
	}
	if p = path.Clean(p); p == ".." || strings.HasPrefix(p, "../") {
		return nil
	}
	return &pattern{tail: p}
}

// widen makes the patterns that match nothing the ends of paths, if they may be that. matches tells whether
// a pattern matches anything. What looks like a glob, is none, and is no name of anything either, is an error.
func (m *Matcher) widen(matches func(*Matcher) (bool, error)) error {
	for i := range m.patterns {
		p := &m.patterns[i]
		if p.wide == nil && p.bad == nil {
			continue
		}
		bad, one := p.bad, m.One(i)
		found, err := matches(one)
		if err == nil && !found && p.wide != nil {
			*p = *p.wide
			if bad != nil {
				found, err = matches(one)
			}
		}
		if err != nil {
			return err
		}
		if bad != nil && !found {
			return bad
		}
	}
	return nil
}

func (p *pattern) fold() {
	if p.wide != nil {
		p.wide.fold()
	}
	p.name, p.tail = folded(p.name), folded(p.tail)
	for i := range p.paths {
		p.paths[i] = folded(p.paths[i])
	}
}

// folded is a text that texts have in common which differ in case alone. Unlike strings.ToLower it keeps bytes that
// are no UTF-8.
func folded(s string) string {
	b := make([]byte, 0, len(s))
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			b = append(b, s[0])
		} else {
			least := r
			for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
				least = min(least, other)
			}
			b = utf8.AppendRune(b, least)
		}
		s = s[n:]
	}
	return string(b)
}

// foldedPart is the longest part of a name or glob that every match has in it, here in small letters. It is of ASCII
// and has no letters of globs; nor k and s, which the Kelvin sign and the long s are equal to.
func foldedPart(t string) (longest string) {
	for part := range strings.FieldsFuncSeq(t, func(r rune) bool {
		return r >= utf8.RuneSelf || strings.ContainsRune(`*?[]\kKsS`, r)
	}) {
		if len(part) > len(longest) {
			longest = part
		}
	}
	if strings.Contains(t, "[") {
		return "" // what stands in brackets is one letter of several
	}
	return strings.ToLower(longest)
}

// hasFolded reports whether b has part in it, in small or large letters of ASCII.
func hasFolded(b []byte, part string) bool {
	small := func(c byte) byte {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		return c
	}
	for len(b) >= len(part) {
		n := 0
		for n < len(part) && small(b[n]) == part[n] {
			n++
		}
		if n == len(part) {
			return true
		}
		b = b[1:]
	}
	return false
}

// Matches reports whether any pattern matches the path.
func (m *Matcher) Matches(b []byte) bool {
	if !slices.ContainsFunc(m.patterns, func(p pattern) bool { return p.may(b, m.fold) }) {
		return false
	}
	s := string(b)
	plain := s
	if m.fold {
		plain = folded(s)
	}
	for i := range m.patterns {
		if m.patterns[i].matches(s, plain) {
			return true
		}
	}
	return false
}

// may is a quick look: false if the pattern cannot match the path.
func (p *pattern) may(b []byte, fold bool) bool {
	if fold {
		return hasFolded(b, p.part)
	}
	if p.last == "" || p.tail != "" || bytes.HasSuffix(b, []byte(p.last)) {
		return true
	}
	for _, dir := range p.paths {
		if len(b) >= len(dir) && string(b[:len(dir)]) == dir {
			return true
		}
	}
	return false
}

// Matches is asked about a path, and about it as it is compared with what was typed as it is.
func (p *pattern) matches(s, plain string) bool {
	if p.re != nil {
		return p.re.MatchString(s)
	}
	for _, dir := range p.paths {
		if record.Within(plain, dir) {
			return true
		}
	}
	if s == "" { // the source itself has no name
		return false
	}
	if p.tail != "" && strings.Contains("/"+plain+"/", "/"+p.tail+"/") {
		return true
	}
	if p.name != "" {
		if _, name := record.Split(plain); name == p.name {
			return true
		}
	}
	if p.glob != nil {
		if _, name := record.Split(s); p.glob.Match(name) {
			return true
		}
	}
	for _, g := range p.globs {
		if g.Match(s) {
			return true
		}
	}
	return false
}

// roots are the folders below which all matches lie, in key order, none within another.
func (m *Matcher) roots() []string {
	var all []string
	for _, p := range m.patterns {
		if m.fold || p.re != nil || p.name != "" || p.glob != nil || p.tail != "" {
			return []string{""}
		}
		all = append(all, p.paths...)
		for _, g := range p.globs {
			all = append(all, literalDir(g.text))
		}
	}
	slices.SortFunc(all, record.Compare)
	roots := all[:0]
	for _, r := range all {
		if len(roots) == 0 || !record.Within(r, roots[len(roots)-1]) {
			roots = append(roots, r)
		}
	}
	return roots
}

// literalDir is the part of a glob before the first element with a letter of globs.
func literalDir(glob string) string {
	dir := glob
	if i := strings.IndexAny(dir, `*?[\`); i >= 0 {
		dir = dir[:i]
	}
	dir = path.Dir(dir + "x")
	if dir == "." {
		return ""
	}
	return dir
}
