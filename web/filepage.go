package web

import (
	"errors"
	"net/http"
	"time"

	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// filePage is one file through all snapshots, and two versions of it side by side.
type filePage struct {
	Path     string
	Crumbs   []crumb
	Name     string
	Lives    []*life // the newest first
	Versions int
	Names    int    // under so many names
	A, B     *life  // what is compared; A is nil where B stands alone
	Kind     string // how it is shown: "image", "audio", "video", "text" or "facts"
	View     string
	Views    []viewLink
	Text     *shownText
	Facts    bool
	Shut     string // why the bytes cannot be had
	Hints    []string
	Why      string // what is shown, where it is not what one expects
	Same     bool   // both hold the same bytes

	lines int // of a text, at most
	zone  *time.Location
	size  func(n int64) string
}

// viewLink leads to another way to show the two.
type viewLink struct {
	Name, URL string
	Open      bool
}

func (q *question) file() error {
	at, err := parsePath(q.rest)
	if err != nil {
		return err
	}
	if err := q.openSome(); err != nil {
		return err
	}
	steps, err := q.d.Life(q.ctx, at, true)
	if err != nil {
		return query.IndexHint(err, q.o.Dir)
	}
	if len(steps) == 0 {
		_, name := record.Split(at)
		return notFound(hint.With(errors.New(quote.Path(at)+": in no snapshot"), "to search for the name: snap find %s",
			quote.Word(name)))
	}
	p := &filePage{Path: at, View: q.form.Get("view"), zone: q.now.Location(), size: q.style().Size}
	for i := range steps { // that it was removed is a step, and no version
		if steps[i].Change != record.Removed {
			p.Versions++
		}
	}
	_, p.Name = record.Split(at)
	if err := q.lives(p, steps); err != nil {
		return err
	}
	if p.B.Record.Kind == file.Folder && q.form.Get("a") == "" {
		pos := p.B.Version.First
		if asked, err := q.d.Resolver().Resolve(snapshotOf(q.form.Get("b"))); err == nil {
			pos = asked
		}
		http.Redirect(q.w, q.r, q.Files(q.header(pos).Name, p.B.Path), http.StatusSeeOther)
		return nil
	}
	p.Crumbs = q.crumbs(q.header(p.B.Version.First), parent(at))
	if p.lines = linesShown; q.r.Header.Get("Snap-Fragment") == "preview" {
		p.A, p.lines = nil, linesPreviewed
	}
	if err := q.show(p); err != nil {
		return err
	}
	if err := q.release(); err != nil {
		return err
	}
	return q.write(http.StatusOK, "file", view{Title: quote.Name(p.Name), Nav: "files", Body: p})
}
