package cli

import (
	"bytes"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"snap/index"
)

// matcher is the patterns of `snap find`.
type matcher struct {
	patterns []pattern
	fold     bool // large and small letters are the same
}

// pattern matches a path if any of its parts does.
type pattern struct {
	paths []string       // these paths and what is below them
	name  string         // a base name
	globs []string       // globs of whole paths
	glob  string         // a glob of base names
	re    *regexp.Regexp // searched for in the path
	last  string         // what every match of the globs ends in: most paths need no other look
	tail  string         // the end of a path, with what is below
	wide  *pattern       // what it stands for if it matches nothing, nil for nothing else
}

// maxPattern bounds a pattern: a longer one is a mistake, or an attempt to keep us busy.
const maxPattern = 4096

// newMatcher reads patterns.
func newMatcher(typed []string, regex, fold bool, l *locator) (*matcher, error) {
	m := &matcher{fold: fold}
	for _, t := range typed {
		var p pattern
		var err error
		switch {
		case t == "" || len(t) > maxPattern:
			return nil, usagef("a pattern must have 1 to %d bytes", maxPattern)
		case regex:
			p, err = regexPattern(t, fold)
		default:
			p, err = globPattern(t, l)
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
		return pattern{}, usagef("%s: not a regular expression: %s", quote(t), strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return pattern{re: re}, nil
}

// globPattern reads a path, a name or a glob. A name may hold the letters of globs, so that every glob
// stands for itself too, and what is no glob only for itself.
func globPattern(t string, l *locator) (pattern, error) {
	var p pattern
	isGlob := strings.ContainsAny(t, `*?[\`)
	paths, err := l.paths(t)
	if err != nil {
		return p, err
	}
	p.paths, p.wide = paths, widened(t)
	named := !strings.ContainsAny(filepath.ToSlash(t), "/") && t != "." && t != ".."
	if named {
		p.name = t
	}
	if !isGlob {
		return p, nil
	}
	// doublestar knows alternatives in braces, which nobody asked for.
	escape := strings.NewReplacer("{", `\{`, "}", `\}`)
	if named {
		p.glob = escape.Replace(t)
	} else {
		from := *l // what was not typed is no glob
		from.here = literal.Replace(l.here)
		globs, err := from.paths(t)
		if err != nil {
			return p, err
		}
		for _, g := range globs {
			p.globs = append(p.globs, escape.Replace(g))
		}
	}
	for _, g := range append(p.globs, p.glob) {
		if !doublestar.ValidatePattern(g) { // a bracket or a backslash without an end: a name like others
			p.glob, p.globs = "", nil
			return p, nil
		}
	}
	p.last = t[strings.LastIndexAny(t, `*?[]\/`)+1:]
	if p.wide != nil {
		p.wide.globs, p.wide.last = []string{"**/" + escape.Replace(p.wide.tail)}, p.last
	}
	return p, nil
}

// literal makes a glob that matches a path alone.
var literal = strings.NewReplacer(`*`, `\*`, `?`, `\?`, `[`, `\[`, `\`, `\\`)

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
// a pattern matches anything.
func (m *matcher) widen(matches func(*matcher) (bool, error)) error {
	for i := range m.patterns {
		p := &m.patterns[i]
		if p.wide == nil {
			continue
		}
		found, err := matches(&matcher{m.patterns[i : i+1], m.fold})
		if err != nil {
			return err
		}
		if !found {
			*p = *p.wide
		}
	}
	return nil
}

func (p *pattern) fold() {
	if p.wide != nil {
		p.wide.fold()
	}
	p.name, p.glob, p.tail = strings.ToLower(p.name), strings.ToLower(p.glob), strings.ToLower(p.tail)
	for i := range p.paths {
		p.paths[i] = strings.ToLower(p.paths[i])
	}
	for i := range p.globs {
		p.globs[i] = strings.ToLower(p.globs[i])
	}
}

// matches reports whether any pattern matches the path.
func (m *matcher) matches(b []byte) bool {
	if !m.fold && !slices.ContainsFunc(m.patterns, func(p pattern) bool { return p.may(b) }) {
		return false
	}
	s := string(b)
	if m.fold {
		s = strings.ToLower(s)
	}
	for i := range m.patterns {
		if m.patterns[i].matches(s) {
			return true
		}
	}
	return false
}

// may is a quick look: false if the pattern cannot match the path.
func (p *pattern) may(b []byte) bool {
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

func (p *pattern) matches(s string) bool {
	if p.re != nil {
		return p.re.MatchString(s)
	}
	for _, dir := range p.paths {
		if index.Within(s, dir) {
			return true
		}
	}
	if s == "" { // the source itself has no name
		return false
	}
	if p.tail != "" && strings.Contains("/"+s+"/", "/"+p.tail+"/") {
		return true
	}
	if p.name != "" || p.glob != "" {
		_, name := index.Split(s)
		if name == p.name || p.glob != "" && doublestar.MatchUnvalidated(p.glob, name) {
			return true
		}
	}
	for _, g := range p.globs {
		if doublestar.MatchUnvalidated(g, s) {
			return true
		}
	}
	return false
}

// roots are the folders below which all matches lie, in key order, none within another.
func (m *matcher) roots() []string {
	var all []string
	for _, p := range m.patterns {
		if m.fold || p.re != nil || p.name != "" || p.glob != "" || p.tail != "" {
			return []string{""}
		}
		all = append(all, p.paths...)
		for _, g := range p.globs {
			all = append(all, literalDir(g))
		}
	}
	slices.SortFunc(all, index.Compare)
	roots := all[:0]
	for _, r := range all {
		if len(roots) == 0 || !index.Within(r, roots[len(roots)-1]) {
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
