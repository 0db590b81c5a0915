package web

import (
	"context"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"snap/internal/hint"
	"snap/internal/quote"
	"snap/job"
	"snap/query"
	"snap/record"
)

// restoreForm is what is asked before a restore: what, where, and what is done with what is there.
type restoreForm struct {
	Snap    *record.Header
	At      string   // the one thing that is restored, or the folder that it was chosen in
	Tokens  []string // what was chosen there, for the form
	Named   []string // the first of what is restored
	More    int
	Crumbs  []crumb
	Back    string
	Source  string // where it was
	Home    string // the target that is proposed
	Modes   []overwriting
	Missing string
	Chosen  string   // of the modes
	Wrong   *problem // why what was typed will not do
}

// restorePage asks how an entry is to be restored.
func (q *question) restorePage() error {
	ref, at, err := parseBelow(q.rest)
	if err != nil {
		return err
	}
	pos, ok, err := q.snapshot(ref, func(name string) string { return q.Restore(name, at) })
	if err != nil || !ok {
		return err
	}
	return q.askRestore(pos, at, []string{at}, nil)
}

// askRestore writes the form; with wrong, which says why what was typed will not do, it has that still.
func (q *question) askRestore(pos int, at string, paths []string, wrong error) error {
	h := q.header(pos)
	if err := q.held(h, paths); err != nil {
		return err
	}
	f := &restoreForm{Snap: h, At: at, Crumbs: q.crumbs(h, at), Back: q.Files(h.Name, at), Source: h.Source,
		Home: q.proposed(h), Modes: overwritings}
	if len(paths) > 1 || paths[0] != at {
		for _, p := range paths {
			f.Tokens = append(f.Tokens, escapePath(p))
		}
	}
	f.Named = paths[:min(len(paths), pathsNamed)]
	f.More = len(paths) - len(f.Named)
	if !q.d.Present(h) {
		f.Missing = "The folder of this snapshot is no longer in the destination: nothing can be restored from it."
	}
	status := http.StatusOK
	if wrong != nil {
		status = http.StatusBadRequest
		f.Wrong, f.Home, f.Chosen = problemOf(wrong, status), q.r.PostForm.Get("target"), q.r.PostForm.Get("overwrite")
	}
	if err := q.release(); err != nil {
		return err
	}
	return q.write(status, "restore", view{Title: "Restore", Nav: "files", Body: f})
}

// held makes sure that the snapshot holds the paths.
func (q *question) held(h *record.Header, paths []string) error {
	for _, p := range paths {
		if _, _, err := q.d.DB.Lookup(q.ctx, h.Seq, p); err != nil {
			return query.IndexHint(err, q.o.Dir)
		}
	}
	return nil
}

// proposed is a folder of this user for what is restored, which is not there yet.
func (q *question) proposed(h *record.Header) string {
	home := q.o.Place.User.Home()
	if home == "" {
		return ""
	}
	return filepath.Join(home, "restored-"+h.Name)
}

// restore takes the form: with nothing but a selection it asks how; then it looks; and what was looked at it does.
func (q *question) restore() error {
	form := q.r.PostForm
	if q.rest == "" {
		if form.Has("again") {
			return q.toJob(q.lookAgain(form.Get("again"), form.Get("overwrite")))
		}
		return q.toJob(q.bringBack(form.Get("ticket")))
	}
	ref, at, err := parseBelow(q.rest)
	if err != nil {
		return err
	}
	paths := []string{at}
	if form.Has("p") {
		if paths, err = q.selection(); err != nil {
			return err
		}
	}
	if err := q.open(); err != nil {
		return err
	}
	pos, err := q.d.Resolver().Resolve(ref)
	if err != nil {
		return notFound(err)
	}
	paths = outermost(paths)
	if !form.Has("where") {
		return q.askRestore(pos, at, paths, nil)
	}
	o := job.RestoreOptions{Snapshot: q.header(pos).Name, Paths: paths}
	if o.Overwrite, err = modeNamed(form.Get("overwrite")); err != nil {
		return err
	}
	switch form.Get("where") {
	case "there":
	case "folder":
		if o.Target, err = q.target(form.Get("target")); err != nil {
			return q.askRestore(pos, at, paths, err)
		}
	default:
		return hint.Usagef("where is there or folder")
	}
	return q.toJob(q.beginLook(o, q.header(pos), at))
}

// target is the folder that somebody typed.
func (q *question) target(typed string) (string, error) {
	if rest, ok := strings.CutPrefix(typed, "~/"); ok {
		typed = filepath.Join(q.o.Place.User.Home(), rest)
	}
	if !filepath.IsAbs(typed) {
		return "", hint.With(hint.Usagef("the target %s is no absolute path", quote.Name(typed)),
			"it begins with / or ~/, as in ~/restored")
	}
	return filepath.Clean(typed), nil
}

// outermost leaves out what comes with a folder that it is in.
func outermost(paths []string) (all []string) {
	slices.SortFunc(paths, record.Compare)
	for _, p := range paths {
		if n := len(all); n == 0 || !record.Within(p, all[n-1]) {
			all = append(all, p)
		}
	}
	return all
}

// beginLook finds out what a restore would do. at is what was looked at before.
func (q *question) beginLook(o job.RestoreOptions, h *record.Header, at string) (*job.Job, error) {
	if err := q.held(h, o.Paths); err != nil {
		return nil, err
	}
	from := *h
	one := &look{options: o, from: &from, back: q.Files(h.Name, at), home: q.o.Place}
	var err error
	if one.home.ID, err = q.d.DB.ID(q.ctx); err != nil {
		return nil, query.IndexHint(err, q.o.Dir)
	}
	if err := q.release(); err != nil {
		return nil, err
	}
	return q.startLook(one)
}

func (q *question) startLook(one *look) (*job.Job, error) {
	o := one.options
	o.DryRun = true
	begun := make(chan struct{})
	j, err := q.beginJob(job.Look, func(ctx context.Context, w *job.Watcher) (any, error) {
		<-begun // its page must know what it is of
		return restored(one.home.Restore(ctx, w, o))
	})
	if err == nil {
		one.looking = j
		q.looks.add(one)
	}
	close(begun)
	return j, err
}

// lookAgain looks once more, at something else being done with what is there.
func (q *question) lookAgain(id, overwrite string) (*job.Job, error) {
	q.rest = id
	j, _, err := q.job()
	if err != nil {
		return nil, err
	}
	before := q.looks.find(j)
	if before == nil {
		return nil, errNoTicket
	}
	again := &look{options: before.options, from: before.from, back: before.back, home: before.home}
	if again.options.Overwrite, err = modeNamed(overwrite); err != nil {
		return nil, err
	}
	return q.startLook(again)
}

// bringBack restores what was looked at.
func (q *question) bringBack(ticket string) (*job.Job, error) {
	return q.looks.use(ticket, func(one *look) (*job.Job, error) {
		o := one.options
		o.Seen = one.seen()
		return q.beginJob(job.Restore, func(ctx context.Context, w *job.Watcher) (any, error) {
			return restored(one.home.Restore(ctx, w, o))
		})
	})
}

// restored is the result of a restore: no value at all, rather than one without content.
func restored(res *job.RestoreResult, err error) (any, error) {
	if res == nil {
		return nil, err
	}
	return res, err
}
