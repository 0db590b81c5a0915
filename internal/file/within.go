package file

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// Within is the path below the folder dest that path leads to, through links too; "" if that is elsewhere. What is
// not there yet counts as a folder or file without links.
func Within(dest, path string) string {
	root, err := filepath.EvalSymlinks(dest)
	if err != nil {
		return ""
	}
	rest := ""
	real, err := filepath.EvalSymlinks(path)
	for errors.Is(err, fs.ErrNotExist) && filepath.Dir(path) != path {
		path, rest = filepath.Dir(path), filepath.Join(filepath.Base(path), rest)
		real, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return ""
	}
	in, err := filepath.Rel(root, filepath.Join(real, rest))
	if err != nil || !filepath.IsLocal(in) {
		return ""
	}
	return in
}
