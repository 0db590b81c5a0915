package wire

import (
	"snap/query"
	"snap/record"
)

// Version is a version in `find` and `history`.
type Version struct {
	MessageType string  `json:"message_type"`
	Path        string  `json:"path"`
	PathB64     string  `json:"path_b64,omitempty"`
	Type        string  `json:"type"`
	Size        int64   `json:"size"`
	Mtime       Time    `json:"mtime"`
	SHA256      *string `json:"sha256"`
	Sparse      string  `json:"sha256_sparse,omitempty"`
	First       string  `json:"first"`
	Last        string  `json:"last"`
	Snapshots   int     `json:"snapshots"`
	Change      string  `json:"change"`
	From        *string `json:"from"`
	FromB64     string  `json:"from_b64,omitempty"`
	To          *string `json:"to"`
	ToB64       string  `json:"to_b64,omitempty"`
	Deleted     bool    `json:"deleted"`
	Problem     string  `json:"problem,omitempty"` // as in ls
}

// NewVersion is v of a destination that holds snaps.
func NewVersion(v *query.Version, snaps query.Snapshots) Version {
	j := Version{
		MessageType: "version", Type: v.Record.Kind.String(), Size: v.Record.Size, Mtime: FileTime(v.Record.Mtime),
		SHA256: hash(v.Record), Sparse: sparseHash(v.Record), First: snaps[v.First].Name, Last: snaps[v.Last].Name,
		Snapshots: v.Count(),
		Change:    v.Change.String(), Deleted: v.Deleted, Problem: Problem(v.Record),
	}
	if v.Change == record.Removed && v.FolderUnread {
		j.Problem = "unreadable"
	}
	j.Path, j.PathB64 = Name(v.Path)
	j.From, j.FromB64 = OptionalName(v.From())
	j.To, j.ToB64 = OptionalName(v.To)
	return j
}

// FindSummary is the last line of `find --json`.
type FindSummary struct {
	MessageType string `json:"message_type"` // "summary"
	Paths       int    `json:"paths"`
	Versions    int    `json:"versions"`
}

// HistorySummary is the last line of `history --json`.
type HistorySummary struct {
	MessageType string `json:"message_type"` // "summary"
	Steps       int    `json:"steps"`
}
