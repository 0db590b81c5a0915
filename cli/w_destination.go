package cli

import (
	"snap/destination"
)

// initJSON is what `init --json` prints.
type initJSON struct {
	Type    string                   `json:"message_type"` // "summary"
	Path    string                   `json:"path"`
	PathB64 string                   `json:"path_b64,omitempty"`
	Made    []string                 `json:"made"`
	Ready   destination.Capabilities `json:"capabilities"`
	Taken   *takenJSON               `json:"taken_over,omitempty"`
	Note    string                   `json:"note,omitempty"` // of a backup without a source: that it made none
}

// reindexJSON is what `reindex --json` prints.
type reindexJSON struct {
	Type      string        `json:"message_type"` // "summary"
	Snapshots int           `json:"snapshots"`
	FromTrees []rebuiltJSON `json:"from_trees"`
	Lost      []rebuiltJSON `json:"lost"`
	Left      []string      `json:"left"`    // folders that cannot be put in between
	Foreign   []string      `json:"foreign"` // folders that were not taken for snapshots
	Errors    []string      `json:"errors"`
}

type rebuiltJSON struct {
	Seq  uint64 `json:"seq"`
	Name string `json:"name"` // "": nobody knows
	Weak int64  `json:"files_without_hash"`
	Why  string `json:"why"`
}

// build is the JSON of `snap version`.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}
