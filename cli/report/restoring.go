package report

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"snap/cli/exit"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/record"
	"snap/restore"
	"snap/restore/parts"
)

// Restoring shows and counts what a restore does: with Verbose and DryRun every file, with more of it those left as
// they are too, problems always.
type Restoring struct {
	To      *Printer
	JSON    func(v any) error // prints a line for programs; nil: text for people is printed
	Quiet   bool
	Verbose int
	DryRun  bool
	Started time.Time

	// Announce says what will come back, when it is sure that nothing stands in the way; nil: nothing is said.
	// Where something is, single files are named with Verbose only.
	Announce func() error

	Hint func(err error, target string) error // what to do about an error; nil: as for a restore

	Total restore.Result

	line      *text.Progress
	part      *parts.Part // that is being restored
	state     progress.State
	blocked   Blocked
	spared    NotDeleted
	deleted   int64 // how many entries were removed
	forbidden error // what the system did not permit, the first
	err       error // of printing
}

// Begin says what will be restored, and where it is shown how far that has come.
func (r *Restoring) Begin(all []*parts.Part, line *text.Progress) {
	r.line = line
	for _, p := range all {
		r.state.TotalFiles, r.state.TotalBytes = r.state.TotalFiles+p.Files, record.Plus(r.state.TotalBytes, p.Bytes)
	}
}

// Of is told of the restore of a part, the next one.
func (r *Restoring) Of(p *parts.Part) restore.Reporter {
	r.part = p
	return restoring{r}
}

// restoring is told what happens to single entries.
type restoring struct{ *Restoring }

func (r restoring) Started(path string, _ int64) { r.progress(path, 0, 0) }

func (r restoring) Restored(path string, bytes int64) {
	r.progress(path, 1, bytes)
	r.file("restored", path, r.named())
}

func (r restoring) MetadataSet(path string) {
	r.progress(path, 1, 0)
	r.file("metadata", path, r.named())
}

// named reports whether each file is named.
func (r *Restoring) named() bool {
	return r.Verbose > 0 || r.DryRun && (r.Announce == nil || r.JSON != nil)
}

func (r restoring) Skipped(path string) {
	r.progress(path, 1, 0)
	r.file("skipped", path, r.Verbose > 1)
}

func (r restoring) Blocked(path, at string) {
	r.progress(path, 1, 0)
	r.file("blocked", path, r.Verbose > 1)
	if at != "" {
		r.blocked.Add(r.part.At(at))
	}
}

// deletedShown is how many of what is deleted are named where not every file is.
const deletedShown = 20

// Deleted names what was deleted also where files that come back are not named: nothing says it afterwards.
func (r restoring) Deleted(path string) {
	r.deleted++
	r.file("deleted", path, r.named() || r.JSON != nil || r.deleted <= deletedShown)
}

// Spared tells of each thing with -v and -n in JSON, of each rule in the end.
func (r restoring) Spared(path, why string) {
	r.spared.Add(path, why)
	if r.JSON != nil && r.named() {
		r.fileJSON("spared", path, why, nil)
	}
}

// Lost tells with -v of what could not be set.
func (r restoring) Lost(path string, what file.Lost) {
	if r.Verbose == 0 || r.Quiet {
		return
	}
	lost := LostParts(what)
	if r.JSON != nil {
		r.fileJSON("incomplete", path, "", lost)
		return
	}
	r.problem(path, "could not be set: "+strings.Join(lost, ", "))
}

func (r restoring) Problem(p restore.Problem) {
	if r.forbidden == nil && errors.Is(p.Err, fs.ErrPermission) {
		r.forbidden = p.Err
	}
	if r.JSON != nil && r.err == nil {
		r.err = r.JSON(wire.NewRestoreError(&p, r.part.Header.Name))
	}
	r.problem(p.Path, p.Err.Error())
}

// problem says what is wrong with a path, above the line of progress.
func (r *Restoring) problem(path, why string) {
	r.To.Warn("restore %s: %s", text.Path(path, file.None), quote.Clean(why))
}

func (r *Restoring) progress(path string, files, bytes int64) {
	r.state.Stage, r.state.Path = progress.Restoring, path
	r.state.Files, r.state.Bytes = r.state.Files+files, record.Plus(r.state.Bytes, bytes)
	r.line.Show(r.state)
}

// file tells what is done to a file, if that is to be shown.
func (r *Restoring) file(action, path string, show bool) {
	switch {
	case !show || r.Quiet || r.err != nil:
	case r.JSON != nil:
		r.fileJSON(action, path, "", nil)
	case r.DryRun:
		r.err = r.To.RestoredFile(action, path, r.part.At(path))
	default:
		r.err = r.To.RestoredFile(action, path, "")
	}
}

// fileJSON prints a line for programs about one file.
func (r *Restoring) fileJSON(action, path, why string, lost []string) {
	if r.err == nil {
		r.err = r.JSON(wire.NewRestoreFile(action, path, r.part.At(path), r.part.Header.Name, why, lost))
	}
}

// End prints how the restore ended, which took so long.
func (r *Restoring) End(took time.Duration) error {
	t, p := &r.Total, r.To
	if more := r.deleted - deletedShown; more > 0 && !r.named() && r.JSON == nil {
		p.Note("restore: and %s deleted; -v names each", text.Plural(more, "more was", "more were"))
	}
	p.RestoreLost(&t.Lost, r.Verbose > 0)
	p.NotDeleted(&r.spared)
	p.Blocked(&r.blocked)
	if r.forbidden != nil {
		p.Warn("%s", exit.SystemHint(r.forbidden, "the target", r.part.Options.Target, os.Geteuid()))
	}
	switch {
	case r.JSON != nil:
		return errors.Join(r.err, r.JSON(wire.NewRestoreSummary(t, r.DryRun, took)))
	case r.Quiet:
		return r.err
	}
	return errors.Join(r.err, p.RestoreEnd(t, r.DryRun, took))
}
