package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"snap/cli/exit"
	"snap/cli/report"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/record"
	"snap/restore"
	"snap/restore/parts"
)

// restoreReporter shows and counts what a restore does: with -v and -n every file, with -vv those left as they are
// too, problems always.
type restoreReporter struct {
	call    *call
	line    *text.Progress
	dryRun  bool
	started time.Time

	// announce says what will come back, when it is sure that nothing stands in the way; nil: nothing is said.
	// Where something is, single files are named with -v only.
	announce func() error

	hint func(err error, target string) error // what to do about an error; nil: as for a restore

	part      *parts.Part // that is being restored
	state     progress.State
	total     restore.Result
	blocked   report.Blocked
	spared    report.NotDeleted
	deleted   int64 // how many entries were removed
	forbidden error // what the system did not permit, the first
	err       error // of printing
}

func (r *restoreReporter) Started(path string, _ int64) { r.progress(path, 0, 0) }

func (r *restoreReporter) Restored(path string, bytes int64) {
	r.progress(path, 1, bytes)
	r.file("restored", path, r.named())
}

func (r *restoreReporter) MetadataSet(path string) {
	r.progress(path, 1, 0)
	r.file("metadata", path, r.named())
}

// named reports whether each file is named.
func (r *restoreReporter) named() bool {
	return r.call.opts.verbose > 0 || r.dryRun && (r.announce == nil || r.call.opts.json)
}

func (r *restoreReporter) Skipped(path string) {
	r.progress(path, 1, 0)
	r.file("skipped", path, r.call.opts.verbose > 1)
}

func (r *restoreReporter) Blocked(path, at string) {
	r.progress(path, 1, 0)
	r.file("blocked", path, r.call.opts.verbose > 1)
	if at != "" {
		r.blocked.Add(r.part.At(at))
	}
}

// deletedShown is how many of what is deleted are named where not every file is.
const deletedShown = 20

// Deleted names what was deleted also where files that come back are not named: nothing says it afterwards.
func (r *restoreReporter) Deleted(path string) {
	r.deleted++
	r.file("deleted", path, r.named() || r.call.opts.json || r.deleted <= deletedShown)
}

// Spared tells of each thing with -v and -n in JSON, of each rule in the end.
func (r *restoreReporter) Spared(path, why string) {
	r.spared.Add(path, why)
	if r.call.opts.json && r.named() {
		r.fileJSON("spared", path, why, nil)
	}
}

// Lost tells with -v of what could not be set.
func (r *restoreReporter) Lost(path string, what file.Lost) {
	if r.call.opts.verbose == 0 || r.call.opts.quiet {
		return
	}
	lost := report.LostParts(what)
	if r.call.opts.json {
		r.fileJSON("incomplete", path, "", lost)
		return
	}
	r.problem(path, "could not be set: "+strings.Join(lost, ", "))
}

func (r *restoreReporter) Problem(p restore.Problem) {
	if r.forbidden == nil && errors.Is(p.Err, fs.ErrPermission) {
		r.forbidden = p.Err
	}
	if r.call.opts.json && r.err == nil {
		r.err = r.call.json(wire.NewRestoreError(&p, r.part.Header.Name))
	}
	r.problem(p.Path, quote.Clean(p.Err.Error()))
}

// problem says what is wrong with a path, above the line of progress.
func (r *restoreReporter) problem(path, why string) {
	fmt.Fprintf(r.line.Messages(r.call.env.Stderr), "snap: restore %s: %s\n", text.Path(path, file.None), why)
}

func (r *restoreReporter) progress(path string, files, bytes int64) {
	r.state.Stage, r.state.Path = progress.Restoring, path
	r.state.Files, r.state.Bytes = r.state.Files+files, record.Plus(r.state.Bytes, bytes)
	r.line.Show(r.state)
}

// file tells what is done to a file, if that is to be shown.
func (r *restoreReporter) file(action, path string, show bool) {
	switch {
	case !show || r.call.opts.quiet || r.err != nil:
	case r.call.opts.json:
		r.fileJSON(action, path, "", nil)
	case r.dryRun:
		r.err = r.call.print().RestoredFile(action, path, r.part.At(path))
	default:
		r.err = r.call.print().RestoredFile(action, path, "")
	}
}

// fileJSON prints a line of --json about one file.
func (r *restoreReporter) fileJSON(action, path, why string, lost []string) {
	if r.err == nil {
		r.err = r.call.json(wire.NewRestoreFile(action, path, r.part.At(path), r.part.Header.Name, why, lost))
	}
}

// summary prints how the restore ended.
func (r *restoreReporter) summary() error {
	c, t, p := r.call, &r.total, r.call.print()
	took := c.env.Now().Sub(r.started)
	if more := r.deleted - deletedShown; more > 0 && !r.named() && !c.opts.json {
		c.note("restore: and %s deleted; -v names each", text.Plural(more, "more was", "more were"))
	}
	p.RestoreLost(&t.Lost, c.opts.verbose > 0)
	p.NotDeleted(&r.spared)
	p.Blocked(&r.blocked)
	if r.forbidden != nil {
		c.warn("%s", exit.SystemHint(r.forbidden, "the target", r.part.Options.Target, os.Geteuid()))
	}
	switch {
	case c.opts.json:
		return c.json(wire.NewRestoreSummary(t, r.dryRun, took))
	case c.opts.quiet:
		return nil
	}
	return p.RestoreEnd(t, r.dryRun, took)
}
