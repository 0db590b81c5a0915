package wire

import (
	"snap/query/gone"
	"snap/record"
)

// Gone is what comes back in `undelete --json`: a file, or a folder with all in it.
type Gone struct {
	MessageType string `json:"message_type"` // "gone"
	Path        string `json:"path"`
	PathB64     string `json:"path_b64,omitempty"`
	Type        string `json:"type"`
	Snapshot    string `json:"snapshot"` // that it comes from
	Time        Time   `json:"time"`     // of that
	To          string `json:"to"`       // where it goes
	ToB64       string `json:"to_b64,omitempty"`
	Files       int64  `json:"files"`
	Bytes       int64  `json:"bytes"`
	Was         string `json:"was,omitempty"` // the path that was asked for, which it had before
	WasB64      string `json:"was_b64,omitempty"`
	Earlier     int64  `json:"earlier"`  // files that had gone from the folder before, and stay away
	LeftOut     int    `json:"left_out"` // paths that the folder had and that moved, or come from another snapshot
}

// NewGone is g, from the snapshot h to the place to.
func NewGone(g *gone.Entry, h *record.Header, to string) Gone {
	j := Gone{MessageType: "gone", Type: g.Kind.String(), Snapshot: h.Name, Time: Time(h.Time), Files: g.Files,
		Bytes: g.Bytes, Earlier: g.Earlier, LeftOut: len(g.Except)}
	j.Path, j.PathB64 = Name(g.Path)
	j.To, j.ToB64 = Name(to)
	j.Was, j.WasB64 = Name(g.Was)
	return j
}

// MovedAway is what is not gone, but elsewhere, in `undelete --json`.
type MovedAway struct {
	MessageType string `json:"message_type"` // "moved"
	Path        string `json:"path"`
	PathB64     string `json:"path_b64,omitempty"`
	Type        string `json:"type"`
	To          string `json:"to"` // where it is
	ToB64       string `json:"to_b64,omitempty"`
}

// NewMovedAway is m.
func NewMovedAway(m *gone.Moved) MovedAway {
	j := MovedAway{MessageType: "moved", Type: m.Kind.String()}
	j.Path, j.PathB64 = Name(m.Path)
	j.To, j.ToB64 = Name(m.To)
	return j
}
