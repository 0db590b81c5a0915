package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"snap/backup"
	"snap/cli/text"
	"snap/destination"
	"snap/internal/quote"
	"snap/record"
)

// BackupChange prints what a backup recorded of path; changed is false for what stayed as it was. why adds the reason.
func (p *Printer) BackupChange(path string, rec *record.Record, changed, why bool) error {
	mark, note, name := " ", "", text.Path(path, rec.Kind)
	if changed {
		mark = p.Mark(rec.Change)
	}
	switch {
	case why && changed:
		note = "  (" + Reason(rec) + ")"
	case why:
		note = "  (unchanged)"
	}
	line := mark + " " + p.Beside(len("+ "), name, note)
	if changed && rec.Change == record.Moved {
		line = p.ArrowNote(mark, text.Path(rec.From, rec.Kind), name, note)
	}
	return p.printf("%s\n", line)
}

// Reason is why a record is as it is, and how it was stored.
func Reason(rec *record.Record) string {
	text := rec.Reason.String()
	switch rec.Stored {
	case record.Copied, record.Cloned:
		if rec.Stored == record.Copied && rec.Shared > 0 {
			return fmt.Sprintf("%s; patched: %s of %s blocks", text, humanize.Comma(rec.Patched),
				humanize.Comma(rec.PatchBlocks()))
		}
		text += "; " + rec.Stored.String()
	case record.Linked, record.Joined:
		text += "; " + record.Linked.String()
	}
	return text
}

// Backup is what a backup came to, with what was done besides.
type Backup struct {
	*backup.Result
	DryRun, Strict bool
	Took           time.Duration
	Counts         BackupCounts
	Labels         destination.AddedLabels // that the newest snapshot got, because nothing had changed since
	Pruned         Pruned
	Name           string // that of the destination for the next commands, where they do not find it by themselves
}

// Backup prints how a backup ended.
func (p *Printer) Backup(b *Backup) error {
	if b.Skipped {
		line := fmt.Sprintf("nothing changed since %s: no snapshot made%s", quote.Name(b.Previous), labelledText(b))
		if err := p.say("%s", line); err != nil || b.Pruned.Removed == 0 {
			return err
		}
		return p.printf("%s\n", p.Wrap(p.prunedText(&b.Pruned), "    "))
	}
	lines := append([]string{p.backupHead(b)}, p.backupCounts(b)...)
	if b.Pruned.Removed > 0 {
		lines = append(lines, p.prunedText(&b.Pruned))
	}
	if b.Previous == "" && !b.DryRun {
		lines = append(lines, "", p.nextText(b.Name))
	}
	return p.printf("%s\n", strings.Join(p.WrapAll(lines, 4), "\n"))
}

// nextText is what to type after the first backup.
func (p *Printer) nextText(dest string) string {
	if dest == "" {
		return p.Typed("next: snap list · snap ls latest · snap restore latest --target DIR")
	}
	return fmt.Sprintf(p.Typed("next: snap list -d %[1]s · snap restore latest -d %[1]s --target DIR"), quote.Word(dest))
}

// labelledText says which labels the newest snapshot got instead of the one not made.
func labelledText(b *Backup) string {
	switch l := &b.Labels; {
	case l.Header == nil:
		return ""
	case b.DryRun:
		return fmt.Sprintf("; %s would get %s", quote.Name(l.Header.Name), AddedLabels(l))
	default:
		return fmt.Sprintf("; %s now has %s", quote.Name(l.Header.Name), AddedLabels(l))
	}
}

// Changes counts what a snapshot changed, in words.
func Changes(h *record.Header) string {
	return fmt.Sprintf("%s added, %s modified, %s metadata, %s moved, %s removed",
		humanize.Comma(h.Added), humanize.Comma(h.Modified), humanize.Comma(h.Metadata), humanize.Comma(h.Moved),
		humanize.Comma(h.Removed))
}

// backupHead is the line that names the snapshot.
func (p *Printer) backupHead(b *Backup) string {
	what := "would make a snapshot"
	if !b.DryRun {
		what = "snapshot " + quote.Name(b.Header.Name)
	}
	return fmt.Sprintf("%s: %s, %s, %s", what, text.Plural(b.Header.Files-b.Header.Unread, "file", "files"),
		text.Plural(b.Header.Dirs, "folder", "folders"), p.Size(b.Header.HeldBytes()))
}

// backupCounts are the lines that say how the snapshot came about, and what did not go as it should.
func (p *Printer) backupCounts(b *Backup) []string {
	h, n := b.Header, &b.Counts
	most := ""
	if b.MayShare > 0 { // how much of a large file differs is not known before it is read
		most = "at most "
	}
	saved := max(h.HeldBytes()-h.CopiedBytes-n.Holes, 0)
	lines := []string{
		"  " + Changes(h),
		fmt.Sprintf("  %s%s copied, %s linked (%s not copied again), %s", most, p.Size(h.CopiedBytes),
			text.Plural(h.Linked, "file", "files"), p.Size(saved), seconds(b.Took)),
	}
	if r := b.Resumed; r.Files > 0 {
		lines = append(lines,
			fmt.Sprintf("  %s (%s) taken over from an interrupted run", text.Plural(r.Files, "file", "files"), p.Size(r.Bytes)))
	}
	growing := n.Growing
	if b.Strict { // then they count as errors
		growing = 0
	}
	for _, of := range []struct {
		n    int64
		what string
	}{
		{b.Vanished, "vanished while the backup ran"},
		{h.Errors - n.Unsteady - n.Unheld - n.Capped, "could not be read; they are named above"},
		{n.Unheld, "cannot be held by the destination; they are named above"},
		{n.Capped, "with more attributes than are kept; they are named above"},
	} {
		if of.n > 0 {
			lines = append(lines, fmt.Sprintf("  %s %s", humanize.Comma(of.n), of.what))
		}
	}
	if growing > 0 {
		lines = append(lines, fmt.Sprintf("  %s while the backup read them", text.Plural(growing, "file grew", "files grew")))
	}
	if n.Unsteady > 0 {
		lines = append(lines,
			fmt.Sprintf("  %s copied while they changed; they are named above", humanize.Comma(n.Unsteady)))
	}
	return lines
}
