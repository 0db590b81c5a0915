package index

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
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

// inPlace says with ErrDamaged why the names in the header could lead elsewhere than to a snapshot's folder, or into
// another one of the destination: whoever can write the index must not choose what a command deletes or moves.
func (h *Header) inPlace() error {
	if h.Name == "" || !oneElement(h.Name) || h.Name[0] == '.' || reserved(h.Name) {
		return damaged("snapshot %d has the name %q", h.Seq, h.Name)
	}
	if h.Work == "." || h.Work == ".." || !oneElement(h.Work) {
		return damaged("snapshot %d has the name %q and the work folder %q", h.Seq, h.Name, h.Work)
	}
	return nil
}

// oneElement reports whether s is no path of several elements.
func oneElement(s string) bool {
	return !strings.ContainsAny(s, "/\x00"+string(filepath.Separator))
}

// reserved reports whether a name means something else in a destination than a snapshot, be it in upper or lower case.
func reserved(name string) bool {
	return slices.Contains([]string{"latest", "oldest", "backupoptions.txt", "blacklist.txt", "whitelist.txt"}, strings.ToLower(name))
}

// CheckName says why name cannot be a snapshot's.
func CheckName(name string) error {
	switch {
	case name == "":
		return errors.New("a snapshot's name must not be empty")
	case !oneElement(name) || name[0] == '.':
		return fmt.Errorf("%q cannot be a snapshot's name: no slash, no leading dot", name)
	case len(name) > 200:
		return fmt.Errorf("%q cannot be a snapshot's name: longer than 200 bytes", name)
	case !utf8.ValidString(name):
		return fmt.Errorf("%q cannot be a snapshot's name: not UTF-8", name)
	}
	if reserved(name) {
		return fmt.Errorf("%q cannot be a snapshot's name: it means something else in a destination", name)
	}
	for _, c := range name {
		if c < ' ' || c == 0x7f {
			return fmt.Errorf("%q cannot be a snapshot's name: a control character", name)
		}
	}
	return nil
}
