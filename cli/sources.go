package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"snap/backup/source"
	"snap/cli/exit"
	"snap/destination"
	"snap/filter"
	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// sources are what a backup takes in.
type sources struct {
	top   string       // absolute: the folder that the tree is of
	roots record.Roots // what of it; none: all
}

// sourcesIn are the sources of a snapshot.
func sourcesIn(h *record.Header) sources { return sources{h.Source, h.Roots()} }

// all are the absolute paths of the sources.
func (s sources) all() []string {
	h := record.Header{Source: s.top}
	for _, r := range s.roots {
		h.Sources = append(h.Sources, h.At(r))
	}
	return h.AllSources()
}

// filterContext is what lines of the lists are read with for these sources.
func (c *call) filterContext(s sources) filter.Context {
	return filter.Context{Source: filepath.ToSlash(s.top), Roots: s.roots, Home: filepath.ToSlash(c.home()),
		Env: c.env.LookupEnv}
}

// sourcesOf reads the arguments that name sources. One folder is the tree itself. Several folders and files are in
// one tree below the top of the file system, under the paths that lead there without symbolic links; a file alone is
// in the folder that it is in.
func (c *call) sourcesOf(args []string) (sources, error) {
	if len(args) == 1 {
		return c.oneSource(args[0])
	}
	var paths []string
	for _, arg := range args {
		path, err := c.sourceAt(arg, true)
		if err != nil {
			return sources{}, err
		}
		if i := slices.IndexFunc(paths, func(p string) bool { return sameFolder(p, path) }); i >= 0 {
			c.note("%s is named twice, as %s too", quote.Name(arg), quote.Name(paths[i]))
			continue
		}
		paths = append(paths, path)
	}
	if len(paths) == 1 {
		return c.oneSource(args[0])
	}
	top := filepath.VolumeName(paths[0]) + string(filepath.Separator)
	for _, p := range paths {
		if filepath.VolumeName(p) != filepath.VolumeName(paths[0]) {
			return sources{}, hint.With(hint.Usagef("%s and %s are on two drives", quote.Name(paths[0]), quote.Name(p)),
				"back up each drive to a destination of its own")
		}
	}
	for i, p := range paths {
		if j := slices.IndexFunc(paths, func(o string) bool { return o != p && file.Within(o, p) != "" }); j >= 0 {
			c.note("%s is in %s, which is a source too", quote.Name(paths[i]), quote.Name(paths[j]))
		}
	}
	s := sources{top, record.RootsOf(top, paths)}
	for _, r := range s.roots {
		if !record.ValidPath(r) {
			return s, hint.Usagef("%s: too long for a source among others", quote.Name(r))
		}
	}
	return s, nil
}

// oneSource is a folder, or a file alone.
func (c *call) oneSource(arg string) (sources, error) {
	path := c.abs(arg)
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return sources{top: path}, nil // if it is not there, whoever opens it says so
	}
	path, err := c.sourceAt(arg, false)
	top := filepath.Dir(path)
	return sources{top, record.RootsOf(top, []string{path})}, err
}

// sourceAt is the absolute path that arg means, without symbolic links on the way.
func (c *call) sourceAt(arg string, several bool) (string, error) {
	path := c.abs(arg)
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return path, &source.MissingError{Path: path, Err: err, Several: several}
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSymlink != 0 {
		c.note("source %s is a symbolic link: %s is backed up, where it leads to", quote.Name(arg), quote.Name(real))
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

// remembered are the sources of the newest snapshot in dest.
func (c *call) remembered(dest string) (s sources, err error) {
	db, err := index.Open(index.Path(dest))
	if errors.Is(err, fs.ErrPermission) {
		return s, cmp.Or(exit.Hint(destination.CheckOwner(dest), dest), exit.ReadHint(err, dest)) // the first says more
	}
	if err != nil {
		return s, query.IndexHint(err, dest)
	}
	db.Trust(c.trusted(dest)...)
	defer c.proved(dest, db)
	snaps, err := query.ReadSnapshots(c.ctx, db)
	if err != nil {
		return s, query.IndexHint(err, dest)
	}
	way := fmt.Sprintf("name them once: snap backup %s SRC…", quote.Word(dest))
	if len(snaps) == 0 {
		return s, hint.With(fmt.Errorf("destination %s holds no snapshot yet, so that its sources are not known",
			quote.Name(dest)), "%s", way)
	}
	h := &snaps[snaps.Newest()]
	if h.Source == "" {
		return s, hint.With(fmt.Errorf("the source of snapshot %s is not known", quote.Name(h.Name)), "%s", way)
	}
	on := ""
	if host, err := os.Hostname(); err == nil && h.Host != "" && h.Host != host {
		on = fmt.Sprintf(" (as snapshot %s was made of them on %s)", quote.Name(h.Name), quote.Name(h.Host))
	}
	c.note("backing up %s to %s%s", quote.All(h.AllSources()), quote.Name(dest), on)
	return c.sourcesOf(h.AllSources()) // one may be a link by now
}

// backupArgs are the destination and the sources that a command line of backup names: DEST SRC…, or with -d only
// sources. Without any, the destination is found as other commands find it, and its newest snapshot tells the
// sources.
func (c *call) backupArgs() (dest string, s sources, err error) {
	args := c.args
	switch {
	case len(args) == 0:
		if dest, err = c.find(); err != nil {
			return dest, s, err
		}
		s, err = c.remembered(dest)
	case c.opts.dest != "":
		dest = c.abs(c.opts.dest)
		s, err = c.sourcesOf(args)
	default:
		dest = c.abs(args[0])
		s, err = c.sourcesOf(args[1:])
	}
	if errors.As(err, new(*source.MissingError)) {
		err = exit.Hint(err, dest)
	}
	return dest, s, err
}
