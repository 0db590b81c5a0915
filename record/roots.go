package record

import (
	"path/filepath"
	"slices"
	"strings"
)

// Roots are the sources of a tree that holds several of them, or a file alone: paths in the tree, in key order. None:
// the tree is one source as a whole. One may lie in another.
type Roots []string

// Place is where a path is, seen from the roots.
type Place uint8

// The places.
const (
	InSource Place = iota // a root, or below one
	Carrier               // a folder that leads to a root and is in none: in the tree, but not backed up for itself
	Outside               // neither
)

// Place is where path is.
func (r Roots) Place(path string) Place {
	if len(r) == 0 {
		return InSource
	}
	place := Outside
	for _, root := range r {
		switch {
		case Within(path, root):
			return InSource
		case Within(root, path):
			place = Carrier
		}
	}
	return place
}

// Has reports whether path is one of the sources themselves.
func (r Roots) Has(path string) bool {
	if len(r) == 0 {
		return path == ""
	}
	return slices.Contains(r, path)
}

// Outer are the roots that lie in no other.
func (r Roots) Outer() (outer Roots) {
	for _, root := range r {
		if n := len(outer); n == 0 || !Within(root, outer[n-1]) {
			outer = append(outer, root)
		}
	}
	return outer
}

// Roots are the header's sources, seen from the root of its tree.
func (h *Header) Roots() Roots { return RootsOf(h.Source, h.Sources) }

// RootsOf are the absolute paths sources, seen from the folder top, in key order. What is not below it is passed over.
func RootsOf(top string, sources []string) (r Roots) {
	for _, s := range sources {
		rel, err := filepath.Rel(top, s)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		if rel = filepath.ToSlash(rel); rel == "." {
			rel = ""
		}
		r = append(r, rel)
	}
	slices.SortFunc(r, Compare)
	return slices.Compact(r)
}

// AllSources are the absolute paths of the folders and files that the snapshot was made from; none if they are not
// known.
func (h *Header) AllSources() []string {
	switch {
	case len(h.Sources) > 0:
		return h.Sources
	case h.Source != "":
		return []string{h.Source}
	}
	return nil
}

// At is the absolute path of a path in the tree.
func (h *Header) At(path string) string {
	return filepath.Join(h.Source, filepath.FromSlash(path))
}

// sourceText is the sources as one string that equals another's only for the same sources.
func (h *Header) sourceText() string { return h.Source + "\x00" + strings.Join(h.Sources, "\x00") }

// SameSources reports whether the two headers name the same sources, letter by letter.
func (h *Header) SameSources(o *Header) bool { return h.sourceText() == o.sourceText() }
