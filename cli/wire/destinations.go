package wire

// Known is one of the destinations that `snap destinations --json` lists.
type Known struct {
	Path      string `json:"path"`
	PathB64   string `json:"path_b64,omitempty"`
	ID        string `json:"id"`
	Source    string `json:"source"` // what was backed up last; several with ", " between them; "" for nothing yet
	SourceB64 string `json:"source_b64,omitempty"`
	Last      Time   `json:"last"`     // of the last backup there, or of snap init
	Presence  string `json:"presence"` // "here", "away", "gone" or "unreadable"
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
