package web

import (
	"encoding/json"
	"errors"
	"fmt"
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
	Until time.Time // of the last snapshot that holds it
}

// steps are all snapshots for the script that moves through them.
type steps struct {
	Names []string `json:"names"`
	Times []string `json:"times"`
	Root  string   `json:"root"` // where addresses of files begin
	Path  string   `json:"path"` // and how they end
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
	for _, c := range page.Children {
		r := row{Child: c, URL: q.File(c.Path, "b", p.Snap.Name), Note: noteOf(&c.Record), Choose: p.Choose}
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
		p.Gone = append(p.Gone, goneRow{g, q.header(g.Last).Time})
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

// timeline fills in the bar.
func (q *question) timeline(p *filesPage, pos int) error {
	touched, err := q.d.Touched(q.ctx, p.Path)
	if err != nil {
		return err
	}
	zone := q.now.Location()
	p.Bar = newBar(touched, q.d.Snapshots, pos, zone)
	if p.Bar.Before >= 0 {
		p.Before = q.Files(q.header(p.Bar.Before).Name, p.Path)
	}
	if p.Bar.After >= 0 {
		p.After = q.Files(q.header(p.Bar.After).Name, p.Path)
	}
	if q.r.Header.Get("Snap-Fragment") != "" {
		return nil
	}
	p.Steps = steps{Root: q.base + "/s/", Path: "/" + escapePath(p.Path)}
	for i := range q.d.Snapshots {
		h := q.header(i)
		p.Steps.Names = append(p.Steps.Names, escape(h.Name))
		p.Steps.Times = append(p.Steps.Times, h.Time.In(zone).Format("Mon, 2 Jan 2006, 15:04"))
	}
	return nil
}

// Latest reports whether the page shows the newest snapshot.
func (p *filesPage) Latest() bool { return p.Bar.Pos == p.Bar.Count-1 }

// weights answers with the sums of the folders in this one, as they are shown.
func (q *question) weights(p *filesPage) error {
	if err := q.release(); err != nil { // the first time it reads all of the snapshot
		return err
	}
	weights, err := q.d.Weigh(q.ctx, p.Snap, p.Path)
	if err != nil {
		return err
	}
	sums := map[string]string{}
	for name, w := range weights.In {
		sums[escapePath(record.Join(p.Path, name))] = q.style().Size(w.Bytes)
	}
	b, err := json.Marshal(map[string]any{"whole": q.style().Size(weights.Whole.Bytes), "in": sums})
	if err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "application/json")
	_, err = q.w.Write(b)
	return abort(err)
}

// notHere shows where a folder is that the snapshot at pos does not hold: the bar of time stays, so that one can go
// there. A file has a page of its own.
func (q *question) notHere(p *filesPage, pos int) error {
	lives, err := q.d.Life(q.ctx, p.Path, false)
	if err != nil {
		return err
	}
	folder := false
	for i := range lives {
		v := &lives[i]
		if v.Change == record.Removed {
			continue
		}
		at := q.header(v.Last)
		if v.First > pos {
			at = q.header(v.First)
		}
		w := where{First: q.header(v.First).Time, Last: q.header(v.Last).Time, URL: q.Files(at.Name, p.Path), To: v.To}
		if v.To != "" && v.Last+1 < len(q.d.Snapshots) {
			w.ToURL = q.Files(q.header(v.Last+1).Name, v.To)
		}
		p.Places = append(p.Places, w)
		folder = folder || v.Record.Kind == file.Folder
	}
	switch {
	case len(p.Places) == 0:
		_, name := record.Split(p.Path)
		return notFound(hint.With(fmt.Errorf("%s: in no snapshot", quote.Path(p.Path)),
			"to search for the name: snap find %s",
			quote.Word(name)))
	case !folder:
		http.Redirect(q.w, q.r, q.File(p.Path), http.StatusSeeOther)
		return nil
	}
	if p.Missing == "" {
		p.Missing = "This folder is not in this snapshot."
	}
	if err := q.timeline(p, pos); err != nil {
		return err
	}
	return q.writeFiles(p)
}

// where is a stretch of snapshots that hold a folder.
type where struct {
	First, Last time.Time
	URL         string
	To, ToURL   string // where it went then
}

func parent(path string) string {
	dir, _ := record.Split(path)
	return dir
}
