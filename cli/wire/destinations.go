package wire

import "snap/cli/state"

// Known is one of the destinations that `snap destinations --json` lists.
type Known struct {
	Path      string `json:"path"`
	PathB64   string `json:"path_b64,omitempty"`
	ID        string `json:"id"`
	Source    string `json:"source"` // what was backed up last; several with ", " between them; "" for nothing yet
	SourceB64 string `json:"source_b64,omitempty"`
	Last      Time   `json:"last"`     // of the last backup there, or of snap init
	Presence  string `json:"presence"` // "here", "away", "gone", "unreadable" or "replaced"
	Temporary bool   `json:"temporary"`
	Once      bool   `json:"once"`    // one backup has named it, and nothing else
	Default   bool   `json:"default"` // it is used where none is named
}

// Forgotten is what `snap destinations --forget --json` prints.
type Forgotten struct {
	Type    string `json:"message_type"` // summary
	Path    string `json:"path"`
	PathB64 string `json:"path_b64,omitempty"`
}

// presences are their names.
var presences = map[state.Presence]string{
	state.Here: "here", state.Away: "away", state.Gone: "gone", state.Unreadable: "unreadable",
	state.Replaced: "replaced",
}

// NewKnown are the known destinations. used, nil for none, is that of all which is used where none is named.
func NewKnown(all []state.Place, used *state.Place) []Known {
	list := make([]Known, len(all))
	for i := range all {
		p := &all[i]
		j := Known{ID: p.ID, Last: Time(p.Last), Presence: presences[p.Presence], Temporary: p.Temporary, Once: p.Once,
			Default: p == used}
		j.Path, j.PathB64 = Name(p.Path)
		j.Source, j.SourceB64 = Name(p.Source)
		list[i] = j
	}
	return list
}

// NewForgotten says that the destination in the folder dir is forgotten.
func NewForgotten(dir string) Forgotten {
	j := Forgotten{Type: "summary"}
	j.Path, j.PathB64 = Name(dir)
	return j
}
