package report

import (
	"errors"
	"fmt"
	"strings"

	"snap/backup"
	"snap/record"
)

// BackupCounts are what a summary of a backup tells apart, and its result does not.
type BackupCounts struct {
	Holes    int64 // bytes of files that were copied, and that took no room
	Unsteady int64 // files that were copied while they changed, of those that count as errors
	Growing  int64 // files that were copied while they grew
	Unheld   int64 // what the destination cannot hold
	Capped   int64 // what has more attributes than are kept
}

// Recorded counts what was recorded of a path.
func (n *BackupCounts) Recorded(r *record.Record, changed bool) {
	if changed && r.Stored == record.Copied {
		n.Holes = record.Plus(n.Holes, r.Holes)
	}
}

// Add counts a problem. strict: a file that grows while it is read counts as an error.
func (n *BackupCounts) Add(p *backup.Problem, strict bool) {
	switch {
	case errors.Is(p.Err, backup.ErrGrows):
		if n.Growing++; strict {
			n.Unsteady++
		}
	case errors.Is(p.Err, backup.ErrUnsteady):
		n.Unsteady++
	case p.Note:
	case errors.As(p.Err, new(*backup.UnheldError)):
		n.Unheld++
	case errors.As(p.Err, new(backup.CappedError)):
		n.Capped++
	}
}

// FewNotes lets the first notes of each kind pass: a tree such as /proc has one for each file.
type FewNotes struct{ seen map[string]int }

// notesMax is how many of a kind pass.
const notesMax = 20

// Pass reports whether this one is among the first of its kind.
func (f *FewNotes) Pass(err error) bool {
	if f.seen == nil {
		f.seen = map[string]int{}
	}
	kind := fmt.Sprintf("%T", err)
	if strings.HasPrefix(kind, "*errors.") || strings.HasPrefix(kind, "*fmt.") { // of no type of their own
		kind = err.Error()
	}
	f.seen[kind]++
	return f.seen[kind] <= notesMax
}

// More is how many did not pass.
func (f *FewNotes) More() (more int64) {
	for _, n := range f.seen {
		more += int64(max(n-notesMax, 0))
	}
	return more
}
