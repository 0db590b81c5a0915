package wire

import (
	"encoding/hex"
	"fmt"

	"snap/internal/file"
	"snap/query"
	"snap/record"
)

// Entry is an entry of `ls`.
type Entry struct {
	Path      string  `json:"path"`
	PathB64   string  `json:"path_b64,omitempty"`
	Type      string  `json:"type"`
	Mode      string  `json:"mode"` // octal
	UID       uint32  `json:"uid"`
	GID       uint32  `json:"gid"`
	Size      int64   `json:"size"`
	Mtime     Time    `json:"mtime"`
	SHA256    *string `json:"sha256"`
	Sparse    string  `json:"sha256_sparse,omitempty"`
	Target    *string `json:"target"`
	TargetB64 string  `json:"target_b64,omitempty"`
	Nlink     uint32  `json:"nlink"`
	// "unreadable", "unheld" (by the destination): not in the snapshot; "inconsistent": changed while it was read
	Problem string `json:"problem,omitempty"`

	// With --total-size, of a folder: what is in it, with all below.
	TotalBytes   *int64 `json:"total_bytes,omitempty"`
	TotalEntries *int64 `json:"total_entries,omitempty"`
}

// NewEntry is e as `ls` prints it.
func NewEntry(e *record.Entry) Entry {
	j := Entry{
		Type: e.Kind.String(), Mode: fmt.Sprintf("%04o", e.Mode), UID: e.UID, GID: e.GID, Size: e.Size,
		Mtime: FileTime(e.Mtime), SHA256: hash(&e.Record), Sparse: sparseHash(&e.Record), Nlink: e.Nlink,
	}
	j.Path, j.PathB64 = Name(e.Path)
	j.Problem = Problem(&e.Record)
	if e.Kind == file.Symlink {
		var target string
		target, j.TargetB64 = Name(e.Target)
		j.Target = &target
	}
	return j
}

// hash is a record's hash in hex, null where there is none.
func hash(r *record.Record) *string {
	if !r.Has(record.Hashed) || r.Has(record.SparseHash) {
		return nil
	}
	s := hex.EncodeToString(r.Hash[:])
	return &s
}

// sparseHash is the hash of a file with large holes, "" for others.
func sparseHash(r *record.Record) string {
	if !r.Has(record.SparseHash) {
		return ""
	}
	return hex.EncodeToString(r.Hash[:])
}

// Size is a record's size, null where there is no record.
func Size(r *record.Record) *int64 {
	if r == nil {
		return nil
	}
	return &r.Size
}

// Problem says what is wrong with a record: "unreadable", it could not be read; "unheld", the destination cannot hold
// it; "inconsistent", it changed while it was read.
func Problem(r *record.Record) string {
	if r == nil {
		return ""
	}
	if kind := query.ProblemOf(r); kind != query.FewerXattrs {
		return string(kind)
	}
	return ""
}
