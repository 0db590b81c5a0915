package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"snap/cli/text"
	"snap/internal/file"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
	"snap/restore/parts"
)

// comingBack is something that comes back.
type comingBack struct {
	snapshot *record.Header // that it comes from
	kind     file.Kind
	bytes    int64
	path, to string   // to "": it is not said
	asides   []string // what else there is to say
}

// comeBack prints a line for each of all: the snapshot, how long ago that was, the size, the path.
func (p *Printer) comeBack(all []comingBack) error {
	width := 0
	for i := range all {
		width = max(width, displaywidth.String(quote.Name(all[i].snapshot.Name)))
	}
	for i := range all {
		it := &all[i]
		size := "-"
		if it.kind == file.Regular || it.kind == file.Folder {
			size = p.Size(it.bytes)
		}
		what := text.Path(it.path, it.kind)
		if it.to != "" {
			what += " -> " + quote.Name(it.to)
		}
		if len(it.asides) > 0 {
			what += " (" + strings.Join(it.asides, ", ") + ")"
		}
		h := it.snapshot
		line := fmt.Sprintf(" %s %5s %9s", text.Pad(quote.Name(h.Name), width), p.Age(h.Time), size)
		gap := "  "
		if !p.Fits("+" + line + gap + what) {
			gap = "\n      "
		}
		if err := p.printf("%s%s%s%s\n", p.Mark(record.Added), line, gap, what); err != nil {
			return err
		}
	}
	return nil
}

// VersionsNote says in a line which versions come back, and to where.
func (p *Printer) VersionsNote(w *parts.Versions) {
	p.Note("restore: %s of %s to %s", text.Plural(len(w.Found), "version", "versions"), someOf(w.Files),
		quote.Name(w.Options.Target))
}

// LostVersions says which versions of a file cannot be had: no snapshot holds so many, and the snapshots of those in
// lost are gone.
func (p *Printer) LostVersions(of string, unheld int, lost []query.FileVersion, snaps query.Snapshots) {
	if unheld > 0 {
		p.Note("restore: %s of %s could not be read by the backup: no snapshot holds that",
			text.Plural(unheld, "version", "versions"), quote.Name(of))
	}
	for i := range lost {
		p.Warn("restore: the version of %s in snapshot %s cannot be had: that snapshot's folder is missing",
			quote.Name(of), quote.Name(snaps[lost[i].First].Name))
	}
}

// RestoredVersions prints a line for each version that comes back.
func (p *Printer) RestoredVersions(w *parts.Versions, snaps query.Snapshots) error {
	all := make([]comingBack, len(w.Found))
	for i := range w.Found {
		v := &w.Found[i]
		all[i] = comingBack{snapshot: &snaps[v.First], kind: v.Record.Kind, bytes: v.Record.Size, path: v.Place.To}
		if v.Path != v.Of {
			all[i].asides = []string{"was " + quote.Name(v.Path)}
		}
	}
	return p.comeBack(all)
}

// Undeletion prints a line for each thing that comes back; targeted: to a folder that was named.
func (p *Printer) Undeletion(u *parts.Undeletion, targeted bool) error {
	all := make([]comingBack, len(u.Items))
	for i := range u.Items {
		it := &u.Items[i]
		c := comingBack{snapshot: it.Part.Header, kind: it.Kind, bytes: it.Bytes, path: it.Path}
		if targeted && len(u.Items) > 1 {
			c.to = it.At()
		}
		if it.Kind == file.Folder {
			c.asides = append(c.asides, text.Plural(it.Files, "file", "files"))
		}
		if it.Was != "" {
			c.asides = append(c.asides, "was "+quote.Name(it.Was))
		}
		if it.Earlier > 0 {
			c.asides = append(c.asides, fmt.Sprintf("%d more had gone before", it.Earlier))
		}
		all[i] = c
	}
	return p.comeBack(all)
}

// UndeletionNote says in a line where it all goes.
func (p *Printer) UndeletionNote(u *parts.Undeletion, targeted bool) {
	first := &u.Items[0]
	what, at := text.Path(first.Path, first.Kind), first.At()
	if len(u.Items) > 1 {
		what, at = howMany(u.Items), first.Part.Options.Target
		if slices.ContainsFunc(u.Parts, func(p *parts.Part) bool { return p.Options.Target != at }) {
			at = "where they were"
		}
	}
	way := "back to"
	if targeted {
		way = "to"
	}
	p.Note("undelete: %s %s %s", what, way, quote.Name(at))
}

// howMany counts what comes back.
func howMany(items []parts.Undeleted) string {
	folders := 0
	for i := range items {
		if items[i].Kind == file.Folder {
			folders++
		}
	}
	var counts []string
	if n := len(items) - folders; n > 0 {
		counts = append(counts, text.Plural(n, "file", "files"))
	}
	if folders > 0 {
		counts = append(counts, text.Plural(folders, "folder", "folders"))
	}
	return strings.Join(counts, " and ")
}
