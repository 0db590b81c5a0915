package source

import (
	"fmt"
	"os"
	"path/filepath"

	"snap/internal/file"
	"snap/record"
)

// CheckLayout refuses a source and a destination that lie in each other. left tells whether the filters
// leave out the destination, given as a path in the tree; it is then only never entered.
// The returned Stat is the destination's, for scan.Options.Never.
func CheckLayout(source string, roots record.Roots, dest string,
	left func(rel string) (bool, error)) (file.Stat, error) {
	d, err := file.OpenRoot(dest)
	if err != nil {
		return file.Stat{}, err
	}
	defer d.Close()
	dStat, err := d.Stat()
	if err != nil {
		return dStat, err
	}
	if len(roots) == 0 {
		roots = record.Roots{""}
	}
	for _, root := range roots {
		one := filepath.Join(source, filepath.FromSlash(root))
		err := checkLayout(one, len(roots) > 1, dest, &dStat,
			func(rel string) (bool, error) { return left(record.Join(root, rel)) })
		if err != nil {
			return dStat, err
		}
	}
	return dStat, nil
}

// checkLayout is CheckLayout for one source, which may be a file.
func checkLayout(source string, several bool, dest string, dStat *file.Stat,
	left func(rel string) (bool, error)) error {
	info, err := os.Stat(source)
	if err != nil {
		return &MissingError{Path: source, Err: err, Several: several}
	}
	if _, in, err := below(source, dest, dStat); err != nil {
		return err
	} else if in {
		return &LayoutError{Why: fmt.Sprintf("the source %s is inside the destination %s", source, dest)}
	}
	if !info.IsDir() {
		return nil
	}
	s, err := file.OpenRoot(source)
	if err != nil {
		return &MissingError{Path: source, Err: err}
	}
	defer s.Close()
	sStat, err := s.Stat()
	if err != nil {
		return err
	}
	if file.SameFile(&sStat, dStat) || sameName(source, dest) {
		return &LayoutError{Why: fmt.Sprintf("source and destination are the same folder: %s", source)}
	}
	rel, in, err := below(dest, source, &sStat)
	if err != nil || !in {
		return err
	}
	if out, err := left(rel); err != nil || out {
		return err
	}
	return &LayoutError{
		Why:          fmt.Sprintf("the destination %s is inside the source %s", dest, source),
		CanBeLeftOut: true,
	}
}

// below reports whether path is below the folder top, which s describes: by identity, so that links and bind mounts do
// not hide it, and by name, because some file systems tell no inode numbers. rel is the way from there.
func below(path, top string, s *file.Stat) (rel string, in bool, err error) {
	if path, err = realPath(path); err != nil {
		return "", false, err
	}
	if top, err = realPath(top); err != nil {
		return "", false, err
	}
	for dir := path; ; {
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false, nil
		}
		p, err := file.OpenRoot(parent)
		if err != nil {
			return "", false, nil // not readable up there: no folder of this user's
		}
		stat, err := p.Stat()
		p.Close()
		if err != nil {
			return "", false, err
		}
		if file.SameFile(&stat, s) || parent == top {
			rel, err = filepath.Rel(parent, path)
			return filepath.ToSlash(rel), true, err
		}
		dir = parent
	}
}

// realPath is the absolute path without links in it.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

// sameName reports whether both paths lead to one place.
func sameName(a, b string) bool {
	one, err1 := realPath(a)
	two, err2 := realPath(b)
	return err1 == nil && err2 == nil && one == two
}

// LayoutError: source and destination lie in each other, or are one.
type LayoutError struct {
	Why          string
	CanBeLeftOut bool // a line of the blacklist that leaves the destination out makes it work
}

func (e *LayoutError) Error() string { return e.Why }
