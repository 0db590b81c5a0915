package vault

import (
	"maps"
	"slices"

	"snap/internal/file"
	"snap/record"
)

// Head is a state of the vault: all that is in it hangs on it.
type Head struct {
	Format      int               `json:"format"`
	Number      uint64            `json:"number"`
	Before      [32]byte          `json:"before"` // SHA-256 of the head that it was made of, as stored
	Run         string            `json:"run"`
	Host        string            `json:"host,omitempty"`
	Destination string            `json:"destination,omitempty"`
	Snapshots   []Snapshot        `json:"snapshots"`
	Tables      []Table           `json:"tables"`
	Condemned   map[string]uint64 `json:"condemned,omitempty"` // object → number of the head that condemned it
	Missing     []MissingContent  `json:"missing,omitempty"`
	Settings    map[string][]byte `json:"settings,omitempty"`
}

// Snapshot is one that the vault holds.
type Snapshot struct {
	Header record.Header `json:"header"`
	Parts  [][32]byte    `json:"parts"` // its change set, in this order
}

// Table is a sorted list of contents and where they are, cut into objects.
type Table struct {
	Parts   [][32]byte `json:"parts"`
	Rows    int64      `json:"rows"`
	Pending bool       `json:"pending,omitempty"` // of a copy that goes on: no snapshot names its contents yet
}

// MissingContent is one that a snapshot names and the vault has not: it was damaged when it was copied, or its object
// is gone.
type MissingContent struct {
	Hash   [32]byte `json:"hash"`
	Size   int64    `json:"size"`
	Sparse bool     `json:"sparse,omitempty"`
}

func missingOf(r *record.Record) MissingContent {
	return MissingContent{Hash: r.Hash, Size: r.Size, Sparse: r.Has(record.SparseHash)}
}

func (m MissingContent) record() record.Record {
	r := record.Record{Hash: m.Hash, Flags: record.Hashed, Change: record.Added, Stored: record.Copied}
	r.Kind, r.Size = file.Regular, m.Size
	if m.Sparse {
		r.Flags |= record.SparseHash
	}
	return r
}

func (m MissingContent) key() [32]byte {
	r := m.record()
	return keyOf(&r)
}

// next is a head that begins as this one is.
func (h *Head) next() *Head {
	n := *h
	n.Snapshots, n.Tables, n.Missing = slices.Clone(h.Snapshots), slices.Clone(h.Tables), slices.Clone(h.Missing)
	n.Condemned, n.Settings = maps.Clone(h.Condemned), maps.Clone(h.Settings)
	if n.Condemned == nil {
		n.Condemned = map[string]uint64{}
	}
	return &n
}
