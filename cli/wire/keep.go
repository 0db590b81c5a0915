package wire

// Removed is a snapshot in `prune` and `delete`.
type Removed struct {
	Type    string   `json:"message_type"` // "change"
	Name    string   `json:"name"`
	Keep    bool     `json:"keep"`
	Reasons []string `json:"reasons"`
	Freed   int64    `json:"bytes_freed"`
}

// RemovedSummary is the last line of `prune --json` and `delete --json`.
type RemovedSummary struct {
	Type    string  `json:"message_type"` // "summary"
	DryRun  bool    `json:"dry_run"`
	Kept    int     `json:"kept"`
	Removed int     `json:"removed"`
	Freed   int64   `json:"bytes_freed"`
	Seconds float64 `json:"seconds"`

	Destination    string   `json:"destination"`
	DestinationB64 string   `json:"destination_b64,omitempty"`
	Stopped        []string `json:"rules_stopped"` // why rules did not run
	NeedsMost      bool     `json:"needs_allow_most"`
}

// Purged is a path that goes, in `purge`.
type Purged struct {
	Type      string `json:"message_type"` // "change"
	Path      string `json:"path"`
	PathB64   string `json:"path_b64,omitempty"`
	Kind      string `json:"type"`
	Snapshots int    `json:"snapshots"`
}

// PurgeSummary is the last line of `purge --json`.
type PurgeSummary struct {
	Type      string  `json:"message_type"` // "summary"
	DryRun    bool    `json:"dry_run"`
	Paths     int     `json:"paths"`
	Entries   int64   `json:"entries"`
	Snapshots int     `json:"snapshots"`
	Freed     int64   `json:"bytes_freed"`
	Seconds   float64 `json:"seconds"`
}
