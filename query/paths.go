package query

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
)

// locator turns what people type for a path into paths as the index holds them. The source can be
// reached under its own name and with symbolic links resolved, and so can a snapshot's folder.
type locator struct {
	sources []string  // folders that are a tree each: absolute, with slashes; the longest first
	several []several // trees of several sources, the newest first
	first   bool      // the newest snapshot is one of those
	dests   []string
	snaps   Snapshots
	here    string // the working directory in the source, if inside
	inside  bool   // the working directory is in the live source or in a snapshot
	dir     string // the working directory
}

// several are the sources of a tree that holds several, or a file alone.
type several struct {
	top   string // absolute, with slashes
	roots record.Roots
}

// Paths are the paths that typed may stand for, the likeliest first: relative to the working directory, to the
// source, or absolute.
func (d *Reader) Paths(typed string) ([]string, error) { return d.locator().paths(typed) }

// PathsIn is Paths in a tree with the sources of h, which the destination dir need not hold; workDir is the working
// directory.
func PathsIn(h *record.Header, dir, workDir, typed string) ([]string, error) {
	d := &Reader{Dir: dir, Snapshots: Snapshots{*h}, options: Options{WorkDir: workDir}}
	return d.Paths(typed)
}

// locator is made for d and the working directory.
func (d *Reader) locator() *locator {
	l := &locator{snaps: d.Snapshots, dir: d.options.WorkDir}
	for i := range d.Snapshots {
		h := &d.Snapshots[i]
		if i > 0 && h.SameSources(&d.Snapshots[i-1]) {
			continue
		}
		if len(h.Sources) > 0 {
			l.several = append(l.several, several{filepath.ToSlash(h.Source), h.Roots()})
		} else {
			l.sources = append(l.sources, spellings(h.Source)...)
		}
	}
	slices.Reverse(l.several)
	if i := d.Snapshots.Newest(); i >= 0 {
		l.first = len(d.Snapshots[i].Sources) > 0
	}
	slices.SortStableFunc(l.sources, func(a, b string) int { return len(b) - len(a) })
	l.sources = slices.Compact(l.sources)
	l.dests = spellings(d.Dir)
	for _, dir := range spellings(d.options.WorkDir) {
		if all := l.below(dir); len(all) > 0 {
			l.here, l.inside = all[0], true
			break
		}
	}
	return l
}

// spellings are dir as it is and with symbolic links resolved.
func spellings(dir string) []string {
	if dir == "" {
		return nil
	}
	all := []string{path.Clean(filepath.ToSlash(dir))}
	if real, err := filepath.EvalSymlinks(dir); err == nil && filepath.ToSlash(real) != all[0] {
		all = append(all, filepath.ToSlash(real))
	}
	return all
}

// below are the meanings of an absolute path that is in the live source or in a snapshot, as paths in a tree: those
// of the newest snapshot first. There are several where it is in several trees that count from other folders.
func (l *locator) below(abs string) (all []string) {
	abs = path.Clean(abs)
	if _, in, ok := l.inSnapshot(abs); ok {
		return []string{in}
	}
	for _, tree := range l.several {
		if rel, ok := pathBelow(abs, tree.top); ok && tree.roots.Place(rel) != record.Outside && !slices.Contains(all, rel) {
			all = append(all, rel)
		}
	}
	for _, source := range l.sources {
		rel, ok := pathBelow(abs, source)
		switch {
		case !ok || slices.Contains(all, rel):
			continue
		case l.first:
			return append(all, rel)
		}
		return append([]string{rel}, all...)
	}
	return all
}

// paths are the paths that typed may stand for, the likeliest first: from the working directory if that
// leads into the source or a snapshot, and from the source. An absolute path, and one that begins with a dot, has one
// meaning, but for the trees of other sources.
func (l *locator) paths(typed string) ([]string, error) {
	p := filepath.ToSlash(typed)
	if path.IsAbs(p) || filepath.IsAbs(typed) {
		all := l.below(p)
		if len(all) == 0 {
			all = l.below(resolved(p))
		}
		if len(all) == 0 && l.first {
			if rel, ok := pathBelow(resolved(p), l.several[0].top); ok { // in the tree, if it had been a source
				all = []string{rel}
			}
		}
		if len(all) == 0 {
			return nil, hint.With(hint.Usagef("%s: not below the source", quote.Name(typed)), "%s", l.sourceHint())
		}
		return all, nil
	}
	all := []string{path.Join(l.here, p)}
	if !l.inside || leadsOut(all[0]) { // it may lead into the source from here, or into another snapshot
		all = slices.Clone(l.below(path.Join(filepath.ToSlash(l.dir), p)))
	}
	there := path.Clean(p)
	if !(dotted(p) && len(all) > 0) && !slices.Contains(all, there) {
		all = append(all, there)
	}
	all = slices.DeleteFunc(all, leadsOut)
	for i, p := range all {
		if p == "." {
			all[i] = ""
		}
	}
	if len(all) == 0 {
		return nil, hint.Usagef("%s: leads out of the source", quote.Name(typed))
	}
	return all, nil
}

// resolved is an absolute path with the symbolic links resolved in as much of it as is there.
func resolved(p string) string {
	for dir, rest := path.Clean(p), ""; ; dir, rest = path.Dir(dir), path.Join(path.Base(dir), rest) {
		if real, err := filepath.EvalSymlinks(filepath.FromSlash(dir)); err == nil {
			return path.Join(filepath.ToSlash(real), rest)
		}
		if dir == path.Dir(dir) {
			return p
		}
	}
}

// leadsOut reports whether a clean relative path leads out of what it counts from.
func leadsOut(p string) bool { return p == ".." || strings.HasPrefix(p, "../") }

// dotted reports whether p says itself that it counts from the working directory.
func dotted(p string) bool {
	return p == "." || p == ".." || strings.HasPrefix(p, "./") || strings.HasPrefix(p, "../")
}

func (l *locator) sourceHint() string {
	if len(l.sources)+len(l.several) == 0 {
		return "no snapshot here says what its source was"
	}
	names := slices.Clone(l.sources)
	for _, tree := range l.several {
		for _, root := range tree.roots {
			names = append(names, path.Join(tree.top, root))
		}
	}
	slices.Sort(names)
	return "the source is " + quote.List(slices.Compact(names))
}

// SourcePath is the PATH of a PATHREF as the index holds it. An absolute one must be below the
// snapshot's source.
func SourcePath(h *record.Header, typed string) (string, error) {
	p := filepath.ToSlash(typed)
	if path.IsAbs(p) || filepath.IsAbs(typed) {
		if h.Source == "" {
			return "", hint.With(fmt.Errorf("%s: the source of snapshot %s is not known", quote.Name(typed), quote.Name(h.Name)),
				"name the path from the source down, as snap ls %s shows it", quote.Word(h.Name))
		}
		rel, ok := pathBelow(path.Clean(p), filepath.ToSlash(h.Source))
		if !ok || h.Roots().Place(rel) == record.Outside {
			return "", hint.With(fmt.Errorf("%s: not below the source %s", quote.Name(typed), quote.All(h.AllSources())),
				"paths in a snapshot count from its source down")
		}
		p = rel
	}
	p = path.Clean("./" + p)
	if p == "." {
		return "", nil
	}
	if leadsOut(p) {
		return "", hint.Usagef("%s: leads out of the snapshot", quote.Name(typed))
	}
	if !record.ValidPath(p) {
		return "", hint.Usagef("%s: cannot be a path in a snapshot", quote.Name(typed))
	}
	return p, nil
}

// pathBelow is p relative to dir if it is dir or below it. Both are clean and absolute.
func pathBelow(p, dir string) (string, bool) {
	if p == dir {
		return "", true
	}
	if !strings.HasSuffix(dir, "/") {
		dir += "/"
	}
	rel, ok := strings.CutPrefix(p, dir)
	return rel, ok
}
