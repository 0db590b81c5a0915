package report

import (
	"fmt"

	"snap/cli/text"
	"snap/destination/retention"
	"snap/filter"
	"snap/index"
	"snap/internal/quote"
	"snap/query"
)

// Purged prints which paths go from the snapshots, and what that frees. dry: nothing went.
func (p *Printer) Purged(found []query.PurgePath, plan *index.Purging, dry bool) error {
	for i := range found {
		f := &found[i]
		in := fmt.Sprintf("  (in %s)", text.Plural(f.Snapshots, "snapshot", "snapshots"))
		if err := p.printf("purge  %s\n", p.Beside(len("purge  "), text.Path(f.Path, f.Kind), in)); err != nil {
			return err
		}
	}
	n, gone := 0, int64(0)
	for i := range plan.Snapshots {
		if s := &plan.Snapshots[i]; s.Files+s.Dirs > 0 {
			n, gone = n+1, gone+s.Files+s.Dirs
		}
	}
	entries, from, freed := text.Plural(gone, "entry", "entries"), text.Plural(n, "snapshot", "snapshots"),
		p.Size(plan.Freed.Bytes)
	if dry {
		return p.sayBelow("would remove %s from %s and free %s", entries, from, freed)
	}
	return p.sayBelow("removed %s from %s, %s freed", entries, from, freed)
}

// PurgedPinned says which pinned snapshots a purge changes.
func (p *Printer) PurgedPinned(plan *index.Purging, dry bool) {
	is := map[bool]string{true: "would be", false: "is"}[dry]
	for i := range plan.Snapshots {
		if s := &plan.Snapshots[i]; s.Files+s.Dirs > 0 && retention.Pinned(&s.Header) {
			p.Note("snapshot %s, which is pinned, %s changed too", quote.Name(s.Header.Name), is)
		}
	}
}

// comeBackMax is how many lines for Blacklist.txt are printed.
const comeBackMax = 100

// PurgedComeBack says how to keep away what the next backup would find in the source again: by a command line that
// adds lines to list, a Blacklist.txt. open: its last line is not at its end.
func (p *Printer) PurgedComeBack(found []query.PurgePath, list string, open bool) {
	words, more := "", 0
	for i := range found {
		switch f := &found[i]; {
		case !f.Newest:
		case i >= comeBackMax || !quote.Harmless(f.Path):
			more++
		default:
			words += " " + quote.Word(filter.Line(f.Path))
		}
	}
	if words != "" {
		if open {
			words = " ''" + words // ends the last line
		}
		p.Note("what is still in the source comes back with the next backup; to leave it out:")
		p.Note("printf '%%s\\n'%s >>%s", words, quote.Word(list))
	}
	if more > 0 {
		p.Note("%s more, for which %s needs lines, too", text.Plural(more, "path", "paths"), quote.Word(list))
	}
}
