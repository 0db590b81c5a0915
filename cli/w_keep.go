package cli

// removedJSON is a snapshot in `prune` and `delete`.
type removedJSON struct {
	Type    string   `json:"message_type"` // "change"
	Name    string   `json:"name"`
	Keep    bool     `json:"keep"`
	Reasons []string `json:"reasons"`
	Freed   int64    `json:"bytes_freed"`
}

type removedSummaryJSON struct {
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

// purgedJSON is a path that goes, in `purge`.
type purgedJSON struct {
	Type      string `json:"message_type"` // "change"
	Path      string `json:"path"`
	PathB64   string `json:"path_b64,omitempty"`
	Kind      string `json:"type"`
	Snapshots int    `json:"snapshots"`
}

type purgeSummaryJSON struct {
	Type      string  `json:"message_type"` // "summary"
	DryRun    bool    `json:"dry_run"`
	Paths     int     `json:"paths"`
	Entries   int64   `json:"entries"`
	Snapshots int     `json:"snapshots"`
	Freed     int64   `json:"bytes_freed"`
	Seconds   float64 `json:"seconds"`
}
