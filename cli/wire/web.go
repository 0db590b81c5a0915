package wire

import (
	"maps"
	"slices"

	"snap/query"
)

// WebError is what the API of `snap web` answers where a question fails.
type WebError struct {
	Error string   `json:"error"`
	Hints []string `json:"hints"`
	Code  int      `json:"code"` // the exit code that a command would end with
}

// Touched is how much one snapshot changed below a folder, in /api/touched of `snap web`, which answers with an array.
type Touched struct {
	Snapshot string `json:"snapshot"`
	Entries  int    `json:"entries"`
}

// Weights is what a folder holds, in /api/weigh of `snap web`.
type Weights struct {
	Snapshot string   `json:"snapshot"`
	Path     string   `json:"path"`
	PathB64  string   `json:"path_b64,omitempty"`
	Entries  int64    `json:"entries"` // files and folders below it
	Bytes    int64    `json:"bytes"`
	Folders  []Weight `json:"folders"` // that are directly in it
}

// Weight is what one of the folders in it holds.
type Weight struct {
	Name    string `json:"name"`
	NameB64 string `json:"name_b64,omitempty"`
	Entries int64  `json:"entries"`
	Bytes   int64  `json:"bytes"`
}

// NewWeights are those of the folder path in a snapshot.
func NewWeights(snapshot, path string, w *query.Weights) Weights {
	j := Weights{Snapshot: snapshot, Entries: w.Whole.Entries, Bytes: w.Whole.Bytes, Folders: []Weight{}}
	j.Path, j.PathB64 = Name(path)
	for _, name := range slices.Sorted(maps.Keys(w.In)) {
		f := Weight{Entries: w.In[name].Entries, Bytes: w.In[name].Bytes}
		f.Name, f.NameB64 = Name(name)
		j.Folders = append(j.Folders, f)
	}
	return j
}

// RemovalLook is what a deletion would do, in /api/delete and /api/prune of `snap web` with dry_run.
type RemovalLook struct {
	Snapshots []string `json:"snapshots"` // that would go, oldest first
	Freed     int64    `json:"bytes_freed"`
	NeedsMost bool     `json:"needs_allow_most"`
	Ticket    string   `json:"ticket"` // lets them be deleted, with their number as count, for ten minutes
}
