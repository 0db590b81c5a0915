package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"snap/backup"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/destination"
	"snap/filter"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/record"
)

// backupReport prints what a backup does: the marks of changes with -v and -n, every file with its
// reason with -vv, problems always.
type backupReport struct {
	call   *call
	log    *slog.Logger
	line   *text.Progress
	dryRun bool
	strict bool
	idle   []*filter.Rule     // the patterns that fit nothing
	taken  *destination.Taken // what was taken over from another user
	behind *behind            // the clock is behind a snapshot
	gained gained
	pruned pruned
	notes  map[string]int // how many of each kind there were
	err    error          // of printing

	holes    int64 // bytes of files that were copied, and that took no room
	unsteady int64 // files that were copied while they changed, of those that count as errors
	growing  int64 // files that were copied while they grew
	unheld   int64 // what the destination cannot hold
	capped   int64 // what has more attributes than are kept
}

func (r *backupReport) Progress(p progress.State) { r.line.Show(p) }

func (r *backupReport) Entry(path string, rec *record.Record, changed bool) {
	c := r.call
	if changed && rec.Stored == record.Copied {
		r.holes = record.Plus(r.holes, rec.Holes)
	}
	show := c.opts.verbose > 1 || changed && rec.Change != record.Silent && (c.opts.verbose > 0 || r.dryRun)
	if changed && rec.Change != record.Silent {
		r.log.Debug(rec.Change.String(), "path", path, "reason", rec.Reason.String())
	}
	if !show || c.opts.quiet || r.err != nil {
		return
	}
	if c.opts.json {
		r.err = c.json(wire.NewBackupChange(path, rec, changed))
		return
	}
	line := "  " + text.Path(path, rec.Kind)
	switch {
	case changed && rec.Change == record.Moved:
		line = c.Arrow(c.Mark(rec.Change), text.Path(rec.From, rec.Kind), text.Path(path, rec.Kind))
	case changed:
		line = c.Mark(rec.Change) + line[1:]
	}
	why := ""
	if c.opts.verbose > 1 {
		why = "  (unchanged)"
		if changed {
			why = "  (" + reasonText(rec) + ")"
		}
	}
	r.err = c.printf("%s%s\n", line, why)
}

// reasonText is why a record is as it is, and how it was stored.
func reasonText(rec *record.Record) string {
	text := rec.Reason.String()
	switch rec.Stored {
	case record.Copied, record.Cloned:
		text += "; " + rec.Stored.String()
	case record.Linked, record.Joined:
		text += "; " + record.Linked.String()
	}
	return text
}

func (r *backupReport) Problem(p backup.Problem) {
	switch {
	case errors.Is(p.Err, backup.ErrGrows):
		if r.growing++; r.strict {
			r.unsteady++
		}
	case errors.Is(p.Err, backup.ErrUnsteady):
		r.unsteady++
	case p.Note:
	case errors.As(p.Err, new(*backup.UnheldError)):
		r.unheld++
	case errors.As(p.Err, new(backup.CappedError)):
		r.capped++
	}
	level, text := slog.LevelWarn, p.Err.Error()
	if p.Note {
		level = slog.LevelInfo
	}
	if p.Path != "" {
		text = p.Path + ": " + text
	}
	r.log.Log(r.call.ctx, level, quote.Clean(text))
	if r.call.opts.quiet && p.Note {
		return
	}
	if p.Note && p.Path != "" && r.call.opts.verbose == 0 {
		if r.notes == nil {
			r.notes = map[string]int{}
		}
		kind := noteKind(p.Err)
		if r.notes[kind]++; r.notes[kind] > notesMax {
			return
		}
	}
	if p.Path != "" {
		text = quote.Name(p.Path) + ": " + p.Err.Error()
	}
	fmt.Fprintf(r.line.Messages(r.call.env.Stderr), "snap: %s\n", quote.Clean(text))
}

// notesMax is how many notes of a kind are printed without -v: a tree such as /proc has one for each file.
const notesMax = 20

// noteKind tells notes of one kind from others.
func noteKind(err error) string {
	kind := fmt.Sprintf("%T", err)
	if strings.HasPrefix(kind, "*errors.") || strings.HasPrefix(kind, "*fmt.") { // of no type of their own
		return err.Error()
	}
	return kind
}

// tellMore says how many notes were not printed.
func (r *backupReport) tellMore() {
	more := 0
	for _, n := range r.notes {
		more += max(n-notesMax, 0)
	}
	if more > 0 {
		r.call.note("and %s more such notes about single files: -v shows them, and so does the log",
			humanize.Comma(int64(more)))
	}
}

// summary prints how the backup ended.
func (r *backupReport) summary(res *backup.Result, start time.Time) error {
	c := r.call
	took := c.env.Now().Sub(start)
	h := res.Header
	changes := ""
	if h != nil {
		changes = fmt.Sprintf("%s added, %s modified, %s metadata, %s moved, %s removed",
			humanize.Comma(h.Added), humanize.Comma(h.Modified), humanize.Comma(h.Metadata), humanize.Comma(h.Moved),
			humanize.Comma(h.Removed))
	}
	switch {
	case r.dryRun:
	case res.Skipped && r.gained.what != "":
		r.log.Info("nothing changed", "since", res.Previous, "labels", r.gained.what)
	case res.Skipped:
		r.log.Info("nothing changed", "since", res.Previous)
	default:
		r.log.Info("backup done", "snapshot", h.Name, "changes", changes, "copied", h.CopiedBytes, "linked", h.Linked,
			"errors", h.Errors)
	}
	if c.opts.json {
		j := wire.BackupSummary{Type: "summary", Skipped: res.Skipped, DryRun: r.dryRun, Errors: res.Errors,
			Vanished: res.Vanished, Seconds: took.Seconds(),
			SnapshotsRemoved: r.pruned.Removed, BytesFreed: r.pruned.Freed}
		if h != nil {
			if !r.dryRun {
				s := wire.NewSnapshot(h, h.State)
				if h.Errors > 0 {
					s.State = record.Incomplete
				}
				j.Snapshot = &s
			}
			j.FilesNew, j.FilesChanged, j.FilesMetadata, j.FilesMoved, j.FilesLinked, j.FilesRemoved = h.Added, h.Modified,
				h.Metadata, h.Moved, h.Linked, h.Removed
			j.DataAdded = h.CopiedBytes
		}
		j.RemovedNames, j.RulesStopped = append([]string{}, r.pruned.names...), append([]string{}, r.pruned.why...)
		j.Lost = wire.Lost{Owner: res.Lost.Owner, Mode: res.Lost.Mode, Setuid: res.Lost.Setuid, Xattrs: res.Lost.Xattrs,
			Times: res.Lost.Times}
		j.FilesGrowing, j.Idle = r.growing, newIdleJSON(r.idle)
		j.FilesResumed, j.DataResumed = res.Resumed.Files, res.Resumed.Bytes
		j.Behind = r.behind.json()
		j.Taken = newTakenJSON(r.taken)
		if r.gained.header != nil {
			l := wire.NewLabels(r.gained.header)
			j.Labelled = &l
		}
		return c.json(j)
	}
	if res.Skipped {
		if c.opts.quiet {
			return nil
		}
		line := fmt.Sprintf("nothing changed since %s: no snapshot made%s", quote.Name(res.Previous), r.gainedText())
		text := strings.TrimSuffix(r.pruned.text(c), "\n")
		if text != "" {
			text = c.Wrap(text, "    ") + "\n"
		}
		return c.printf("%s\n%s", c.Wrap(line, "  "), text)
	}
	verb, name := "snapshot", quote.Name(h.Name)
	if r.dryRun {
		verb, name = "would make a snapshot", ""
	}
	if c.opts.quiet {
		return nil
	}
	held := h.HeldBytes()
	saved := max(held-h.CopiedBytes-r.holes, 0)
	lines := []string{
		strings.TrimSpace(fmt.Sprintf("%s %s", verb, name)) +
			fmt.Sprintf(": %s, %s, %s", text.Plural(h.Files-h.Unread, "file", "files"), text.Plural(h.Dirs, "folder", "folders"),
				c.Size(held)),
		"  " + changes,
		fmt.Sprintf("  %s copied, %s linked (%s not copied again), %s", c.Size(h.CopiedBytes),
			text.Plural(h.Linked, "file", "files"), c.Size(saved), seconds(took)),
	}
	if n := res.Resumed; n.Files > 0 {
		lines = append(lines,
			fmt.Sprintf("  %s (%s) taken over from an interrupted run", text.Plural(n.Files, "file", "files"), c.Size(n.Bytes)))
	}
	if res.Vanished > 0 {
		lines = append(lines, fmt.Sprintf("  %s vanished while the backup ran", humanize.Comma(res.Vanished)))
	}
	for _, of := range []struct {
		n    int64
		what string
	}{
		{h.Errors - r.unsteady - r.unheld - r.capped, "could not be read"},
		{r.unheld, "cannot be held by the destination"},
		{r.capped, "with more attributes than are kept"},
	} {
		if of.n > 0 {
			lines = append(lines, fmt.Sprintf("  %s %s; they are named above", humanize.Comma(of.n), of.what))
		}
	}
	if r.growing > 0 && !r.strict {
		lines = append(lines,
			fmt.Sprintf("  %s while the backup read them", text.Plural(r.growing, "file grew", "files grew")))
	}
	if r.unsteady > 0 {
		lines = append(lines, fmt.Sprintf("  %s copied while they changed; they are named above", humanize.Comma(r.unsteady)))
	}
	if text := strings.TrimSuffix(r.pruned.text(c), "\n"); text != "" {
		lines = append(lines, text)
	}
	if res.Previous == "" && !r.dryRun {
		lines = append(lines, "", c.env.program.Typed("next: snap list · snap ls latest · snap restore latest --target DIR"))
	}
	return c.printf("%s\n", strings.Join(c.WrapAll(lines, 4), "\n"))
}

// gainedText says which labels the newest snapshot got instead of the one not made.
func (r *backupReport) gainedText() string {
	switch g := r.gained; {
	case g.header == nil:
		return ""
	case r.dryRun:
		return fmt.Sprintf("; %s would get %s", quote.Name(g.header.Name), g.what)
	default:
		return fmt.Sprintf("; %s now has %s", quote.Name(g.header.Name), g.what)
	}
}

// seconds is a duration as a person reads it.
func seconds(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}
