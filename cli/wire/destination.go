package wire

import (
	"snap/destination"
	"snap/destination/reindex"
)

// Init is what `init --json` prints.
type Init struct {
	Type    string                   `json:"message_type"` // "summary"
	Path    string                   `json:"path"`
	PathB64 string                   `json:"path_b64,omitempty"`
	Made    []string                 `json:"made"`
	Ready   destination.Capabilities `json:"capabilities"`
	Store   string                   `json:"store"` // what snapshots are from now on: "hardlink" or "subvolume"
	Why     string                   `json:"store_why"`
	Taken   *TakenOver               `json:"taken_over,omitempty"`
	Note    string                   `json:"note,omitempty"` // of a backup without a source: that it made none
}

// NewInit is what making dest a destination came to.
func NewInit(dest string, made []string, can destination.Capabilities, store, why string, taken *destination.Taken,
	note string) Init {
	j := Init{Type: "summary", Made: append([]string{}, made...), Ready: can, Store: store, Why: why,
		Taken: NewTakenOver(taken), Note: note}
	j.Path, j.PathB64 = Name(dest)
	return j
}

// Reindex is what `reindex --json` prints.
type Reindex struct {
	Type      string    `json:"message_type"` // "summary"
	Snapshots int       `json:"snapshots"`
	FromTrees []Rebuilt `json:"from_trees"`
	Lost      []Rebuilt `json:"lost"`
	Left      []string  `json:"left"`    // folders that cannot be put in between
	Foreign   []string  `json:"foreign"` // folders that were not taken for snapshots
	Renamed   []Rename  `json:"renamed"` // folders of snapshots that have other names now
	Errors    []string  `json:"errors"`
}

// Rebuilt is a snapshot in `reindex --json` whose change set is lost.
type Rebuilt struct {
	Seq  uint64 `json:"seq"`
	Name string `json:"name"` // "": nobody knows
	Weak int64  `json:"files_without_hash"`
	Why  string `json:"why"`
}

// NewReindex is what a reindex did.
func NewReindex(res *reindex.Result) Reindex {
	j := Reindex{Type: "summary", Snapshots: res.Snapshots, FromTrees: newRebuilt(res.FromTrees),
		Lost: newRebuilt(res.Lost), Renamed: newRenames(res.Renamed), Errors: []string{}}
	j.Left, _ = Names(res.Left)
	j.Foreign, _ = Names(res.Foreign)
	for _, err := range res.Notes {
		j.Errors = append(j.Errors, err.Error())
	}
	return j
}

func newRebuilt(all []reindex.Rebuilt) []Rebuilt {
	out := make([]Rebuilt, len(all))
	for i := range all {
		s := &all[i]
		out[i] = Rebuilt{Seq: s.Seq, Weak: s.Weak, Why: s.Err.Error()}
		out[i].Name, _ = Name(s.Name)
	}
	return out
}

// Build is the JSON of `snap version`.
type Build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}
