package wire

import (
	"time"

	"snap/internal/quote"
	"snap/restore"
)

// RestoreFile is a line of `restore -v --json`.
type RestoreFile struct {
	Type string `json:"message_type"` // "file"
	// "restored", "metadata", "skipped", "blocked", "deleted", "spared" or "incomplete"
	Action   string `json:"action"`
	Path     string `json:"path"`
	PathB64  string `json:"path_b64,omitempty"`
	To       string `json:"to"` // where it is, or would be
	ToB64    string `json:"to_b64,omitempty"`
	Snapshot string `json:"snapshot"`      // that it is of
	Why      string `json:"why,omitempty"` // it was spared

	// What of an incomplete one could not be set: "owner", "mode", "setuid", "xattrs", "times".
	Lost []string `json:"lost,omitempty"`
}

// NewRestoreFile is what is done to a path of a snapshot that goes to the place to. why is of a spared one, lost of an
// incomplete one.
func NewRestoreFile(action, path, to, snapshot, why string, lost []string) RestoreFile {
	j := RestoreFile{Type: "file", Action: action, Snapshot: snapshot, Why: quote.Clean(why), Lost: lost}
	j.Path, j.PathB64 = Name(path)
	j.To, j.ToB64 = Name(to)
	return j
}

// RestoreError is a problem in `restore --json`.
type RestoreError struct {
	Type     string `json:"message_type"` // "error"
	Path     string `json:"path"`
	PathB64  string `json:"path_b64,omitempty"`
	Snapshot string `json:"snapshot"` // that it is of
	Error    string `json:"error"`
}

// NewRestoreError is p, of a snapshot.
func NewRestoreError(p *restore.Problem, snapshot string) RestoreError {
	j := RestoreError{Type: "error", Snapshot: snapshot, Error: quote.Clean(p.Err.Error())}
	j.Path, j.PathB64 = Name(p.Path)
	return j
}

// RestoreSummary is the last line of `restore --json`.
type RestoreSummary struct {
	Type          string  `json:"message_type"` // "summary"
	DryRun        bool    `json:"dry_run"`
	FilesRestored int64   `json:"files_restored"`
	BytesRestored int64   `json:"bytes_restored"`
	MetadataSet   int64   `json:"metadata_set"`
	FilesSkipped  int64   `json:"files_skipped"`
	FilesDeleted  int64   `json:"files_deleted"`
	FilesSpared   int64   `json:"files_spared"`
	FilesBlocked  int64   `json:"files_blocked"`
	Errors        int64   `json:"errors"`
	Seconds       float64 `json:"seconds"`

	Lost Lost `json:"lost"`
}

// NewRestoreSummary is t, which took so long.
func NewRestoreSummary(t *restore.Result, dryRun bool, took time.Duration) RestoreSummary {
	l := &t.Lost
	return RestoreSummary{Type: "summary", DryRun: dryRun, FilesRestored: t.FilesRestored, BytesRestored: t.BytesRestored,
		MetadataSet: t.MetadataSet, FilesSkipped: t.FilesSkipped, FilesDeleted: t.FilesDeleted, FilesSpared: t.FilesSpared,
		FilesBlocked: t.FilesBlocked, Errors: t.Errors, Seconds: took.Seconds(),
		Lost: Lost{Owner: l.Owner, Mode: l.Mode, Setuid: l.Setuid, Xattrs: l.Xattrs, Times: l.Times}}
}
