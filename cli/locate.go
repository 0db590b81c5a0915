package cli

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"snap/index"
)

// locator turns what people type for a path into paths as the index holds them. The source can be
// reached under its own name and with symbolic links resolved, and so can a snapshot's folder.
type locator struct {
	sources []string // absolute, with slashes; the longest first
	dests   []string
	snaps   snapshots
	here    string // the working directory in the source, if inside
	inside  bool   // the working directory is in the live source or in a snapshot
	dir     string // the working directory
}

// locator is made for d and the working directory.
func (d *destination) locator(c *call) *locator {
	l := &locator{snaps: d.snaps, dir: c.env.Dir}
	for i := range d.snaps {
		if src := d.snaps[i].Source; i == 0 || src != d.snaps[i-1].Source {
			l.sources = append(l.sources, spellings(src)...)
		}
	}
	slices.SortStableFunc(l.sources, func(a, b string) int { return len(b) - len(a) })
	l.sources = slices.Compact(l.sources)
	l.dests = spellings(d.dir)
	for _, dir := range spellings(c.env.Dir) {
		if l.here, l.inside = l.below(dir); l.inside {
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

// below is an absolute path relative to the source, if it is in the live source or in a snapshot.
func (l *locator) below(abs string) (rel string, ok bool) {
	abs = path.Clean(abs)
	for _, dest := range l.dests {
		if rel, ok := pathBelow(abs, dest); ok {
			name, rest, _ := strings.Cut(rel, "/")
			if slices.ContainsFunc(l.snaps, func(h index.Header) bool { return h.Name == name }) {
				return rest, true
			}
		}
	}
	for _, source := range l.sources {
		if rel, ok := pathBelow(abs, source); ok {
			return rel, true
		}
	}
	return "", false
}

// paths are the paths that typed may stand for, the likeliest first: from the working directory if that
// leads into the source or a snapshot, and from the source. An absolute path, and one that begins with a dot, has one meaning.
func (l *locator) paths(typed string) ([]string, error) {
	p := filepath.ToSlash(typed)
	if path.IsAbs(p) || filepath.IsAbs(typed) {
		rel, ok := l.below(p)
		if !ok {
			rel, ok = l.below(resolved(p))
		}
		if !ok {
			return nil, withHint(usagef("%s: not below the source", quote(typed)), "%s", l.sourceHint())
		}
		return []string{rel}, nil
	}
	var all []string
	if l.inside {
		all = append(all, path.Join(l.here, p))
	} else if rel, ok := l.below(path.Join(filepath.ToSlash(l.dir), p)); ok { // it leads into the source from here
		all = append(all, rel)
	}
	there := path.Clean(p)
	if !(dotted(p) && len(all) > 0) && !slices.Contains(all, there) {
		all = append(all, there)
	}
	all = slices.DeleteFunc(all, func(p string) bool { return p == ".." || strings.HasPrefix(p, "../") })
	for i, p := range all {
		if p == "." {
			all[i] = ""
		}
	}
	if len(all) == 0 {
		return nil, usagef("%s: leads out of the source", quote(typed))
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

// dotted reports whether p says itself that it counts from the working directory.
func dotted(p string) bool {
	return p == "." || p == ".." || strings.HasPrefix(p, "./") || strings.HasPrefix(p, "../")
}

func (l *locator) sourceHint() string {
	if len(l.sources) == 0 {
		return "no snapshot here says what its source was"
	}
	names := slices.Clone(l.sources)
	slices.Sort(names)
	return "the source is " + enumerate(slices.Compact(names))
}
