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
)

const (
	versionColumns = len("+  1234 1,000 KiB  2006-01-02 15:04") // a line but for the snapshots and the path
	versionPath    = 30                                         // with so much room for a path it has the same line
)

// sizeText is a version's size, "-" for what has none.
func (p *Printer) sizeText(r *record.Record) string {
	if r.Kind != file.Regular {
		return "-"
	}
	return p.Size(r.Size)
}

// spanText names the first and the last snapshot of the version.
func spanText(v *query.Version, snaps query.Snapshots) string {
	first, last := quote.Name(snaps[v.First].Name), quote.Name(snaps[v.Last].Name)
	if v.First == v.Last {
		return first
	}
	return first + ".." + last
}

// origin is where the file came from and what became of it, each "" if there is nothing to tell.
func origin(v *query.Version) (before, after string) {
	if from := v.From(); from != "" {
		before = text.Path(from, v.Record.Kind)
	}
	switch {
	case v.Unread:
		after = "could not be read, then deleted"
	case v.FolderUnread:
		after = "could not be read"
	case v.Deleted:
		after = "deleted"
	case v.To != "":
		after = "moved to " + text.Path(v.To, v.Record.Kind)
	}
	return before, after
}

// pathWithRenames is the path, with where the file was before and where it went.
func pathWithRenames(v *query.Version) string {
	before, after := origin(v)
	return enclose("", before, " -> ") + text.Path(v.Path, v.Record.Kind) + enclose(" (", notHeld(v), ")") +
		enclose(" (then ", after, ")")
}

// renameNotes are where the file was before, if that is to be told, and what became of it, for a line that stands
// below the path.
func renameNotes(v *query.Version) (before, after string) {
	before, after = origin(v)
	before = enclose("from ", before, "")
	if before == "" {
		return notHeld(v), after
	}
	return before + enclose(", ", notHeld(v), ""), after
}

// notHeld says that the snapshots do not hold the version.
func notHeld(v *query.Version) string {
	switch {
	case v.Change == record.Removed && v.Unread:
		return "could not be read, then deleted"
	case v.Change == record.Removed && v.FolderUnread:
		return "could not be read"
	}
	if v.Change == record.Removed || v.Record.Held() {
		return ""
	}
	return Problem(v.Record)
}

// Versions prints the versions of one path: a line each with the path. On a narrow terminal all stand below their path
// instead. width is the SpanWidth of snaps.
func (p *Printer) Versions(all []query.Version, snaps query.Snapshots, width int) error {
	wide := p.isWide(width)
	if !wide {
		if err := p.printf("%s\n", p.short(text.Path(all[0].Path, all[0].Record.Kind), "")); err != nil {
			return err
		}
		width = max(min(width, p.Width-2-versionColumns), 0) // names may be longer than a terminal is wide
	}
	for i := range all {
		v := &all[i]
		span := spanText(v, snaps)
		if !wide {
			span = text.Shorten(span, width)
		}
		line := fmt.Sprintf(" %s %4d %9s  %s", text.Pad(span, width), v.Count(), p.sizeText(v.Record),
			p.When(v.Record.Mtime.Time()))
		before, after := renameNotes(v)
		var err error
		switch whole := "+" + line + "  " + pathWithRenames(v); {
		case !wide:
			err = p.below("  "+p.Mark(v.Change), line, before, after)
		case p.Fits(whole):
			err = p.printf("%s%s\n", p.Mark(v.Change), whole[1:])
		default:
			err = p.below(p.Mark(v.Change), line+"  "+p.short(text.Path(v.Path, v.Record.Kind), "+"+line+"  "), before,
				after)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isWide reports whether a version and its path stand in one line: always where there is no terminal.
func (p *Printer) isWide(width int) bool {
	return p.Width <= 0 || p.Width >= width+versionColumns+len("  ")+versionPath
}

// VersionsHead prints the heading of the columns of Versions.
func (p *Printer) VersionsHead(width int) error {
	head := fmt.Sprintf("  %s %4s %9s  %-16s", text.Pad("Snapshots", width), "In", "Size", "Modified")
	if p.isWide(width) {
		return p.printf("%s  Path\n", head)
	}
	return p.printf("  %s\n", strings.TrimRight(p.short(head, "  "), " "))
}

// short is a path, shortened in its middle where it would not fit behind what stands before it. Nothing is where there
// is no terminal.
func (p *Printer) short(path, before string) string {
	if p.Fits(before + path) {
		return path
	}
	return text.Shorten(path, max(p.Width-displaywidth.String(before), 1))
}

// below prints a line, with what there is to say at its end, or each in a line of its own where that does not fit.
func (p *Printer) below(mark, line string, asides ...string) error {
	asides = slices.DeleteFunc(asides, func(s string) bool { return s == "" })
	if whole := line + enclose("  ", strings.Join(asides, ", then "), ""); p.Fits("  +" + whole) {
		return p.printf("%s%s\n", mark, whole)
	}
	for i, aside := range asides {
		if i > 0 {
			aside = "then " + aside
		}
		line += "\n      " + p.short(aside, "      ")
	}
	return p.printf("%s%s\n", mark, line)
}

// SpanWidth is the width of the column that says between which snapshots a version lived.
func SpanWidth(snaps query.Snapshots) int {
	longest := 0
	for i := range snaps {
		longest = max(longest, displaywidth.String(quote.Name(snaps[i].Name)))
	}
	if len(snaps) > 1 {
		longest = 2*longest + len("..")
	}
	return longest
}
