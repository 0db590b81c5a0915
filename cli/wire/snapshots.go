package wire

import (
	"slices"

	"snap/destination"
	"snap/query"
	"snap/record"
)

// Snapshot is a snapshot in `list` and in summaries.
type Snapshot struct {
	Name        string       `json:"name"`
	Seq         uint64       `json:"seq"`
	Time        Time         `json:"time"`
	Finished    Time         `json:"finished"`
	Source      string       `json:"source"`
	SourceB64   string       `json:"source_b64,omitempty"`
	Sources     []string     `json:"sources"` // the folders and files that were named; source is what their tree begins at
	SourcesB64  []string     `json:"sources_b64,omitempty"`
	Host        string       `json:"host"`
	User        string       `json:"user"`
	Files       int64        `json:"files"`
	Dirs        int64        `json:"dirs"`
	Bytes       int64        `json:"bytes"`
	Added       int64        `json:"added"`
	Modified    int64        `json:"modified"`
	Metadata    int64        `json:"metadata"`
	Moved       int64        `json:"moved"`
	Removed     int64        `json:"removed"`
	Linked      int64        `json:"linked"`
	CopiedBytes int64        `json:"copied_bytes"`
	Errors      int64        `json:"errors"`
	State       record.State `json:"state"`
	Tags        []string     `json:"tags"`
	Note        string       `json:"note"`

	// In list, of the newest only: when the last run found nothing changed since.
	LastUnchanged *Time    `json:"last_unchanged,omitempty"`
	NewestOn      []string `json:"newest_on,omitempty"` // the remotes whose newest it is

	ChangedBelow *int `json:"changed_below,omitempty"` // with list --changed: how many entries it changed there
}

// NewSnapshot is h with the state that people see.
func NewSnapshot(h *record.Header, state record.State) Snapshot {
	source, b64 := Name(h.Source)
	sources, sourcesB64 := Names(h.AllSources())
	tags := h.Tags
	if tags == nil {
		tags = []string{}
	}
	return Snapshot{
		Name: h.Name, Seq: h.Seq, Time: Time(h.Time), Finished: Time(h.Finished), Source: source, SourceB64: b64,
		Sources: sources, SourcesB64: sourcesB64, Host: h.Host, User: h.User, Files: h.Files - h.Unread, Dirs: h.Dirs,
		Bytes: h.HeldBytes(),
		Added: h.Added, Modified: h.Modified, Metadata: h.Metadata, Moved: h.Moved, Removed: h.Removed, Linked: h.Linked,
		CopiedBytes: h.CopiedByRun(), Errors: h.Errors, State: state, Tags: tags, Note: h.Note, LastUnchanged: nil,
		NewestOn: nil,
	}
}

// NewList are the snapshots that `list` shows, with the states that people see; there is what --changed asks of each,
// nil for nothing; copies are what the remotes have.
func NewList(chosen query.Snapshots, state func(*record.Header) record.State, last query.LastRun,
	there func(*record.Header) int, copies []destination.Hold) []Snapshot {
	all := make([]Snapshot, len(chosen))
	for i := range chosen {
		all[i] = NewSnapshot(&chosen[i], state(&chosen[i]))
		if there != nil {
			n := there(&chosen[i])
			all[i].ChangedBelow = &n
		}
	}
	for i := range copies {
		if k := slices.IndexFunc(all, func(s Snapshot) bool { return s.Seq == copies[i].Seq }); k >= 0 {
			all[k].NewestOn = append(all[k].NewestOn, copies[i].Called())
		}
	}
	if n := len(all); !last.Unchanged.IsZero() && n > 0 && all[n-1].Seq == last.Header.Seq {
		t := Time(last.Unchanged)
		all[n-1].LastUnchanged = &t
	}
	return all
}

// Labels is a snapshot in `tag --json` and `note --json`, of which an array is printed.
type Labels struct {
	Name string   `json:"name"`
	Seq  uint64   `json:"seq"`
	Tags []string `json:"tags"`
	Note string   `json:"note"`
}

// NewLabels are the labels of h.
func NewLabels(h *record.Header) Labels {
	tags := h.Tags
	if tags == nil {
		tags = []string{}
	}
	return Labels{Name: h.Name, Seq: h.Seq, Tags: tags, Note: h.Note}
}

// NewLabelled are the labels of all.
func NewLabelled(all []*record.Header) []Labels {
	out := []Labels{}
	for _, h := range all {
		out = append(out, NewLabels(h))
	}
	return out
}
