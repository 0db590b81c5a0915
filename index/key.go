package index

import (
	"bytes"
	"encoding/binary"

	"snap/record"
)

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
	return len(key) > 0 && bytes.IndexByte(key, '/') < 0 && (path != "" || len(key) == 1) && record.ValidPath(path)
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
