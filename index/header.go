package index

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// headerJSON is a Header as it is stored. JSON knows no strings that are not UTF-8: the bytes of such sources stand beside.
type headerJSON struct {
	*plainHeader
	SourceBytes  []byte   `json:"source_b64,omitempty"`
	SourcesBytes [][]byte `json:"sources_b64,omitempty"` // all of them, if one is not UTF-8
}

type plainHeader Header

// MarshalJSON writes the header as it is stored.
func (h *Header) MarshalJSON() ([]byte, error) {
	j := headerJSON{plainHeader: (*plainHeader)(h)}
	if !utf8.ValidString(h.Source) {
		j.SourceBytes = []byte(h.Source)
	}
	if !utf8.ValidString(strings.Join(h.Sources, "")) {
		for _, s := range h.Sources {
			j.SourcesBytes = append(j.SourcesBytes, []byte(s))
		}
	}
	return json.Marshal(&j)
}

// UnmarshalJSON reads a stored header.
func (h *Header) UnmarshalJSON(b []byte) error {
	j := headerJSON{plainHeader: (*plainHeader)(h)}
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	if len(j.SourceBytes) > 0 {
		h.Source = string(j.SourceBytes)
	}
	if len(j.SourcesBytes) > 0 {
		h.Sources = nil
		for _, s := range j.SourcesBytes {
			h.Sources = append(h.Sources, string(s))
		}
	}
	return nil
}

// inPlace reports whether the names in the header are such that they lead nowhere but into the destination's own folders.
func (h *Header) inPlace() bool {
	separates := func(r rune) bool { return r == 0 || r == '/' || r == filepath.Separator }
	element := func(s string) bool { return s != "." && s != ".." && !strings.ContainsFunc(s, separates) }
	return element(h.Name) && element(h.Work)
}
