package wire

import (
	"time"

	"snap/destination/retention"
	"snap/index"
	"snap/query"
)

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
	NeedsAll       bool     `json:"needs_allow_all"`
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

// NewRemoved is e for programs.
func NewRemoved(e *retention.Decision) Removed {
	return Removed{Type: "change", Name: e.Header.Name, Keep: e.Keep, Reasons: e.Reasons, Freed: e.Freed}
}

// NewRemovedSummary is what becomes of the snapshots of dest by plan; stopped says why rules did not run.
func NewRemovedSummary(dest string, plan *retention.Plan, dry bool, stopped []string,
	took time.Duration) RemovedSummary {
	j := RemovedSummary{Type: "summary", DryRun: dry, Seconds: took.Seconds(), Stopped: append([]string{}, stopped...),
		NeedsMost: plan.Most() != nil, NeedsAll: dry && plan.Last()}
	j.Destination, j.DestinationB64 = Name(dest)
	for i := range plan.List {
		if e := &plan.List[i]; e.Keep {
			j.Kept++
		} else {
			j.Removed++
			j.Freed += e.Freed
		}
	}
	return j
}

// NewPurged is a path that goes.
func NewPurged(p *query.PurgePath) Purged {
	j := Purged{Type: "change", Kind: p.Kind.String(), Snapshots: p.Snapshots}
	j.Path, j.PathB64 = Name(p.Path)
	return j
}

// NewPurgeSummary is what goes, or in a dry run would go.
func NewPurgeSummary(paths int, plan *index.Purging, dry bool, took time.Duration) PurgeSummary {
	j := PurgeSummary{Type: "summary", DryRun: dry, Paths: paths, Freed: plan.Freed.Bytes, Seconds: took.Seconds()}
	for i := range plan.Snapshots {
		if s := &plan.Snapshots[i]; s.Files+s.Dirs > 0 {
			j.Snapshots++
			j.Entries += s.Files + s.Dirs
		}
	}
	return j
}
