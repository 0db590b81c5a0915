package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// crumb is a folder above what a page shows.
type crumb struct{ Name, URL string }

// crumbs are the folders above path in a snapshot, the source first; the last is path itself.
func (s *site) crumbs(h *record.Header, path string) []crumb {
	all := []crumb{{sourceName(h), s.Files(h.Name, "")}}
	for i := 0; i < len(path); i++ {
		end := strings.IndexByte(path[i:], '/')
		if end < 0 {
			end = len(path) - i
		}
		name := path[i : i+end]
		i += end
		all = append(all, crumb{name, s.Files(h.Name, path[:i])})
	}
	return all
}

// sourceName is what the source is called: the last element of its path.
func sourceName(h *record.Header) string {
	name := h.Source[strings.LastIndexAny(h.Source, `/\`)+1:]
	if name == "" {
		return "Everything"
	}
	return name
}

// filesPage is a folder as a snapshot holds it, in the middle of all snapshots.
type filesPage struct {
	Snap    *record.Header
	Path    string
	Crumbs  []crumb
	Bar     bar
	Steps   steps
	Before  string // addresses: the change before, and after; "" for none
	After   string
	Newest  string
	Choose  bool   // entries can be chosen, to be downloaded together
	Missing string // why nothing of it can be downloaded; "" if it can

	Order      string
	Reverse    bool
	Match      string
	Rows       []row
	More       string // the address of what comes behind the last row; "" for nothing
	Cut        bool   // there are others, and no way to go on but by name
	Folders    int
	Files      int
	Weighing   bool // sums of folders are not known yet
	Whole      *query.Weight
	Gone       []goneRow
	GoneMore   bool
	FilterHere bool
	Places     []where // the folder is not in this snapshot, but in these
}

// row is an entry of a folder.
type row struct {
	query.Child
	URL    string
	Sum    *query.Weight // of a folder, if it is known
	Note   string        // what is wrong with it
	Choose bool          // as that of the page
}

// Token is the path of the entry for a form or a script: a browser would not give other bytes back as they are.
func (r row) Token() string { return escapePath(r.Path) }

// goneRow is an entry that was there once.
type goneRow struct {
	query.Departed
	Until   time.Time // of the last snapshot that holds it
	Restore string    // where it is brought back from that one; "" if it cannot be
}

const (
	rowsShown = 500
	goneShown = 100
)

func (q *question) files() error {
	ref, path, err := parseBelow(q.rest)
	if err != nil {
		return err
	}
	pos, ok, err := q.snapshot(ref, func(name string) string { return q.Files(name, path) + rawQuery(q.r) })
	if err != nil || !ok {
		return err
	}
	h := q.header(pos)
	r, _, err := q.d.DB.Lookup(q.ctx, h.Seq, path)
	switch {
	case errors.Is(err, index.ErrNotFound):
		return q.notHere(&filesPage{Snap: h, Path: path, Crumbs: q.crumbs(h, path), Newest: q.Files("latest", path)}, pos)
	case err != nil:
		return query.IndexHint(err, q.o.Dir)
	case r.Kind != file.Folder:
		http.Redirect(q.w, q.r, q.File(path, "b", h.Name), http.StatusSeeOther)
		return nil
	}
	p := &filesPage{Snap: h, Path: path, Crumbs: q.crumbs(h, path), Newest: q.Files("latest", path)}
	if q.r.Header.Get("Snap-Fragment") == "weights" {
		return q.weights(p)
	}
	if !q.d.Present(h) {
		p.Missing = "The folder of this snapshot is no longer in the destination: its files cannot be had from it."
	}
	p.Choose = p.Missing == "" && !q.o.ReadOnly
	if err := q.listing(p); err != nil {
		return err
	}
	if err := q.timeline(p, pos); err != nil {
		return err
	}
	return q.writeFiles(p)
}

func (q *question) writeFiles(p *filesPage) error {
	if err := q.release(); err != nil {
		return err
	}
	title := sourceName(p.Snap)
	if p.Path != "" {
		_, title = record.Split(p.Path)
	}
	return q.write(http.StatusOK, "files", view{Title: quote.Name(title), Nav: "files", Body: p})
}

// rawQuery is what stands behind the "?" of a request, with it.
func rawQuery(r *http.Request) string {
	if r.URL.RawQuery == "" {
		return ""
	}
	return "?" + r.URL.RawQuery
}

// listing fills in the rows.
func (q *question) listing(p *filesPage) error {
	o, err := q.childrenOptions(p)
	if err != nil {
		return err
	}
	page, err := q.d.Children(q.ctx, p.Snap, p.Path, o)
	if err != nil {
		return query.IndexHint(err, q.o.Dir)
	}
	weights := q.d.Weighed(p.Snap, p.Path)
	if weights == nil && q.form.Has("weigh") {
		if err := q.release(); err != nil {
			return err
		}
		if weights, err = q.d.Weigh(q.ctx, p.Snap, p.Path); err != nil {
			return err
		}
	}
	if weights != nil {
		p.Whole = &weights.Whole
	}
	damaged := map[string]bool{}
	for _, f := range damagedIn(q.d, p.Snap) {
		damaged[string(f.Path)] = true
	}
	for _, c := range page.Children {
		r := row{Child: c, URL: q.File(c.Path, "b", p.Snap.Name), Note: noteOf(&c.Record), Choose: p.Choose}
		if damaged[c.Path] {
			r.Note = damageNote
		}
		if c.Kind == file.Folder {
			p.Folders++
			r.URL = q.Files(p.Snap.Name, c.Path)
			if weights != nil {
				w := weights.In[c.Name]
				r.Sum = &w
			} else {
				p.Weighing = true
			}
		} else {
			p.Files++
		}
		p.Rows = append(p.Rows, r)
	}
	whole := o.After == "" && !page.More
	if whole && o.Order == query.ByName { // all is here: as people look for it
		slices.SortStableFunc(p.Rows, func(a, b row) int {
			if fa, fb := a.Kind == file.Folder, b.Kind == file.Folder; fa != fb {
				if fa {
					return -1
				}
				return 1
			}
			return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
		})
	}
	if page.More {
		p.Cut = true
		if n := len(page.Children); o.Order == query.ByName && n > 0 {
			p.More = q.Files(p.Snap.Name, p.Path, "match", p.Match, "after", page.Children[n-1].Name)
			p.Cut = false
		}
	}
	p.FilterHere = page.More || o.After != "" || p.Match != "" || len(p.Rows) > 30
	if o.After != "" || p.Match != "" {
		return nil
	}
	gone, more, err := q.d.Departed(q.ctx, p.Snap, p.Path, "", goneShown)
	for _, g := range gone {
		last := q.header(g.Last)
		row := goneRow{Departed: g, Until: last.Time}
		if !q.o.ReadOnly && g.Held() && q.d.Present(last) {
			row.Restore = q.Restore(last.Name, g.Path)
		}
		p.Gone = append(p.Gone, row)
	}
	p.GoneMore = more
	return err
}

// childrenOptions are what the address asks for.
func (q *question) childrenOptions(p *filesPage) (o query.ChildrenOptions, err error) {
	o = query.ChildrenOptions{Limit: rowsShown, Match: q.form.Get("match"), Versions: true, Changes: true}
	p.Match, p.Order, p.Reverse = o.Match, q.form.Get("sort"), q.form.Get("reverse") != ""
	switch p.Order {
	case "", "name":
		p.Order, o.After = "name", q.form.Get("after")
	case "size":
		o.Order = query.BySize
	case "time":
		o.Order = query.ByTime
	default:
		return o, hint.Usagef("sort is by name, size or time")
	}
	if o.Order != query.ByName {
		o.Reverse = p.Reverse
	}
	return o, nil
}

// noteOf is what is wrong with an entry.
func noteOf(r *record.Record) string {
	switch {
	case r.Unheld():
		return "the destination cannot hold it"
	case r.Has(record.Unreadable) || !r.Held():
		return "could not be read"
	case r.Has(record.Inconsistent):
		return "changed while it was read"
	}
	return ""
}
