package web

import (
	"bytes"
	"html/template"
	"net/http"
	"strings"
)

// pages are the templates. Names come into them as they are, and are shown through quote by the functions here; html/
// template escapes what is left. No function here returns a type that it takes for safe.
type pages struct{ all map[string]*template.Template }

// pageNames are the templates of screens; each defines "body", and blocks of it that scripts ask for.
var pageNames = []string{
	"overview",
	"snapshots",
	"files",
	"file",
	"find",
	"diff",
	"space",
	"keep",
	"health",
	"snapshot",
	"delete",
	"error",
	"welcome",
	"jobs",
	"job",
	"restore",
}

func newPages(s *site) (*pages, error) {
	p := &pages{map[string]*template.Template{}}
	base, err := template.New("layout").Funcs(s.funcs()).ParseFS(embedded, "tmpl/layout.html", "tmpl/icons.html",
		"tmpl/parts.html")
	if err != nil {
		return nil, err
	}
	for _, name := range pageNames {
		t, err := base.Clone()
		if err == nil {
			_, err = t.ParseFS(embedded, "tmpl/"+name+".html")
		}
		if err != nil {
			return nil, err
		}
		p.all[name] = t
	}
	return p, nil
}

// view is what a page is made of.
type view struct {
	Title string
	Nav   string // which of the screens it is
	Body  any

	Job     *jobLine // what is at work; nil for nothing
	NoLine  bool     // the page itself tells of it
	Refresh bool     // it is loaded again and again where scripts do not run

	Theme    string // "light", "dark" or "" as the browser has it
	Here     string // the address, below the base
	Find     string // what was searched for
	Root     bool
	ReadOnly bool
	Dest     string
}

// write answers with a page, or with the block of it that a script asks for. It is made whole before it is sent.
func (q *question) write(status int, page string, v view) error {
	v.Theme, v.Here, v.Find = q.chosenTheme(), q.r.URL.RequestURI(), q.form.Get("q")
	v.Root, v.ReadOnly, v.Dest = q.o.Root, q.o.ReadOnly, q.o.Dir
	if v.Job == nil && !v.NoLine {
		v.Job = q.present()
	}
	t := q.pages.all[page]
	block := "layout"
	if asked := q.r.Header.Get("Snap-Fragment"); asked != "" && page != "error" {
		if block = "part-" + asked; t.Lookup(block) == nil {
			return &statusError{http.StatusBadRequest, errNoPart}
		}
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, block, v); err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	q.w.Header().Set("Vary", "Snap-Fragment")
	q.w.WriteHeader(status)
	_, err := q.w.Write(b.Bytes())
	return abort(err)
}

// themes are what can be chosen.
func (q *question) chosenTheme() string {
	c, err := q.r.Cookie("theme")
	if err == nil && (c.Value == "light" || c.Value == "dark") {
		return c.Value
	}
	return ""
}

// theme takes the choice of light or dark, for browsers without scripts too.
func (q *question) theme() error {
	value := q.r.PostForm.Get("to")
	if value != "light" && value != "dark" {
		value = ""
	}
	http.SetCookie(q.w, &http.Cookie{
		Name: "theme", Value: value, Path: q.base + "/", MaxAge: 365 * 24 * 3600, Secure: q.o.TLS != nil,
		SameSite: http.SameSiteStrictMode,
	})
	to := q.r.PostForm.Get("at")
	if !strings.HasPrefix(to, q.base+"/") {
		to = q.Home()
	}
	http.Redirect(q.w, q.r, to, http.StatusSeeOther)
	return nil
}

// abort ends an answer that cannot be brought to its end: the connection breaks, so that nobody takes the beginning for
// all of it. nil goes on.
func abort(err error) error {
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}
