package source

import (
	"os"
	"path/filepath"
	"slices"

	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
)

// Chosen is what a backup takes in.
type Chosen struct {
	Top   string       // absolute: the folder that the tree is of
	Roots record.Roots // what of it; none: all
}

// ChosenIn is what a snapshot took in.
func ChosenIn(h *record.Header) Chosen { return Chosen{h.Source, h.Roots()} }

// All are the absolute paths of the sources.
func (c Chosen) All() []string {
	h := record.Header{Source: c.Top}
	for _, r := range c.Roots {
		h.Sources = append(h.Sources, h.At(r))
	}
	return h.AllSources()
}

// Names reads how people name sources. What is worth a note it tells Note.
type Names struct {
	Abs  func(path string) string // from the working directory
	Note func(format string, args ...any)
}

// Of reads names. One folder is the tree itself. Several folders and files are in
// one tree below the top of the file system, under the paths that lead there without symbolic links; a file alone is
// in the folder that it is in.
func (n Names) Of(args []string) (Chosen, error) {
	if len(args) == 1 {
		return n.One(args[0])
	}
	var paths []string
	for _, arg := range args {
		path, err := n.at(arg, true)
		if err != nil {
			return Chosen{}, err
		}
		if i := slices.IndexFunc(paths, func(p string) bool { return sameFolder(p, path) }); i >= 0 {
			n.Note("%s is named twice, as %s too", quote.Name(arg), quote.Name(paths[i]))
			continue
		}
		paths = append(paths, path)
	}
	if len(paths) == 1 {
		return n.One(args[0])
	}
	top := filepath.VolumeName(paths[0]) + string(filepath.Separator)
	for _, p := range paths {
		if filepath.VolumeName(p) != filepath.VolumeName(paths[0]) {
			return Chosen{}, hint.With(hint.Usagef("%s and %s are on two drives", quote.Name(paths[0]), quote.Name(p)),
				"back up each drive to a destination of its own")
		}
	}
	for i, p := range paths {
		if j := slices.IndexFunc(paths, func(o string) bool { return o != p && file.Within(o, p) != "" }); j >= 0 {
			n.Note("%s is in %s, which is a source too", quote.Name(paths[i]), quote.Name(paths[j]))
		}
	}
	s := Chosen{top, record.RootsOf(top, paths)}
	for _, r := range s.Roots {
		if !record.ValidPath(r) {
			return s, hint.Usagef("%s: too long for a source among others", quote.Name(r))
		}
	}
	return s, nil
}

// One is a folder, or a file alone.
func (n Names) One(arg string) (Chosen, error) {
	path := n.Abs(arg)
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return Chosen{Top: path}, nil // if it is not there, whoever opens it says so
	}
	path, err := n.at(arg, false)
	top := filepath.Dir(path)
	return Chosen{top, record.RootsOf(top, []string{path})}, err
}

// at is the absolute path that arg means, without symbolic links on the way.
func (n Names) at(arg string, several bool) (string, error) {
	path := n.Abs(arg)
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return path, &MissingError{Path: path, Err: err, Several: several}
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSymlink != 0 {
		n.Note("source %s is a symbolic link: %s is backed up, where it leads to", quote.Name(arg), quote.Name(real))
	}
	return real, nil
}

// sameFolder reports whether two absolute paths are one, or lead to one folder.
func sameFolder(a, b string) bool {
	if a == b {
		return true
	}
	infoA, err := os.Stat(a)
	if err != nil || !infoA.IsDir() {
		return false
	}
	infoB, err := os.Stat(b)
	return err == nil && os.SameFile(infoA, infoB)
}
