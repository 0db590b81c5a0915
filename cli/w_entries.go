package cli

import (
	"encoding/hex"
	"fmt"

	"snap/index"
	"snap/internal/file"
)

// entryJSON is an entry of `ls`.
type entryJSON struct {
	Path      string  `json:"path"`
	PathB64   string  `json:"path_b64,omitempty"`
	Type      string  `json:"type"`
	Mode      string  `json:"mode"` // octal
	UID       uint32  `json:"uid"`
	GID       uint32  `json:"gid"`
	Size      int64   `json:"size"`
	Mtime     stamp   `json:"mtime"`
	SHA256    *string `json:"sha256"`
	Sparse    string  `json:"sha256_sparse,omitempty"`
	Target    *string `json:"target"`
	TargetB64 string  `json:"target_b64,omitempty"`
	Nlink     uint32  `json:"nlink"`
	Problem   string  `json:"problem,omitempty"` // "unreadable", "unheld" (by the destination): not in the snapshot; "inconsistent": changed while it was read
}

func newEntryJSON(e *index.Entry) entryJSON {
	j := entryJSON{
		Type: e.Kind.String(), Mode: fmt.Sprintf("%04o", e.Mode), UID: e.UID, GID: e.GID, Size: e.Size,
		Mtime: mtime(e.Mtime), SHA256: hashJSON(&e.Record), Sparse: sparseJSON(&e.Record), Nlink: e.Nlink,
	}
	j.Path, j.PathB64 = jsonName(e.Path)
	j.Problem = problemJSON(&e.Record)
	if e.Kind == file.Symlink {
		var target string
		target, j.TargetB64 = jsonName(e.Target)
		j.Target = &target
	}
	return j
}

// hashJSON is a record's hash in hex, null where there is none.
func hashJSON(r *index.Record) *string {
	if !r.Has(index.Hashed) || r.Has(index.SparseHash) {
		return nil
	}
	s := hex.EncodeToString(r.Hash[:])
	return &s
}

// sparseJSON is the hash of a file with large holes, "" for others.
func sparseJSON(r *index.Record) string {
	if !r.Has(index.SparseHash) {
		return ""
	}
	return hex.EncodeToString(r.Hash[:])
}

// sizeJSON is a record's size, null where there is no record.
func sizeJSON(r *index.Record) *int64 {
	if r == nil {
		return nil
	}
	return &r.Size
}

// problemJSON says what is wrong with a record: "unreadable", it could not be read; "unheld", the destination cannot hold it;
// "inconsistent", it changed while it was read.
func problemJSON(r *index.Record) string {
	switch {
	case r == nil:
	case r.Unheld():
		return "unheld"
	case r.Has(index.Unreadable) || r.Exists() && !r.Held():
		return "unreadable"
	case r.Has(index.Inconsistent):
		return "inconsistent"
	}
	return ""
}
