package wire

import (
	"snap/destination"
)

// Init is what `init --json` prints.
type Init struct {
	Type    string                   `json:"message_type"` // "summary"
	Path    string                   `json:"path"`
	PathB64 string                   `json:"path_b64,omitempty"`
	Made    []string                 `json:"made"`
	Ready   destination.Capabilities `json:"capabilities"`
	Taken   *TakenOver               `json:"taken_over,omitempty"`
	Note    string                   `json:"note,omitempty"` // of a backup without a source: that it made none
}

// Reindex is what `reindex --json` prints.
type Reindex struct {
	Type      string    `json:"message_type"` // "summary"
	Snapshots int       `json:"snapshots"`
	FromTrees []Rebuilt `json:"from_trees"`
	Lost      []Rebuilt `json:"lost"`
	Left      []string  `json:"left"`    // folders that cannot be put in between
	Foreign   []string  `json:"foreign"` // folders that were not taken for snapshots
	Errors    []string  `json:"errors"`
}

// Rebuilt is a snapshot in `reindex --json` whose change set is lost.
type Rebuilt struct {
	Seq  uint64 `json:"seq"`
	Name string `json:"name"` // "": nobody knows
	Weak int64  `json:"files_without_hash"`
	Why  string `json:"why"`
}

// Build is the JSON of `snap version`.
type Build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}
