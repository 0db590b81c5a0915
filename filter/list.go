package filter

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
)

// list is one list of rules, arranged for looking up names.
type list struct {
	rules    []*Rule
	root     *node         // where paths start that are anchored at the source
	anywhere *node         // root's `**`: holds all that matches at any depth; nil if nothing does
	regexps  []int         // indexes of the rules that are regular expressions, ascending
	fits     []atomic.Bool // of each rule: it has matched something
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
	l := list{rules: rules, root: &node{}, fits: make([]atomic.Bool, len(rules))}
	for i, r := range rules {
		if r.re != nil {
			l.regexps = append(l.regexps, i)
		}
		for _, g := range r.globs {
			if same := l.root.add(g, i, r.folders); same >= 0 { // the later line has its place, and answers for both
				l.fits[same].Store(true)
			}
		}
	}
	l.anywhere = l.root.stars
	return l
}

// add puts a rule into the tree, and returns the one that says the same and loses its place, -1 for none.
func (n *node) add(segs []segment, rule int, folders bool) (same int) {
	same = -1
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
			same, e.folders = e.folders, rule
		default:
			same, e.any = e.any, rule
		}
	}
	return same
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
		best = l.anywhere.match(name, isDir, best, l.fits)
	}
	for _, n := range at {
		best = n.match(name, isDir, best, l.fits)
	}
	path := ""
	for _, i := range slices.Backward(l.regexps) {
		r := l.rules[i]
		if i < best && l.fits[i].Load() || !hasPrefix(abs, name, r.re.prefix) {
			continue
		}
		if path == "" {
			path = abs + name
		}
		ok, err := r.re.match(path)
		if err != nil && i < best { // nobody needs its answer, and it would take as long for the next
			note(l.fits, i)
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %#q: gave no answer for %#q: %w; write it without nested repetition", r.File, r.Line,
				r.Text, path, err)
		}
		if ok {
			note(l.fits, i)
			best = max(best, i)
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

// match returns the index of the last rule after best that ends at name, or else best, and notes in fits all that do.
func (n *node) match(name string, isDir bool, best int, fits []atomic.Bool) int {
	if len(n.names) > 0 {
		best = n.names[name].hit(isDir, best, fits)
	}
	if len(n.exts) > 0 {
		if i := strings.LastIndexByte(name, '.'); i >= 0 {
			best = n.exts[name[i+1:]].hit(isDir, best, fits)
		}
	}
	for _, e := range n.globs {
		if e.matters(isDir, best, fits) && e.seg.match(name) {
			best = e.hit(isDir, best, fits)
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

// matters reports whether a match of the edge would tell anything: a later rule than best, or one that has not
// matched yet.
func (e *edge) matters(isDir bool, best int, fits []atomic.Bool) bool {
	new := func(rule int) bool { return rule > best || rule >= 0 && !fits[rule].Load() }
	return new(e.any) || isDir && new(e.folders)
}

// hit is best after the edge has matched, with what that tells noted; the edge may be nil.
func (e *edge) hit(isDir bool, best int, fits []atomic.Bool) int {
	if e == nil {
		return best
	}
	if e.any >= 0 {
		note(fits, e.any)
		best = max(best, e.any)
	}
	if isDir && e.folders >= 0 {
		note(fits, e.folders)
		best = max(best, e.folders)
	}
	return best
}

// note notes that a rule has matched. What many workers read all the time is written once.
func note(fits []atomic.Bool, rule int) {
	if !fits[rule].Load() {
		fits[rule].Store(true)
	}
}

// idle are the rules that have matched nothing, in their order.
func (l *list) idle() (rules []*Rule) {
	for i, r := range l.rules {
		if !l.fits[i].Load() {
			rules = append(rules, r)
		}
	}
	return rules
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
