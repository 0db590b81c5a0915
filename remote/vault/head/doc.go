// Package head is the state of a vault: one numbered, signed document on which all that the vault holds hangs.
//
// A head is a line of JSON and a line with the Ed25519 signature of the vault's id and that line. It names the parts of
// change sets and the tables by the SHA-256 of their objects, tables name packs in the same way: so who trusts the
// signature can trust every byte.
//
// Invariants:
//   - There is one way to write a state: what Parse reads, Encode writes again byte for byte. So a head with anything
//     in it that this snap does not know is noticed (ErrNewer), and never built on without it.
//   - Snapshots are in the order of their numbers, and their names are such that no command can be led elsewhere.
package head

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"snap/record"
)

// What can be wrong with a head.
var (
	ErrDamaged = errors.New("damaged")
	ErrForged  = errors.New("the signature is not that of the vault's key")
	ErrNewer   = errors.New("written by a newer version of snap")
)

// MaxSize is how large a head may be, in bytes, before it is compressed.
const MaxSize = 64 << 20

// Sum is a SHA-256, as text in hex.
type Sum [32]byte

// Head is a state of the vault.
type Head struct {
	Format      int               `json:"format"` // 1
	Number      uint64            `json:"number"`
	Before      string            `json:"before,omitempty"`      // object of the head it was made of; the first has none
	BeforeSum   Sum               `json:"before_sum,omitzero"`   // its SHA-256, as it is stored
	Run         string            `json:"run"`                   // that made it: letters and digits
	Host        string            `json:"host,omitempty"`        // that it ran on
	Destination string            `json:"destination,omitempty"` // id of the destination that is copied
	Time        time.Time         `json:"time"`                  // by the clock of that host; nothing is decided by it
	Snapshots   []Snapshot        `json:"snapshots"`             // oldest first
	Tables      []Table           `json:"tables"`                // oldest first
	Condemned   map[string]uint64 `json:"condemned,omitempty"`   // object → number of the head that condemned it
	Missing     []Missing         `json:"missing,omitempty"`
	Settings    map[string][]byte `json:"settings,omitempty"` // the settings files by name
}

// Snapshot is one that the vault holds. Tags and note of the header are those that it has now.
type Snapshot struct {
	Header record.Header `json:"header"`
	Parts  []Sum         `json:"parts"` // objects of meta/ that are its change set, one behind the other
}

// Table says where contents are; see the package table.
type Table struct {
	Parts   []Sum `json:"parts"` // objects of meta/, one behind the other
	Rows    int64 `json:"rows"`
	Pending bool  `json:"pending,omitempty"` // of a copy that goes on: no snapshot names its contents yet
}

// Missing is a content that snapshots name and the vault has not: it was damaged when it was copied, or its object is
// gone.
type Missing struct {
	Hash   Sum   `json:"hash"` // of the record
	Size   int64 `json:"size"`
	Sparse bool  `json:"sparse,omitempty"` // the hash is of the sparse form
}

// Name is the name of a head's object. In a store without conditional PUT the run is in it.
func Name(number uint64, run string) string {
	if run == "" {
		return fmt.Sprintf("head/%010d", number)
	}
	return fmt.Sprintf("head/%010d-%s", number, run)
}

// MetaName is the name of the object of a part.
func MetaName(s Sum) string { return "meta/" + s.String() }

// String is the sum in hex.
func (s Sum) String() string { return hex.EncodeToString(s[:]) }

// MarshalText writes the sum in hex.
func (s Sum) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads it.
func (s *Sum) UnmarshalText(b []byte) error {
	if len(b) != 2*len(s) {
		return fmt.Errorf("%q is no SHA-256", b)
	}
	_, err := hex.Decode(s[:], b)
	return err
}
