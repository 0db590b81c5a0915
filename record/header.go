package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// headerJSON is a Header as it is stored. JSON knows no strings that are not UTF-8: the bytes of such sources stand
// beside.
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

// CheckNames says with ErrDamaged why the names in the header could lead elsewhere than to a snapshot's folder, or into
// another one of the destination: whoever can write the index must not choose what a command deletes or moves.
func (h *Header) CheckNames() error {
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
	return slices.Contains([]string{"latest", "oldest", "backupoptions.txt", "blacklist.txt", "whitelist.txt"},
		strings.ToLower(name))
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

// State is how far a snapshot has come.
type State string

// Header is what the index knows of a snapshot as a whole. Its JSON form is the `list` contract.
type Header struct {
	Name        string    `json:"name"`
	Seq         uint64    `json:"seq"`
	Time        time.Time `json:"time"` // when the scan began
	Finished    time.Time `json:"finished"`
	Source      string    `json:"source"` // absolute path of the folder that the tree is of
	Host        string    `json:"host"`
	User        string    `json:"user"`
	Files       int64     `json:"files"` // entries that are not folders
	Dirs        int64     `json:"dirs"`  // folders, the source itself included
	Bytes       int64     `json:"bytes"` // sum of the sizes of the regular files; see Plus
	Added       int64     `json:"added"` // of this change set, counting files and folders
	Modified    int64     `json:"modified"`
	Metadata    int64     `json:"metadata"`
	Moved       int64     `json:"moved"`
	Removed     int64     `json:"removed"`
	Linked      int64     `json:"linked"`       // files that are hard links into an older snapshot
	CopiedBytes int64     `json:"copied_bytes"` // bytes of file content written; not holes, nor what is shared
	Errors      int64     `json:"errors"`       // source files and folders that could not be read

	// of Files, those that it does not hold, because they could not be read
	Unread      int64    `json:"unread,omitempty"`
	UnreadBytes int64    `json:"unread_bytes,omitempty"` // of Bytes, theirs; see HeldBytes
	State       State    `json:"state"`
	Tags        []string `json:"tags"`
	Note        string   `json:"note"`

	// RunCopied is what its run copied, where that is not CopiedBytes any more: of a change set that was merged with
	// others, or purged, that is what the set has now. See CopiedByRun.
	RunCopied *int64 `json:"run_copied_bytes,omitempty"`

	// Sources are what of Source was backed up, if not all of it: absolute paths, sorted. See Roots.
	Sources []string `json:"sources,omitempty"`

	// Below: what a rebuild of the index needs. Not part of the `list` contract.
	// the snapshot that the change set is relative to; 0: the first
	Parent      uint64  `json:"parent,omitempty"`
	Destination string  `json:"destination,omitempty"` // the destination's id
	Volumes     Volumes `json:"volumes,omitempty"`     // the source's file systems
	// names of the owners met, as the source's system knew them
	Users   map[uint32]string `json:"users,omitempty"`
	Groups  map[uint32]string `json:"groups,omitempty"`
	Records int64             `json:"records,omitempty"` // number of records in the change set
	// folder in .snap/tmp that a prepared snapshot is published from
	Work     string   `json:"work,omitempty"`
	Bucket   uint64   `json:"bucket,omitempty"`   // where its records lie, if not under its own Seq
	Merged   []uint64 `json:"merged,omitempty"`   // in a change set: the sets that were folded into it last
	Unheld   int64    `json:"unheld,omitempty"`   // files and folders that the destination could not hold
	Capped   int64    `json:"capped,omitempty"`   // entries with more extended attributes than are kept
	Returned int64    `json:"returned,omitempty"` // records with Since
	// in the header a change set begins with: file.Dir.Session of the destination
	Boot string `json:"boot,omitempty"`
}

// CopiedByRun is how many bytes of file content the snapshot's own run wrote, holes left out, whatever was deleted
// since.
func (h *Header) CopiedByRun() int64 {
	if h.RunCopied != nil {
		return *h.RunCopied
	}
	return h.CopiedBytes
}

// KeepRun keeps what the run copied before CopiedBytes becomes that of another change set.
func (h *Header) KeepRun() {
	copied := h.CopiedByRun()
	h.RunCopied = &copied
}

// CountsMerged reports whether its counts are those of its own run no more: others were merged with it, or it was
// purged.
func (h *Header) CountsMerged() bool { return h.RunCopied != nil }

// BucketSeq is the number of the bucket that holds the snapshot's records.
func (h *Header) BucketSeq() uint64 {
	if h.Bucket != 0 {
		return h.Bucket
	}
	return h.Seq
}

// The states that are stored, and those that are derived when snapshots are listed.
const (
	Prepared   State = "prepared"   // its records are here, its tree may not be published yet
	Complete   State = "complete"   // published
	Deleting   State = "deleting"   // its tree is on its way out, its records are being folded into the next
	Incomplete State = "incomplete" // published, but some source files could not be read (derived)
	Missing    State = "missing"    // its folder is gone (derived)
)

// HeldBytes is the sum of the sizes of the regular files that the snapshot holds.
func (h *Header) HeldBytes() int64 {
	if h.Bytes == Beyond { // what is less than that nobody knows
		return Beyond
	}
	return h.Bytes - h.UnreadBytes
}

// Count adds a record of the change set.
func (h *Header) Count(r *Record) {
	if r.Since != 0 && r.Stored == Linked {
		h.Returned++
	}
	if r.Stored == Copied {
		h.CopiedBytes = Plus(h.CopiedBytes, r.Written())
	}
	switch r.Change {
	case Added:
		h.Added++
	case Modified, TypeChanged:
		h.Modified++
	case Metadata:
		h.Metadata++
	case Moved:
		h.Moved++
	case Removed:
		if r.To == "" && !r.OnlyTrail() { // else it is reported where it is now
			h.Removed++
		}
	}
}
