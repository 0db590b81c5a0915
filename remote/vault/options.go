package vault

import (
	"context"
	"time"

	"snap/record"
	"snap/remote/vault/seal"
)

// Options says how a vault is opened. The zero value is good.
type Options struct {
	Jobs int           // uploads and reads at a time; 0: 4
	Host string        // this machine's name, for the head
	Lock time.Duration // object lock of each object that is put; 0: none

	StorageClass string // of packs; "": the bucket's

	// Renew fetches the keys that the vault has now, where those that are here do not open its head; nil: nobody does.
	Renew func(ctx context.Context) (seal.Keys, error)

	// For Create: the vault's id, "" for a new one, and its keys as they are to lie in it, sealed; nil: none do.
	ID     string
	Sealed []byte

	// Warn is told what a user should know though nothing failed; nil: nobody is.
	Warn func(error)
}

// CopyOptions says what is copied, and how.
type CopyOptions struct {
	Seqs       []uint64      // only these; nil: all that are newer than the newest there
	Since      uint64        // an empty vault begins with this one, whose change set becomes a full listing; 0: the oldest
	DryRun     bool          // only counts
	Checkpoint time.Duration // how often a long copy is made safe by a head; 0: 10 minutes
	Now        func() time.Time

	// Report is told how far the copy has come; nil: nobody is. It is called by one goroutine at a time.
	Report func(CopyProgress)
}

// CopyProgress is how far a copy has come.
type CopyProgress struct {
	Snapshot *record.Header
	CopyResult
}

// CopyResult is what a copy did, or with DryRun would do.
type CopyResult struct {
	Snapshots   []uint64  // that are in the vault now, by this copy
	Files       int64     // whose bytes the vault did not have
	BytesRead   int64     // of their contents
	BytesStored int64     // of the objects that were put; not known in a dry run
	Objects     int64     // that were put
	Requests    int64     // that the store was asked
	Missing     []Missing // what is damaged here and nowhere whole: exit 3
	Healed      int64     // contents that were missing in the vault, and are there now
}

// Missing is a file whose bytes the vault does not have, because they are damaged here.
type Missing struct {
	Place
	Why error
}

// PruneOptions says what a prune may do.
type PruneOptions struct {
	DryRun     bool          // only says what would be freed
	Grace      time.Duration // between condemning and deleting; 0: 7 days
	SoleWriter bool          // delete also where the store has no clock of its own: nobody else writes this vault
	Download   bool          // of packs to be written anew what is not here is read from the vault; needs the content key
	MinStorage time.Duration // what is deleted before that age costs as much; 0: nothing does
}

// PruneResult is what a prune did, or with DryRun would do.
type PruneResult struct {
	Removed    []uint64 // snapshots
	Condemned  int64    // objects, in this run
	Repacked   int64    // packs written anew
	Deleted    int64    // objects
	Freed      int64    // bytes of those deleted
	Later      int64    // bytes of the condemned ones that wait for their grace
	Locked     int64    // objects whose lock has not ended: later
	Young      int64    // bytes of the condemned that are younger than MinStorage
	Requests   int64
	BytesMoved int64 // of contents written anew
}

// CheckOptions says how much is checked.
type CheckOptions struct {
	Data     bool // every object of data/ is fetched, not only its size compared
	Part, Of int  // only this part of the data, 1…Of; 0: all
	Report   func(done, of int64)
}

// CheckResult is what a check found.
type CheckResult struct {
	Objects  int64
	Bytes    int64 // fetched
	Bad      []BadObject
	Missing  int64 // contents that snapshots name and no object has
	Contents bool  // whether contents could be opened: the content key is here
	Requests int64
}

// BadObject is an object that is gone or not what it should be.
type BadObject struct {
	Name  string
	Why   error
	Files int64 // contents of files that nothing else here has, of a pack
}
