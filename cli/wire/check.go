package wire

import (
	"time"

	"snap/destination"
	"snap/destination/check"
	"snap/internal/quote"
)

// CheckError is a finding of `check --json`.
type CheckError struct {
	Type      string      `json:"message_type"` // "error"
	What      check.Fault `json:"what"`
	Path      string      `json:"path"` // with "index", "set" and "latest" in the destination, else in the snapshots
	PathB64   string      `json:"path_b64,omitempty"`
	Snapshots []string    `json:"snapshots"` // all that share it, oldest first
	Why       string      `json:"why"`
	Below     int64       `json:"below"` // how many entries in a folder are missing or extra with it
	Repaired  bool        `json:"repaired"`
	From      string      `json:"repaired_from,omitempty"`
	Left      string      `json:"not_repaired,omitempty"` // why it was not, with --repair
}

// NewCheckError is f for programs.
func NewCheckError(f *check.Finding) CheckError {
	j := CheckError{Type: "error", What: f.What, Snapshots: f.Snapshots, Why: quote.Clean(f.Why), Below: f.Below,
		Repaired: f.Repaired}
	if j.Path, j.PathB64 = Name(f.Path); f.Repaired {
		j.From = quote.Clean(f.From)
	} else {
		j.Left = quote.Clean(f.From)
	}
	if j.Snapshots == nil {
		j.Snapshots = []string{}
	}
	return j
}

// CheckSummary is the last line of `check --json`.
type CheckSummary struct {
	Type       string `json:"message_type"` // "summary"
	Snapshots  int64  `json:"snapshots"`    // whose trees were looked at
	Files      int64  `json:"files"`        // entries of these trees, folders too
	InodesRead int64  `json:"inodes_read"`
	BytesRead  int64  `json:"bytes_read"`
	Damaged    int64  `json:"damaged"`
	Repaired   int64  `json:"repaired"`
	// what is left: damage not mended, and what could not be looked at; 0: exit code 0
	Errors   int64 `json:"errors"`
	Unproved int64 `json:"unproved"` // files to be read whose hash is not known
	// files that are to be one with others, by the index, and are not: the hard links are gone
	Unshared int64    `json:"unshared"`
	Missing  []string `json:"missing"` // snapshots whose folders were removed or renamed
	Renamed  []Rename `json:"renamed"` // of them, those whose folders are there under other names
	Seconds  float64  `json:"seconds"`
}

// Rename is a snapshot, and what its folder is called now.
type Rename struct {
	Snapshot  string `json:"snapshot"`
	Folder    string `json:"folder"` // below the destination
	FolderB64 string `json:"folder_b64,omitempty"`
}

func newRenames(all []destination.Renamed) []Rename {
	j := make([]Rename, len(all))
	for i := range all {
		j[i].Snapshot = all[i].Snapshot
		j[i].Folder, j[i].FolderB64 = Name(all[i].Folder)
	}
	return j
}

// NewCheckSummary is how a check ended that took so long.
func NewCheckSummary(res *check.Result, took time.Duration) CheckSummary {
	return CheckSummary{Type: "summary", Snapshots: res.Snapshots, Files: res.Files, InodesRead: res.InodesRead,
		BytesRead: res.BytesRead, Damaged: res.Damaged, Repaired: res.Repaired, Errors: res.Errors, Unproved: res.Unproved,
		Unshared: max(res.Links.Inodes-res.Links.Meant, 0), Missing: append([]string{}, res.Missing...),
		Renamed: newRenames(res.Renamed),
		Seconds: took.Seconds()}
}
