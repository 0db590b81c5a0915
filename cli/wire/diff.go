package wire

import (
	"snap/index"
	"snap/query"
	"snap/record"
)

// Difference is a `change` of `snap diff`.
type Difference struct {
	MessageType string         `json:"message_type"`
	Change      string         `json:"change"`
	Path        string         `json:"path"`
	PathB64     string         `json:"path_b64,omitempty"`
	From        *string        `json:"from"`
	FromB64     string         `json:"from_b64,omitempty"`
	SizeBefore  *int64         `json:"size_before"`
	SizeAfter   *int64         `json:"size_after"`
	Differs     []query.Aspect `json:"differs"`           // of both: type, size, content, mode, …
	Reason      *string        `json:"reason"`            // of neighbours: why B has a record
	Stored      *string        `json:"stored"`            // and how it was stored
	Problem     string         `json:"problem,omitempty"` // of what B has: see ls
}

// DiffSummary is the totals of `snap diff`, and its last line with --json.
type DiffSummary struct {
	MessageType string  `json:"message_type"`
	A           string  `json:"a"`
	B           *string `json:"b"`      // null with --source
	Source      *string `json:"source"` // null without
	SourceB64   string  `json:"source_b64,omitempty"`
	Added       int64   `json:"added"`
	Modified    int64   `json:"modified"`
	Metadata    int64   `json:"metadata"`
	Moved       int64   `json:"moved"`
	Removed     int64   `json:"removed"`
	Type        int64   `json:"type"`
	BytesBefore int64   `json:"bytes_before"` // sizes of what differs, in A
	BytesAfter  int64   `json:"bytes_after"`  // and in B
}

// Add counts a difference.
func (s *DiffSummary) Add(d *index.Difference) {
	switch d.Change {
	case record.Added:
		s.Added++
	case record.Modified:
		s.Modified++
	case record.Metadata:
		s.Metadata++
	case record.Moved:
		s.Moved++
	case record.Removed:
		s.Removed++
	case record.TypeChanged:
		s.Type++
	}
	if d.Before != nil {
		s.BytesBefore = record.Plus(s.BytesBefore, d.Before.Size)
	}
	if d.After != nil {
		s.BytesAfter = record.Plus(s.BytesAfter, d.After.Size)
	}
}

// Total is how many differences there are.
func (s *DiffSummary) Total() int64 {
	return s.Added + s.Modified + s.Metadata + s.Moved + s.Removed + s.Type
}

// NewDifference is d, one of the differences of q.
func NewDifference(q *query.Diff, d *index.Difference) Difference {
	j := Difference{
		MessageType: "change", Change: d.Change.String(), SizeBefore: Size(d.Before), SizeAfter: Size(d.After),
		Differs: append([]query.Aspect{}, query.Differs(d.Before, d.After)...), Problem: Problem(d.After),
	}
	if q.Next {
		reason, stored := d.Reason.String(), d.Stored.String()
		j.Reason, j.Stored = &reason, &stored
	}
	j.Path, j.PathB64 = Name(d.Path)
	j.From, j.FromB64 = OptionalName(d.From)
	return j
}
