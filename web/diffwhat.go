package web

import (
	"strings"

	"snap/cli/text"
	"snap/internal/file"
	"snap/query"
	"snap/record"
)

// How one row of a comparison stands on its page.

func (q *question) diffRow(p *diffPage, d *query.Diff, r *query.DiffRow) diffRow {
	if r.Files {
		at := q.Diff(p.A.Name, p.To, r.Path)
		return diffRow{DiffRow: *r, Kind: file.Folder, URL: at, Inside: at, Sizes: q.style().Size(r.Bytes),
			What: text.Plural(r.Along, "file", "files") + " in it " + runWord(r.Change)}
	}
	row := diffRow{DiffRow: *r, What: q.whatChanged(r), Sizes: q.sizesOf(r), Why: diffReason(d, r)}
	is := r.After
	if is == nil {
		is = r.Before
	}
	row.Kind = is.Kind
	switch {
	case is.Kind == file.Folder && r.After == nil:
		row.URL = q.Files(p.A.Name, r.Path)
	case p.Now && (r.Before == nil || r.From != ""): // no snapshot has it there
	case is.Kind == file.Folder:
		row.URL = q.Files(p.B.Name, r.Path)
	case r.After == nil:
		row.URL = q.File(r.Path, "b", p.A.Name)
	case r.Before == nil:
		row.URL = q.File(r.Path, "b", p.B.Name)
	default:
		a := p.A.Name
		if r.From != "" {
			a += ":" + r.From
		}
		row.URL = q.File(r.Path, "a", a, "b", p.To)
	}
	if r.Along > 0 && r.Path != p.Path && r.Change != record.Moved {
		row.Inside = q.Diff(p.A.Name, p.To, r.Path)
	}
	return row
}

// runWord says what became of many files.
func runWord(c record.Change) string {
	switch c {
	case record.Added:
		return "are new"
	case record.Metadata:
		return "have other metadata"
	case record.TypeChanged:
		return "are of another type"
	}
	return "were " + c.String()
}

// whatChanged says what became of an entry, but for where it was before.
func (q *question) whatChanged(r *query.DiffRow) string {
	var s string
	switch r.Change {
	case record.Added:
		s = "new"
	case record.Removed:
		s = "removed"
	case record.Modified:
		s = "modified"
	case record.Moved:
		s = "moved"
	case record.TypeChanged:
		s = "was a " + r.Before.Kind.String() + ", is a " + r.After.Kind.String()
	case record.Metadata:
		s = aspectsText(query.Differs(r.Before, r.After))
	}
	switch {
	case r.Along > 0 && r.Change == record.Moved:
		s += " with " + text.Plural(r.Along, "entry", "entries")
	case r.Along > 0:
		s += ", with " + text.Plural(r.Along, "entry", "entries") + " in it"
	}
	switch r.Too {
	case 0:
	case record.Metadata:
		s += "; " + aspectsText(query.Differs(r.Before, r.After)) + " too"
	default:
		s += "; " + r.Too.String() + " too"
	}
	if note := ""; r.After != nil {
		if note = noteOf(r.After); note != "" {
			s += "; " + note
		}
	}
	return s
}

// aspectsText names what is another; the content is what this is not about.
func aspectsText(all []query.Aspect) string {
	var words []string
	for _, a := range all {
		switch a {
		case query.UnreadableDiffers:
			words = append(words, "whether it can be read")
		case query.UnheldDiffers:
			words = append(words, "whether it can be held")
		default:
			words = append(words, string(a))
		}
	}
	if len(words) == 0 {
		return "metadata"
	}
	return "other " + strings.Join(words, ", ")
}

// sizesOf are the sizes before and after, or that of all that is in it.
func (q *question) sizesOf(r *query.DiffRow) string {
	size := q.style().Size
	is := func(r *record.Record) bool { return r != nil && r.Kind == file.Regular }
	switch {
	case is(r.Before) && is(r.After) && r.Before.Size != r.After.Size:
		return q.sizeChange(r.Before.Size, r.After.Size)
	case is(r.After):
		return size(r.After.Size)
	case is(r.Before):
		return size(r.Before.Size)
	case r.Along > 0:
		return size(r.Bytes)
	}
	return "–"
}
