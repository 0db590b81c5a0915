package filter

import (
	"slices"
	"strings"
)

// glob is a path or glob line, split at its slashes.
type glob struct {
	segs     []segment
	absolute bool // starts with a slash
	expanded bool // and that slash came out of an expansion
	anchored bool // holds a slash other than a last one
	folders  bool // ends with a slash
}

// parseGlob reads a line; why says what is wrong with it.
func parseGlob(text string, c Context) (g glob, why string) {
	toks, expanded, why := lex(text, &c)
	if why != "" {
		return g, why
	}
	if toks[0].isSlash() {
		g.absolute, g.expanded, g.anchored = true, expanded, true
		toks = toks[1:]
	}
	if n := len(toks); n > 0 && toks[n-1].isSlash() {
		g.folders = true
		toks = toks[:n-1]
	}
	if len(toks) == 0 {
		return g, everything
	}
	// In git a slash inside brackets matches nothing and yet anchors.
	g.anchored = g.anchored || slices.ContainsFunc(toks, func(t token) bool {
		return t.isSlash() || t.op == opClass && t.c == '/'
	})
	g.segs, why = split(toks, false)
	return g, why
}

// split makes the segments of a path; fold: large and small letters are the same.
func split(toks []token, fold bool) (segs []segment, why string) {
	for more := true; more; {
		part := toks
		var i int
		if i = slices.IndexFunc(toks, token.isSlash); i >= 0 {
			part, toks = toks[:i], toks[i+1:]
		}
		more = i >= 0
		s := newSegment(part)
		switch {
		case len(part) == 0:
			return nil, "holds two slashes in a row: write one"
		case s.kind == literal && s.lit == "..":
			return nil, "holds the name ..: write the path as it is below the source"
		case s.kind == literal && s.lit == ".":
			return nil, "holds the name .: write the path without it, /name for one in the source itself"
		case more && s.kind != stars && slices.ContainsFunc(part, func(t token) bool { return t.op == opStars }):
			return nil, "holds ** beside other characters: write * there, or /**/ for any number of folders"
		case fold && s.kind != stars && s.kind != anything:
			s = segment{kind: wild, toks: part, fold: true}
		}
		segs = append(segs, s)
	}
	if segs[len(segs)-1].kind == stars { // all below, but not the folder itself
		segs = append(segs, segment{kind: anything})
	}
	return segs, ""
}

const everything = "names the source itself or a folder around it and so everything: write what is below it"

// place returns what the glob means in the tree of the sources.
func (g glob) place(c Context) (globs [][]segment, why string) {
	if len(c.Roots) == 0 {
		return g.anchor(c.Source)
	}
	if g.anchored && !g.absolute {
		for _, root := range c.Roots {
			var segs []segment
			for name := range strings.FieldsFuncSeq(root, isSlash) {
				segs = append(segs, segment{kind: literal, lit: name})
			}
			globs = append(globs, append(segs, g.segs...))
		}
		return globs, ""
	}
	g.expanded = true // with a leading slash it means what it says
	for _, root := range c.Roots {
		source := strings.TrimSuffix(c.Source, "/") + "/" + root
		if _, why := g.anchor(source); why != "" {
			return nil, "names the source " + source +
				" itself or a folder around it: name the sources without it, or write what is below it"
		}
	}
	return g.anchor(c.Source)
}

func isSlash(r rune) bool { return r == '/' }

// anchor returns what the glob means seen from the source. An absolute path that leads into the
// source may leave several globs there (`/home/**/a/b` in /home/a: `**/a/b` and `b`), one that
// leads elsewhere leaves none.
func (g glob) anchor(source string) (globs [][]segment, why string) {
	if !g.anchored {
		return [][]segment{append([]segment{{kind: stars}}, g.segs...)}, ""
	}
	parts := strings.FieldsFunc(source, isSlash)
	if !g.absolute || !g.expanded && !g.startsWith(parts) {
		return [][]segment{g.segs}, ""
	}
	at := []int{0} // the places in segs that the parts so far lead to
	for _, part := range parts {
		var next []int
		for _, i := range at {
			for i < len(g.segs) && g.segs[i].kind == stars {
				next = append(next, i)
				i++
			}
			switch {
			case i == len(g.segs):
				return nil, everything
			case g.segs[i].match(part):
				next = append(next, i+1)
			}
		}
		slices.Sort(next)
		at = slices.Compact(next)
	}
	for _, i := range at {
		if i == len(g.segs) {
			return nil, everything
		}
		globs = append(globs, g.segs[i:])
	}
	return globs, ""
}

// startsWith reports whether the first segments are exactly these names.
func (g glob) startsWith(names []string) bool {
	if len(g.segs) < len(names) {
		return false
	}
	for i, name := range names {
		if g.segs[i].kind != literal || g.segs[i].lit != name {
			return false
		}
	}
	return true
}
