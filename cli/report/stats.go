package report

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"

	"snap/cli/text"
	"snap/internal/file"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// Stats prints what the destination dest holds.
func (p *Printer) Stats(dest string, s *query.Details) error {
	trees, span := int64(0), "" // files as snap list counts them
	for _, h := range s.Snapshots {
		trees += h.Files - h.Unread
	}
	if n := len(s.Snapshots); n > 0 {
		span = ", " + quote.Name(s.Snapshots[0].Name)
		if n > 1 {
			span += ".." + quote.Name(s.Snapshots[n-1].Name)
		}
	}
	if n := len(s.Missing); n > 0 {
		span += fmt.Sprintf(", %d missing", n)
	}
	saved, percent := s.Apart.Bytes-s.Total.Bytes, int64(0)
	if s.Apart.Bytes > 0 {
		percent = int64(float64(saved) / float64(s.Apart.Bytes) * 100)
	}
	by, less := "hard links", ""
	if s.Subvolumes {
		by, less = "shared blocks", ", as the records say; what files share beyond that makes it less"
	}
	const indent = 13
	for _, line := range [...][2]string{
		{"Destination", quote.Name(dest)},
		{"Snapshots", humanize.Comma(int64(len(s.Snapshots))) + span},
		{"In trees", p.Size(s.Apart.Bytes) + " in " + text.Plural(trees, "file", "files") +
			", each snapshot counted for itself"},
		{"On disk", p.Size(s.Total.Bytes) + " in " + text.Plural(s.Total.Inodes, "inode", "inodes") + less},
		{"Saved", fmt.Sprintf("%s (%d%%) by %s", p.Size(saved), percent, by)},
		{"Index", p.Size(s.IndexBytes)},
		{"Change sets", p.Size(s.ChangeBytes)},
	} {
		if err := p.printf("%s\n", p.Wrap(text.Pad(line[0], indent)+line[1], strings.Repeat(" ", indent))); err != nil {
			return err
		}
	}
	if len(s.Snapshots) == 0 {
		return nil
	}
	return errors.Join(p.growth(s.Stats), p.folders(s))
}

// growth prints what each snapshot holds and adds.
func (p *Printer) growth(s *query.Stats) error {
	if err := p.printf("\n"); err != nil {
		return err
	}
	t := &text.Table{Columns: []text.Column{
		{Head: "Snapshot"}, {Head: "Time", Optional: true}, {Head: "Size", Right: true}, {Head: "New", Right: true},
		{Head: "Alone", Right: true}, {Head: "Disk", Right: true},
	}}
	disk := int64(0)
	for i, h := range s.Snapshots {
		share := &s.Shares[i]
		disk = record.Plus(disk, share.New.Bytes)
		t.Add(quote.Name(h.Name), p.When(h.Time), p.Size(share.Held.Bytes), p.Size(share.New.Bytes),
			p.Size(share.Alone.Bytes), p.Size(disk))
	}
	return t.Write(p.Out, p.Width)
}

// folders prints the folders that weigh and those that change most.
func (p *Printer) folders(s *query.Details) error {
	newest := s.Snapshots[len(s.Snapshots)-1]
	heavy := &text.Table{Columns: []text.Column{{Head: "Size", Right: true}, {Head: "Inodes", Right: true},
		{Head: "Folder", Cut: true, Path: true}}}
	for _, f := range s.Heavy {
		heavy.Add(p.Size(f.Bytes), humanize.Comma(f.Files), text.Path(f.Path, file.Folder))
	}
	changing := &text.Table{Columns: []text.Column{{Head: "Copied", Right: true}, {Head: "Changes", Right: true},
		{Head: "Folder", Cut: true, Path: true}}}
	for _, f := range s.Changing {
		changing.Add(p.Size(f.Copied), humanize.Comma(f.Changes), text.Path(f.Path, file.Folder))
	}
	for _, t := range [...]struct {
		title string
		*text.Table
	}{
		{"Heaviest folders of " + quote.Name(newest.Name), heavy},
		{"Folders that changed most since " + quote.Name(s.Snapshots[0].Name), changing},
	} {
		if len(t.Rows) == 0 {
			continue
		}
		if err := p.printf("\n%s\n\n", t.title); err != nil {
			return err
		}
		if err := t.Write(p.Out, p.Width); err != nil {
			return err
		}
	}
	return nil
}

// Freed prints of those snapshots that a deletion is asked about what each holds, and what deleting them all frees.
func (p *Printer) Freed(s *query.Stats, freed *query.Freed) error {
	if len(freed.Snapshots) == 0 { // what was named is missing, and that is said
		return nil
	}
	t := &text.Table{Columns: []text.Column{
		{Head: "Snapshot"}, {Head: "Time", Optional: true}, {Head: "Size", Right: true}, {Head: "Files", Right: true},
		{Head: "Alone", Right: true}, {Head: "Files alone", Right: true},
	}}
	alone := int64(0)
	for _, i := range freed.Snapshots {
		h, share := s.Snapshots[i], &s.Shares[i]
		alone = record.Plus(alone, share.Alone.Bytes)
		t.Add(quote.Name(h.Name), p.When(h.Time), p.Size(share.Held.Bytes), humanize.Comma(share.Held.Inodes),
			p.Size(share.Alone.Bytes), humanize.Comma(share.Alone.Inodes))
	}
	if err := t.Write(p.Out, p.Width); err != nil || len(freed.Snapshots) < 2 {
		return err
	}
	return p.sayBelow("deleting these %d frees %s in %s, %s of it shared among them",
		len(freed.Snapshots), p.Size(freed.Amount.Bytes), text.Plural(freed.Amount.Inodes, "file", "files"),
		p.Size(freed.Amount.Bytes-alone))
}

// Unlinked warns where snapshots share nothing any more with those after them.
func (p *Printer) Unlinked(s *query.Stats) {
	if s.Unlinked == 0 {
		return
	}
	p.Warn("the hard links between the snapshots up to %s are gone: each of these takes the room of all that it holds, "+
		"and so it is counted", quote.Name(s.Snapshots[s.Unlinked].Name))
	p.Note("%s", linksGoneHint)
}
