package peer

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"snap/record"
	"snap/remote/replica"
)

// magic comes before the first frame, so that what is no snap is known at once.
const magic = "snappeer1\n"

// version of the protocol. The two ends must have the same.
const version = 1

// The kinds of frames. Numbers are uvarints; what is JSON is said.
const (
	kindHello = 'H' // both ways: hello, JSON

	// from the taker
	kindAsk    = 'O' // number · ask, JSON: open a stream
	kindCredit = 'C' // number · bytes: so many more may be sent of that stream; 0 · bytes: of those that were wanted
	kindCancel = 'X' // number: nothing more of that stream
	kindBegun  = 'B' // begun, JSON: what is read from now on
	kindShow   = 'P' // shown, JSON
	kindDone   = 'K' // replica.Copied, JSON: this snapshot is published
	kindResult = 'R' // outcome, JSON: nothing more is asked

	// from the giver
	kindData = 'D' // number · class · bytes
	kindCopy = 'Y' // number · class · offset · length: bytes of the old file
	kindEnd  = 'E' // number · ended, JSON, or nothing
)

// The classes of what is sent: by which credit.
const (
	classOwn   = 0
	classAhead = 1
)

// The limits of credit, in bytes.
const (
	aheadCredit = 16 << 20 // of what was wanted and nobody reads yet
	ownCredit   = 4 << 20  // of a stream that is read
	pieceCost   = 512      // of each frame, besides its bytes
	pieceSize   = 128 << 10
	maxAsked    = 8192 // streams that were asked for ahead and have not ended
)

// direction of the copy, as the one who calls wants it.
type direction string

const (
	give direction = "give" // the caller gives snapshots to the other end, which follows
	take direction = "take" // the caller asks
)

// hello is what each end says first.
type hello struct {
	Version int       `json:"version"`
	Want    direction `json:"want,omitempty"` // of the caller

	// Of the giver:
	ID     string `json:"id,omitempty"` // of its destination
	Place  string `json:"place,omitempty"`
	Folder string `json:"folder,omitempty"` // says which folder it is, of all machines

	// Of the caller who gives:
	Options *options `json:"options,omitempty"`

	Trouble *Trouble `json:"trouble,omitempty"` // of the one who answers: why it does not do what is wanted
}

// options are those of replica.Follow that the caller has.
type options struct {
	Only   []uint64 `json:"only,omitempty"`
	Since  uint64   `json:"since,omitempty"`
	Follow bool     `json:"follow,omitempty"`
	DryRun bool     `json:"dry_run,omitempty"`
	Jobs   int      `json:"jobs,omitempty"`
	Wait   int64    `json:"lock_wait,omitempty"` // nanoseconds
}

// Trouble is an error at the other end.
type Trouble struct {
	Text string   `json:"text"`
	Hint []string `json:"hint,omitempty"`
	Code int      `json:"code"` // the exit code that it would end in there
}

func (t *Trouble) Error() string { return t.Text }

// What is asked for.
const (
	askSnapshots = "snapshots"
	askSettings  = "settings"
	askHolds     = "holds"
	askChanges   = "changes"
	askListing   = "listing"
	askFile      = "file"
)

// ask opens a stream.
type ask struct {
	Kind   string `json:"kind"`
	Seq    uint64 `json:"seq,omitempty"`    // of the snapshot
	Parent uint64 `json:"parent,omitempty"` // of changes: what they must be relative to
	Any    bool   `json:"any,omitempty"`    // of changes: whatever they are relative to

	// Of a file:
	Path  []byte       `json:"path,omitempty"`
	Size  int64        `json:"size,omitempty"`
	Hash  []byte       `json:"hash,omitempty"`
	Flags record.Flags `json:"flags,omitempty"`
	Tries int          `json:"tries,omitempty"`
	Old   *oldFile     `json:"old,omitempty"`
}

// oldFile is what the taker has at the path.
type oldFile struct {
	Size  int64        `json:"size"`
	Hash  []byte       `json:"hash"`
	Flags record.Flags `json:"flags"`
}

// snapshots answer askSnapshots.
type snapshots struct {
	Next uint64            `json:"next"`
	All  []json.RawMessage `json:"all"` // headers as they are stored
	Sets []string          `json:"sets"`
}

// ended says how a stream has ended that did not end well.
type ended struct {
	Lost bool   `json:"lost,omitempty"` // these bytes alone are not to be had
	None bool   `json:"none,omitempty"` // there is no such thing
	Text string `json:"text"`
}

type begun struct {
	Seq  uint64 `json:"seq"`
	Name string `json:"name"`
}

// shown is how far the follower has come.
type shown struct {
	Snapshot string `json:"snapshot"`
	Stage    string `json:"stage"`
	Path     []byte `json:"path"`
	Files    int64  `json:"files"`
	Bytes    int64  `json:"bytes"`
	Total    int64  `json:"total_files"`
	Sum      int64  `json:"total_bytes"`
}

// outcome is how a copy has ended.
type outcome struct {
	Result  *replica.Result `json:"result"`
	Trouble *Trouble        `json:"trouble,omitempty"`
}

// cut takes n numbers off the front of a payload.
func cut(payload []byte, n int) (numbers [4]uint64, rest []byte, err error) {
	for i := range n {
		v, size := binary.Uvarint(payload)
		if size <= 0 {
			return numbers, nil, fmt.Errorf("%w: a frame without its numbers", ErrProtocol)
		}
		numbers[i], payload = v, payload[size:]
	}
	return numbers, payload, nil
}

// numbered is a payload of numbers.
func numbered(numbers ...uint64) []byte {
	b := make([]byte, 0, 16)
	for _, n := range numbers {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

// fromJSON takes apart what a frame says.
func fromJSON(b []byte, v any) error {
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return nil
}
