package report

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"snap/cli/text"
	"snap/destination"
	"snap/destination/check"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
)

// Findings prints what a check found, a line a path.
func (p *Printer) Findings(res *check.Result) error {
	for i := range res.Findings {
		if err := p.printf("%s\n", p.Wrap(findingText(&res.Findings[i]), "    ")); err != nil {
			return err
		}
	}
	return nil
}

// CheckNotes says what a check found that is no damage to a path.
func (p *Printer) CheckNotes(res *check.Result, dest string) {
	if res.More > 0 {
		p.Warn("check: %s more that are not named; mend these first, then check again", humanize.Comma(res.More))
	}
	removed := res.Missing
	for i := range res.Renamed {
		r := &res.Renamed[i]
		removed = slices.DeleteFunc(slices.Clone(removed), func(name string) bool { return name == r.Snapshot })
		p.Warn("%s", RenamedText(r))
		p.Note("to have it back: %s", RenameBack(r, dest))
	}
	if len(removed) > 0 {
		p.Warn("%s; to forget %s: snap delete --missing -d %s", missingText(removed), them(removed), quote.Word(dest))
	}
	if len(res.Strange) > 0 {
		p.Note("if a snapshot's folder was renamed, rename it back; these are no snapshot's: %s", quote.All(res.Strange))
	}
}

// RenamedText says what the folder of a snapshot is called now.
func RenamedText(r *destination.Renamed) string {
	return fmt.Sprintf("snapshot %s: its folder is called %s now", quote.Name(r.Snapshot), quote.Name(r.Folder))
}

// Renamed refuses to forget snapshots of dest whose folders are there under other names.
func Renamed(all []destination.Renamed, dest string) (err error) {
	back := make([]string, len(all))
	for i := range all {
		err, back[i] = errors.Join(err, errors.New(RenamedText(&all[i]))), RenameBack(&all[i], dest)
	}
	return hint.With(err, "nothing was deleted; to have the folder back: %s\n"+
		"to forget the snapshot all the same: add --allow-renamed", hint.Text(strings.Join(back, " && ")))
}

// RenameBack is the command that gives the folder of a snapshot in dest its name back.
func RenameBack(r *destination.Renamed, dest string) string {
	return fmt.Sprintf("mv %s %s", quote.Word(filepath.Join(dest, r.Folder)), quote.Word(filepath.Join(dest, r.Snapshot)))
}

// missing counts snapshots that are missing, with their verb.
func missing(names []string) string { return text.Plural(len(names), "snapshot is", "snapshots are") }

func missingText(names []string) string {
	folders := "their folders were"
	if len(names) == 1 {
		folders = "its folder was"
	}
	return fmt.Sprintf("%s missing, %s removed or renamed: %s", missing(names), folders, quote.List(names))
}

func them(names []string) string {
	if len(names) == 1 {
		return "it"
	}
	return "them"
}

// Missing says which snapshots' folders are gone from dest, and how to find out more.
func (p *Printer) Missing(names []string, dest string) string {
	return fmt.Sprintf("%s; to find %s: snap check -d %s", missingText(names), them(names), quote.Word(dest))
}

// Checked prints how a check ended.
func (p *Printer) Checked(res *check.Result, o *check.Options, took time.Duration) error {
	line := fmt.Sprintf("checked %s, %s", text.Plural(int(res.Snapshots), "snapshot", "snapshots"),
		text.Plural(int(res.Files), "entry", "entries"))
	if res.InodesRead > 0 || o.Read.All {
		line += fmt.Sprintf("; read %s, %s", text.Plural(int(res.InodesRead), "file", "files"), p.Size(res.BytesRead))
	}
	switch {
	case res.Damaged == 0 && res.Errors == 0 && len(res.Missing) > 0:
		line += fmt.Sprintf(": all of it is well, and %s missing", missing(res.Missing))
	case res.Damaged == 0 && res.Errors == 0:
		line += ": all is well"
	case res.Damaged == 0:
		line += fmt.Sprintf(": %s could not be looked at", humanize.Comma(res.Errors))
	default:
		line += fmt.Sprintf(": %s damaged", humanize.Comma(res.Damaged))
		if o.Repair {
			line += fmt.Sprintf(", %s mended", humanize.Comma(res.Repaired))
		}
	}
	return p.say("%s, %s", line, seconds(took))
}

// CheckHints says what a check of dest could not prove, and what to do about what it found.
func (p *Printer) CheckHints(res *check.Result, o *check.Options, dest string) {
	if res.Unproved > 0 {
		p.Note("check: %s have no hash in the index and cannot be proved", text.Plural(int(res.Unproved), "file", "files"))
	}
	if l := &res.Links; l.Gone() {
		p.Warn("%s in the snapshots are %s on this disk, and were %s: the hard links between them are gone",
			text.Plural(int(l.Names), "name", "names"), text.Plural(int(l.Inodes), "file", "files"), humanize.Comma(l.Meant))
		p.Note("%s", linksGoneHint)
	}
	has := func(what check.Fault) bool {
		return slices.ContainsFunc(res.Findings, func(f check.Finding) bool { return f.What == what && !f.Repaired })
	}
	in := quote.Word(dest)
	switch {
	case has(check.FaultIndex):
		p.Note("the index is damaged; the snapshots themselves are plain folders; rebuild it, then check again: snap "+
			"reindex -d %s", in)
	case res.Damaged > res.Repaired && !o.Repair:
		data := ""
		if o.Read != (check.Subset{Seed: o.Read.Seed}) {
			data = "--read-data "
		}
		p.Note("to mend what can be mended: snap check %s--repair -d %s", data, in)
	case has(check.FaultExtra):
		p.Note("what was not there when the snapshot was made is left to you: move it away or remove it")
	}
}

// findingText is a finding as people read it.
func findingText(f *check.Finding) string {
	line := text.Path(f.Path, file.None) + ": " + quote.Clean(f.Why)
	if f.Below > 0 {
		line += fmt.Sprintf(", with %s below it", text.Plural(int(f.Below), "entry", "entries"))
	}
	if where := rangesText(f.Ranges); where != "" {
		line += ", in " + where
	}
	switch {
	case f.Repaired && f.From != "":
		line += "; mended from " + quote.Clean(f.From)
	case f.Repaired:
		line += "; mended"
	case f.From != "":
		line += "; not mended: " + quote.Clean(f.From)
	}
	return line
}

// rangesMax is how many ranges of snapshots a line names.
const rangesMax = 8

// rangesText names snapshots: "a … c, e (4 snapshots)".
func rangesText(ranges []check.Range) string {
	var parts []string
	total := 0
	for i, r := range ranges {
		total += r.Count
		switch {
		case i == rangesMax:
			parts = append(parts, "…")
		case i > rangesMax:
		case r.Count == 1:
			parts = append(parts, quote.Name(r.First))
		case r.Count == 2:
			parts = append(parts, quote.Name(r.First), quote.Name(r.Last))
		default:
			parts = append(parts, quote.Name(r.First)+" … "+quote.Name(r.Last))
		}
	}
	text := strings.Join(parts, ", ")
	if total > 2 {
		text += fmt.Sprintf(" (%d snapshots)", total)
	}
	return text
}

// linksGoneHint is what to do where the hard links are gone.
const linksGoneHint = "so it is after a copy by cp -r, or by rsync without -H. Nothing is lost and backups go on; it " +
	"takes more room. " +
	"To have the links again, copy the destination anew: cp -a, or rsync -aHAX"
