package cli

import "snap/index"

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

func newVersionJSON(v *version, snaps snapshots) versionJSON {
	j := versionJSON{
		MessageType: "version", Type: v.record.Kind.String(), Size: v.record.Size, Mtime: mtime(v.record.Mtime),
		SHA256: hashJSON(v.record), Sparse: sparseJSON(v.record), First: snaps[v.first].Name, Last: snaps[v.last].Name, Snapshots: v.count(),
		Change: v.change.String(), Deleted: v.deleted, Problem: problemJSON(v.record),
	}
	if v.change == index.Removed && v.shut {
		j.Problem = "unreadable"
	}
	j.Path, j.PathB64 = jsonName(v.path)
	j.From, j.FromB64 = optionalName(v.from())
	j.To, j.ToB64 = optionalName(v.to)
	return j
}

// optionalName is jsonName, with null for "".
func optionalName(name string) (text *string, b64 string) {
	if name == "" {
		return nil, ""
	}
	s, b64 := jsonName(name)
	return &s, b64
}
