package filter

import (
	"fmt"
	"slices"
	"strings"
)

// list is one list of rules, arranged for looking up names.
type list struct {
	rules    []*Rule
	root     *node // where paths start that are anchored at the source
	anywhere *node // root's `**`: holds all that matches at any depth; nil if nothing does
	regexps  []int // indexes of the rules that are regular expressions, ascending
}

// node is a place in the tree of segments that the globs of a list form.
type node struct {
	names map[string]*edge // exact names
	exts  map[string]*edge // "*.ext", by what follows the last dot of a name
	globs []*edge          // all other segments
	stars *node            // what follows a `**`: that node stays reached in all folders below
	loop  bool             // this is such a node
}

// edge is a segment of a glob, seen from the node before it.
type edge struct {
	seg     segment
	any     int   // index of the last rule that ends here, -1: none
	folders int   // the same for rules that only match folders
	next    *node // what the segment leads to inside a folder; nil: nothing
}

func newList(rules []*Rule) list {
	l := list{rules: rules, root: &node{}}
	for i, r := range rules {
		if r.re != nil {
			l.regexps = append(l.regexps, i)
		}
		for _, g := range r.globs {
			l.root.add(g, i, r.folders)
		}
	}
	l.anywhere = l.root.stars
	return l
}

func (n *node) add(segs []segment, rule int, folders bool) {
	for i, s := range segs {
		if s.kind == stars {
			if !n.loop {
				if n.stars == nil {
					n.stars = &node{loop: true}
				}
				n = n.stars
			}
			continue
		}
		e := n.edge(s)
		switch {
		case i < len(segs)-1:
			if e.next == nil {
				e.next = &node{}
			}
			n = e.next
		case folders:
			e.folders = rule
		default:
			e.any = rule
		}
	}
}

// edge finds or makes the edge of s. Only maps are shared: looking for an equal glob would make
// a list of n globs cost n².
func (n *node) edge(s segment) *edge {
	e := &edge{seg: s, any: -1, folders: -1}
	m := &n.names
	key := s.lit
	switch ext, isExt := strings.CutPrefix(s.lit, "."); {
	case s.kind == literal:
	case s.kind == suffix && isExt && !strings.Contains(ext, "."):
		m, key = &n.exts, ext
	default:
		n.globs = append(n.globs, e)
		return e
	}
	if old := (*m)[key]; old != nil {
		return old
	}
	if *m == nil {
		*m = map[string]*edge{}
	}
	(*m)[key] = e
	return e
}

func (l *list) empty() bool { return len(l.rules) == 0 }

// start returns the nodes reached in the source itself. The node anywhere is reached everywhere
// and so in no list of nodes.
func (l *list) start() []*node {
	if l.root.leaf() {
		return nil
	}
	return []*node{l.root}
}

// match returns the last rule that matches the entry name of the folder abs, nil if none does.
func (l *list) match(at []*node, abs, name string, isDir bool) (*Rule, error) {
	best := -1
	if l.anywhere != nil {
		best = l.anywhere.match(name, isDir, best)
	}
	for _, n := range at {
		best = n.match(name, isDir, best)
	}
	path := ""
	for _, i := range slices.Backward(l.regexps) {
		r := l.rules[i]
		if i < best {
			break
		}
		if !hasPrefix(abs, name, r.re.prefix) {
			continue
		}
		if path == "" {
			path = abs + name
		}
		ok, err := r.re.match(path)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %#q: gave no answer for %#q: %w; write it without nested repetition", r.File, r.Line, r.Text, path, err)
		}
		if ok {
			best = i
			break
		}
	}
	if best < 0 {
		return nil, nil
	}
	return l.rules[best], nil
}

// below reports whether a rule may match something inside the folder name of the folder abs.
func (l *list) below(at []*node, abs, name string) bool {
	if l.anywhere != nil || len(l.enter(at, name)) > 0 {
		return true
	}
	if len(l.regexps) == 0 {
		return false
	}
	dir := abs + name + "/"
	for _, i := range l.regexps {
		if p := l.rules[i].re.prefix; strings.HasPrefix(p, dir) || strings.HasPrefix(dir, p) {
			return true
		}
	}
	return false
}

// enter returns the nodes reached in the folder name when at was reached in the one that holds it.
func (l *list) enter(at []*node, name string) []*node {
	var next []*node
	if l.anywhere != nil {
		next = l.anywhere.enter(name, next)
	}
	for _, n := range at {
		next = n.enter(name, next)
		if n.loop && !slices.Contains(next, n) {
			next = append(next, n)
		}
	}
	return next
}

func (n *node) leaf() bool { return len(n.names)+len(n.exts)+len(n.globs) == 0 }

// match returns the index of the last rule after best that ends at name, or else best.
func (n *node) match(name string, isDir bool, best int) int {
	if len(n.names) > 0 {
		best = max(best, n.names[name].rule(isDir))
	}
	if len(n.exts) > 0 {
		if i := strings.LastIndexByte(name, '.'); i >= 0 {
			best = max(best, n.exts[name[i+1:]].rule(isDir))
		}
	}
	for _, e := range n.globs {
		if r := e.rule(isDir); r > best && e.seg.match(name) {
			best = r
		}
	}
	return best
}

// enter appends the nodes that name leads to.
func (n *node) enter(name string, next []*node) []*node {
	if len(n.names) > 0 {
		next = n.names[name].enter(next)
	}
	if len(n.exts) > 0 {
		if i := strings.LastIndexByte(name, '.'); i >= 0 {
			next = n.exts[name[i+1:]].enter(next)
		}
	}
	for _, e := range n.globs {
		if e.next != nil && e.seg.match(name) {
			next = e.enter(next)
		}
	}
	return next
}

func (e *edge) rule(isDir bool) int {
	switch {
	case e == nil:
		return -1
	case isDir:
		return max(e.any, e.folders)
	}
	return e.any
}

// enter appends the node behind the edge and the `**` that may follow it, which can be there
// already: it is also reached from itself.
func (e *edge) enter(next []*node) []*node {
	if e == nil || e.next == nil {
		return next
	}
	if !e.next.leaf() {
		next = append(next, e.next)
	}
	if s := e.next.stars; s != nil && !slices.Contains(next, s) {
		next = append(next, s)
	}
	return next
}
