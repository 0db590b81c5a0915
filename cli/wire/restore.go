package wire

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

// RestoreError is a problem in `restore --json`.
type RestoreError struct {
	Type     string `json:"message_type"` // "error"
	Path     string `json:"path"`
	PathB64  string `json:"path_b64,omitempty"`
	Snapshot string `json:"snapshot"` // that it is of
	Error    string `json:"error"`
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
