package cli

import (
	"snap/index"
	"snap/query"
)

// versionJSON is a version in `find` and `history`.
type versionJSON struct {
	MessageType string  `json:"message_type"`
	Path        string  `json:"path"`
	PathB64     string  `json:"path_b64,omitempty"`
	Type        string  `json:"type"`
	Size        int64   `json:"size"`
	Mtime       stamp   `json:"mtime"`
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

func newVersionJSON(v *query.Version, snaps query.Snapshots) versionJSON {
	j := versionJSON{
		MessageType: "version", Type: v.Record.Kind.String(), Size: v.Record.Size, Mtime: mtime(v.Record.Mtime),
		SHA256: hashJSON(v.Record), Sparse: sparseJSON(v.Record), First: snaps[v.First].Name, Last: snaps[v.Last].Name, Snapshots: v.Count(),
		Change: v.Change.String(), Deleted: v.Deleted, Problem: problemJSON(v.Record),
	}
	if v.Change == index.Removed && v.FolderUnread {
		j.Problem = "unreadable"
	}
	j.Path, j.PathB64 = jsonName(v.Path)
	j.From, j.FromB64 = optionalName(v.From())
	j.To, j.ToB64 = optionalName(v.To)
	return j
}

// findSummaryJSON is the last line of `find --json`.
type findSummaryJSON struct {
	MessageType string `json:"message_type"` // "summary"
	Paths       int    `json:"paths"`
	Versions    int    `json:"versions"`
}

// historySummaryJSON is the last line of `history --json`.
type historySummaryJSON struct {
	MessageType string `json:"message_type"` // "summary"
	Steps       int    `json:"steps"`
}
