package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"snap/cli/exit"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/internal/file"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/record"
	"snap/restore"
)

// restoreReport prints what a restore does: with -v and -n every file, with -vv those left as they are
// too, problems always.
type restoreReport struct {
	call    *call
	line    *text.Progress
	dryRun  bool
	started time.Time

	// announce says what will come back, when it is sure that nothing stands in the way; nil: nothing is said.
	// Where something is, single files are named with -v only.
	announce func() error

	hint func(err error, target string) error // what to do about an error; nil: as for a restore

	state progress.State
	total restore.Result
	err   error // of printing

	snapshot string            // that is being restored from
	target   string            // and its target
	places   map[string]string // where its items go, below the target

	standing []string         // what stands where folders belong, in the target
	blocked  map[string]int64 // how many files were not restored for each

	forbidden error // what the system did not permit, the first

	reasons []string // why things were spared, in the order that they came up
	spared  map[string]*sparedByRule
}

// sparedByRule is what one rule has spared.
type sparedByRule struct {
	count int64
	first string
}

// begin tells where the next part comes from, and where it goes.
func (r *restoreReport) begin(h *record.Header, o *restore.Options) {
	r.snapshot, r.target, r.places = h.Name, o.Target, make(map[string]string, len(o.Items))
	for _, it := range o.Items {
		r.places[it.Path] = it.To
	}
}

// place is where a path of the snapshot goes.
func (r *restoreReport) place(path string) string {
	for item := path; ; item, _ = record.Split(item) {
		if to, ok := r.places[item]; ok {
			return filepath.Join(r.target, filepath.FromSlash(to), filepath.FromSlash(strings.TrimPrefix(path[len(item):], "/")))
		}
		if item == "" {
			return filepath.Join(r.target, filepath.FromSlash(path))
		}
	}
}

func (r *restoreReport) Started(path string, _ int64) { r.progress(path, 0, 0) }

func (r *restoreReport) Restored(path string, bytes int64) {
	r.progress(path, 1, bytes)
	r.file(text.Letter(record.Added), "restored", path, r.named())
}

func (r *restoreReport) MetadataSet(path string) {
	r.progress(path, 1, 0)
	r.file(text.Letter(record.Metadata), "metadata", path, r.named())
}

// named reports whether each file is named.
func (r *restoreReport) named() bool {
	return r.call.opts.verbose > 0 || r.dryRun && (r.announce == nil || r.call.opts.json)
}

func (r *restoreReport) Skipped(path string) {
	r.progress(path, 1, 0)
	r.file(" ", "skipped", path, r.call.opts.verbose > 1)
}

func (r *restoreReport) Blocked(path, at string) {
	r.progress(path, 1, 0)
	r.file(" ", "blocked", path, r.call.opts.verbose > 1)
	if at == "" {
		return
	}
	if at = r.place(at); r.blocked[at] == 0 {
		r.standing = append(r.standing, at)
	}
	if r.blocked == nil {
		r.blocked = map[string]int64{}
	}
	r.blocked[at]++
}

// tellBlocked says what stands where folders belong.
func (r *restoreReport) tellBlocked() {
	for i, at := range r.standing {
		if i == blockedMax {
			r.call.note("restore: and %s more", text.Plural(int64(len(r.standing)-i), "such place", "such places"))
			return
		}
		r.call.note("restore: %s stays, and stands where a folder belongs: %s of that folder not restored", quote.Name(at),
			text.Plural(r.blocked[at], "file", "files"))
	}
}

// blockedMax is how many of them are named.
const blockedMax = 20

func (r *restoreReport) Deleted(path string) {
	r.file(text.Letter(record.Removed), "deleted", path, r.named())
}

// Spared tells of each thing with -v and -n in JSON, of each rule in the end.
func (r *restoreReport) Spared(path, why string) {
	if r.spared == nil {
		r.spared = map[string]*sparedByRule{}
	}
	s := r.spared[why]
	if s == nil {
		s = &sparedByRule{first: path}
		r.spared[why], r.reasons = s, append(r.reasons, why)
	}
	s.count++
	if r.call.opts.json && (r.named()) {
		r.fileJSON("spared", path, why, nil)
	}
}

// Lost tells with -v of what could not be set.
func (r *restoreReport) Lost(path string, parts file.Lost) {
	if r.call.opts.verbose == 0 || r.call.opts.quiet {
		return
	}
	lost := lostParts(parts)
	if r.call.opts.json {
		r.fileJSON("incomplete", path, "", lost)
		return
	}
	fmt.Fprintf(r.line.Messages(r.call.env.Stderr), "snap: restore %s: could not be set: %s\n", text.Path(path, file.None),
		strings.Join(lost, ", "))
}

// lostParts are the names of what could not be set.
func lostParts(parts file.Lost) (names []string) {
	for _, l := range []struct {
		part file.Lost
		name string
	}{{file.LostOwner, "owner"}, {file.LostMode, "mode"}, {file.LostSetuid, "setuid"}, {file.LostXattrs, "xattrs"},
		{file.LostTimes, "times"}} {
		if parts&l.part != 0 {
			names = append(names, l.name)
		}
	}
	return names
}

func (r *restoreReport) progress(path string, files, bytes int64) {
	r.state.Stage, r.state.Path = progress.Restoring, path
	r.state.Files, r.state.Bytes = r.state.Files+files, record.Plus(r.state.Bytes, bytes)
	r.line.Show(r.state)
}

func (r *restoreReport) file(mark, action, path string, show bool) {
	if !show || r.call.opts.quiet || r.err != nil {
		return
	}
	if r.call.opts.json {
		r.fileJSON(action, path, "", nil)
		return
	}
	name := text.Path(path, file.None)
	switch {
	case r.dryRun && action == "deleted":
		name = text.Path(r.place(path), file.None)
	case r.dryRun:
		r.err = r.call.printf("%s\n", r.call.Arrow(mark, name, text.Path(r.place(path), file.None)))
		return
	}
	r.err = r.call.printf("%s %s\n", mark, name)
}

// fileJSON prints a line of --json about one file.
func (r *restoreReport) fileJSON(action, path, why string, lost []string) {
	if r.err != nil {
		return
	}
	j := wire.RestoreFile{Type: "file", Action: action, Snapshot: r.snapshot, Why: quote.Clean(why), Lost: lost}
	j.Path, j.PathB64 = wire.Name(path)
	j.To, j.ToB64 = wire.Name(r.place(path))
	r.err = r.call.json(j)
}

func (r *restoreReport) Problem(p restore.Problem) {
	if r.forbidden == nil && errors.Is(p.Err, fs.ErrPermission) {
		r.forbidden = p.Err
	}
	if r.call.opts.json && r.err == nil {
		j := wire.RestoreError{Type: "error", Snapshot: r.snapshot, Error: quote.Clean(p.Err.Error())}
		j.Path, j.PathB64 = wire.Name(p.Path)
		r.err = r.call.json(j)
	}
	fmt.Fprintf(r.line.Messages(r.call.env.Stderr), "snap: restore %s: %s\n", text.Path(p.Path, file.None),
		quote.Clean(p.Err.Error()))
}

func (r *restoreReport) add(res *restore.Result) {
	t := &r.total
	t.FilesRestored, t.BytesRestored = t.FilesRestored+res.FilesRestored, record.Plus(t.BytesRestored, res.BytesRestored)
	t.MetadataSet, t.FilesSkipped, t.FilesDeleted, t.Errors = t.MetadataSet+res.MetadataSet,
		t.FilesSkipped+res.FilesSkipped, t.FilesDeleted+res.FilesDeleted, t.Errors+res.Errors
	t.Lost.Owner, t.Lost.Mode = t.Lost.Owner+res.Lost.Owner, t.Lost.Mode+res.Lost.Mode
	t.Lost.Xattrs, t.Lost.Times = t.Lost.Xattrs+res.Lost.Xattrs, t.Lost.Times+res.Lost.Times
	t.Lost.Setuid, t.FilesSpared, t.FilesBlocked = t.Lost.Setuid+res.Lost.Setuid, t.FilesSpared+res.FilesSpared,
		t.FilesBlocked+res.FilesBlocked
}

// summary prints how the restore ended.
func (r *restoreReport) summary() error {
	c, t := r.call, &r.total
	took := c.env.Now().Sub(r.started)
	r.warnLost()
	r.tellSpared()
	r.tellBlocked()
	if r.forbidden != nil {
		c.warn("%s", exit.SystemHint(r.forbidden, "the target", r.target, os.Geteuid()))
	}
	if c.opts.json {
		l := &t.Lost
		return c.json(wire.RestoreSummary{Type: "summary", DryRun: r.dryRun, FilesRestored: t.FilesRestored,
			BytesRestored: t.BytesRestored, MetadataSet: t.MetadataSet, FilesSkipped: t.FilesSkipped,
			FilesDeleted: t.FilesDeleted,
			FilesSpared:  t.FilesSpared, FilesBlocked: t.FilesBlocked, Errors: t.Errors, Seconds: took.Seconds(),
			Lost: wire.Lost{Owner: l.Owner, Mode: l.Mode, Setuid: l.Setuid, Xattrs: l.Xattrs, Times: l.Times}})
	}
	if c.opts.quiet {
		return nil
	}
	verb, deletes := "restored", "deleted"
	if r.dryRun {
		verb, deletes = "would restore", "to be deleted"
	}
	text := fmt.Sprintf("%s %s, %s", verb, text.Plural(t.FilesRestored, "file", "files"), c.Size(t.BytesRestored))
	for _, n := range []struct {
		count int64
		what  string
	}{{t.MetadataSet, "given their metadata"}, {t.FilesSkipped, "left as they were"},
		{t.FilesBlocked, "not restored for want of their folder"}, {t.FilesDeleted, deletes}, {t.FilesSpared, "not deleted"},
		{t.Errors, "with problems, named above"}} {
		if n.count > 0 {
			text += fmt.Sprintf(", %s %s", humanize.Comma(n.count), n.what)
		}
	}
	return c.printf("%s\n", c.Wrap(fmt.Sprintf("%s, %s", text, seconds(took)), "  "))
}

// warnLost says in one line what this user or the target's file system could not set.
func (r *restoreReport) warnLost() {
	var parts []string
	for _, l := range []struct {
		count int64
		what  string
	}{{r.total.Lost.Owner, "the owner"}, {r.total.Lost.Mode, "the mode"}, {r.total.Lost.Xattrs, "extended attributes"},
		{r.total.Lost.Times, "the times"}} {
		if l.count > 0 {
			parts = append(parts, fmt.Sprintf("%s of %s", l.what, humanize.Comma(l.count)))
		}
	}
	if len(parts) == 0 {
		return
	}
	text := "restore: this user or file system could not set " + strings.Join(parts, ", ")
	if n := r.total.Lost.Setuid; n > 0 {
		text += fmt.Sprintf("; setuid and setgid of %s were dropped, because the owner is another", humanize.Comma(n))
	}
	if r.call.opts.verbose == 0 {
		text += "; -v names each"
	}
	r.call.warn("%s", text)
}

// tellSpared says what was not deleted, once for each rule.
func (r *restoreReport) tellSpared() {
	asked := false
	for _, why := range r.reasons {
		s := r.spared[why]
		what := quote.Name(s.first)
		if s.count > 1 {
			what += fmt.Sprintf(" and %s more", humanize.Comma(s.count-1))
		}
		r.call.note("restore: not deleted: %s: %s", what, why)
		asked = asked || why != restore.WhyDestination && why != restore.WhyMounted
	}
	if asked {
		r.call.note("to delete what the backup leaves out, too: --delete-excluded")
	}
}
