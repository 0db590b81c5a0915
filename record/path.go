package record

import (
	"errors"
	"strings"
)

// MaxPath is the longest path, in bytes, that fits a key with its prefix (bbolt allows 32,768).
const MaxPath = 32000

// ErrPathTooLong says that a path cannot be a key.
var ErrPathTooLong = errors.New("path longer than 32,000 bytes")

// Compare orders paths as keys are ordered: a folder directly before what is in it.
func Compare(a, b string) int {
	n := min(len(a), len(b))
	for i := 0; i < n; i++ {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		if x == '/' {
			return -1
		}
		if y == '/' {
			return 1
		}
		if x < y {
			return -1
		}
		return 1
	}
	return len(a) - len(b)
}

// Within reports whether path is dir or below it. Everything is within "".
func Within(path, dir string) bool {
	return dir == "" || strings.HasPrefix(path, dir) && (len(path) == len(dir) || path[len(dir)] == '/')
}

// Below is path, which is below dir, relative to dir.
func Below(path, dir string) string {
	if dir == "" {
		return path
	}
	return path[len(dir)+1:]
}

// Split is the folder that path is in, and its name there.
func Split(path string) (dir, name string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// Join is name in dir.
func Join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// ValidPath reports whether path may stand in a record: no empty element, no "." or "..", no NUL, no
// element over 255 bytes. Whatever reads a path from disk asks this before it uses it as one.
func ValidPath(path string) bool {
	if len(path) > MaxPath {
		return false
	}
	if path == "" {
		return true
	}
	for name := range strings.SplitSeq(path, "/") {
		if name == "" || name == "." || name == ".." || len(name) > 255 || strings.IndexByte(name, 0) >= 0 {
			return false
		}
	}
	return true
}
