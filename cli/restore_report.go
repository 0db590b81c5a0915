package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"snap/backup"
	"snap/index"
	"snap/internal/file"
	"snap/restore"
)

// restoreReport prints what a restore does: with -v and -n every file, with -vv those left as they are
// too, problems always.
type restoreReport struct {
	call    *call
	line    *progressLine
	dryRun  bool
	started time.Time
	state   backup.Progress
	total   restore.Result
	err     error // of printing
}

func (r *restoreReport) Started(path string, _ int64) { r.progress(path, 0, 0) }

func (r *restoreReport) Restored(path string, bytes int64) {
	r.progress(path, 1, bytes)
	r.file(marks[index.Added].letter, "restored", path, r.dryRun || r.call.opts.verbose > 0)
}

func (r *restoreReport) MetadataSet(path string) {
	r.progress(path, 1, 0)
	r.file(marks[index.Metadata].letter, "metadata", path, r.dryRun || r.call.opts.verbose > 0)
}

func (r *restoreReport) Skipped(path string) {
	r.progress(path, 1, 0)
	r.file(" ", "skipped", path, r.call.opts.verbose > 1)
}

func (r *restoreReport) Deleted(path string) {
	r.file(marks[index.Removed].letter, "deleted", path, r.dryRun || r.call.opts.verbose > 0)
}

func (r *restoreReport) progress(path string, files, bytes int64) {
	r.state.Stage, r.state.Path = "restoring", path
	r.state.Files, r.state.Bytes = r.state.Files+files, r.state.Bytes+bytes
	r.line.show(r.state)
}

func (r *restoreReport) file(mark, action, path string, show bool) {
	if !show || r.call.opts.quiet || r.err != nil {
		return
	}
	if r.call.opts.json {
		j := restoreFileJSON{Type: "file", Action: action}
		j.Path, j.PathB64 = jsonName(path)
		r.err = r.call.json(j)
		return
	}
	r.err = r.call.printf("%s %s\n", mark, shown(path, file.None))
}

func (r *restoreReport) Problem(p restore.Problem) {
	if r.call.opts.json && r.err == nil {
		j := restoreErrorJSON{Type: "error", Error: clean(p.Err.Error())}
		j.Path, j.PathB64 = jsonName(p.Path)
		r.err = r.call.json(j)
	}
	fmt.Fprintf(r.line.messages(r.call.env.Stderr), "snap: restore %s: %s\n", shown(p.Path, file.None), clean(p.Err.Error()))
}

func (r *restoreReport) add(res *restore.Result) {
	t := &r.total
	t.FilesRestored, t.BytesRestored = t.FilesRestored+res.FilesRestored, t.BytesRestored+res.BytesRestored
	t.MetadataSet, t.FilesSkipped, t.FilesDeleted, t.Errors = t.MetadataSet+res.MetadataSet, t.FilesSkipped+res.FilesSkipped, t.FilesDeleted+res.FilesDeleted, t.Errors+res.Errors
	t.Lost.Owner, t.Lost.Mode = t.Lost.Owner+res.Lost.Owner, t.Lost.Mode+res.Lost.Mode
	t.Lost.Xattrs, t.Lost.Times = t.Lost.Xattrs+res.Lost.Xattrs, t.Lost.Times+res.Lost.Times
}

// restoreFileJSON is a line of `restore -v --json`.
type restoreFileJSON struct {
	Type    string `json:"message_type"` // "file"
	Action  string `json:"action"`       // "restored", "metadata", "skipped" or "deleted"
	Path    string `json:"path"`
	PathB64 string `json:"path_b64,omitempty"`
}

type restoreErrorJSON struct {
	Type    string `json:"message_type"` // "error"
	Path    string `json:"path"`
	PathB64 string `json:"path_b64,omitempty"`
	Error   string `json:"error"`
}

// restoreSummaryJSON is the last line of `restore --json`.
type restoreSummaryJSON struct {
	Type          string  `json:"message_type"` // "summary"
	DryRun        bool    `json:"dry_run"`
	FilesRestored int64   `json:"files_restored"`
	BytesRestored int64   `json:"bytes_restored"`
	MetadataSet   int64   `json:"metadata_set"`
	FilesSkipped  int64   `json:"files_skipped"`
	FilesDeleted  int64   `json:"files_deleted"`
	Errors        int64   `json:"errors"`
	Seconds       float64 `json:"seconds"`
}

// summary prints how the restore ended.
func (r *restoreReport) summary() error {
	c, t := r.call, &r.total
	took := c.env.Now().Sub(r.started)
	r.warnLost()
	if c.opts.json {
		return c.json(restoreSummaryJSON{"summary", r.dryRun, t.FilesRestored, t.BytesRestored, t.MetadataSet, t.FilesSkipped, t.FilesDeleted, t.Errors, took.Seconds()})
	}
	if c.opts.quiet {
		return nil
	}
	verb := "restored"
	if r.dryRun {
		verb = "would restore"
	}
	text := fmt.Sprintf("%s %s, %s", verb, plural(t.FilesRestored, "file", "files"), c.size(t.BytesRestored))
	for _, n := range []struct {
		count int64
		what  string
	}{{t.MetadataSet, "given their metadata"}, {t.FilesSkipped, "left as they were"}, {t.FilesDeleted, "deleted"}, {t.Errors, "with problems, named above"}} {
		if n.count > 0 {
			text += fmt.Sprintf(", %s %s", humanize.Comma(n.count), n.what)
		}
	}
	return c.printf("%s, %s\n", text, seconds(took))
}

// warnLost says in one line what this user or the target's file system could not set.
func (r *restoreReport) warnLost() {
	var parts []string
	for _, l := range []struct {
		count int64
		what  string
	}{{r.total.Lost.Owner, "the owner"}, {r.total.Lost.Mode, "the mode"}, {r.total.Lost.Xattrs, "extended attributes"}, {r.total.Lost.Times, "the times"}} {
		if l.count > 0 {
			parts = append(parts, fmt.Sprintf("%s of %s", l.what, humanize.Comma(l.count)))
		}
	}
	if len(parts) > 0 {
		r.call.warn("restore: this user or file system could not set %s; setuid and setgid were dropped where the owner is another", strings.Join(parts, ", "))
	}
}
