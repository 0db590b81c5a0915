package index

import (
	"bytes"
	"encoding/binary"
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

// appendKey appends the key of a path.
func appendKey(b []byte, path string) []byte {
	if path == "" {
		return append(b, 0)
	}
	n := len(b)
	b = append(b, path...)
	for i := n; i < len(b); i++ {
		if b[i] == '/' {
			b[i] = 0
		}
	}
	return b
}

// appendPath appends the path of a key.
func appendPath(b, key []byte) []byte {
	if len(key) == 1 && key[0] == 0 {
		return b
	}
	n := len(b)
	b = append(b, key...)
	for i := n; i < len(b); i++ {
		if b[i] == 0 {
			b[i] = '/'
		}
	}
	return b
}

// pathOf is the path of a key read from disk, checked.
func pathOf(key []byte) (string, error) {
	p := string(appendPath(nil, key))
	if !validKey(key, p) {
		return "", damaged("a path that cannot be: %q", p)
	}
	return p, nil
}

// validKey reports whether key is the key of path, which was made from it, and path may be one.
func validKey(key []byte, path string) bool {
	return len(key) > 0 && bytes.IndexByte(key, '/') < 0 && (path != "" || len(key) == 1) && ValidPath(path)
}

// keyWithin reports whether key is dir's key or below it; dir is a key too, nil for everything.
func keyWithin(key, dir []byte) bool {
	if len(dir) == 0 || len(dir) == 1 && dir[0] == 0 {
		return true
	}
	return len(key) >= len(dir) && string(key[:len(dir)]) == string(dir) && (len(key) == len(dir) || key[len(dir)] == 0)
}

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// appendOrdered appends v so that byte order is number order: a length byte, then v without leading
// zero bytes.
func appendOrdered(b []byte, v uint64) []byte {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], v)
	i := 0
	for i < 8 && raw[i] == 0 {
		i++
	}
	return append(append(b, byte(8-i)), raw[i:]...)
}
