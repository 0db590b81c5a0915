package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"snap/index"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// spacePage is where the space goes: a folder as a map, and what each snapshot alone takes.
type spacePage struct {
	Path     string
	Crumbs   []crumb
	Counting bool // it is not counted yet
	Newest   *record.Header
	Whole    spaceRow
	By       string
	Measures []viewLink
	Since    *record.Header // what was copied counts from this snapshot on
	Rows     []spaceRow
	More     int // rows that are not shown
	MoreSize int64
	Tiles    []tile
	Growth   *growth // of all; nil in a folder
	Free     *freePage
	Command  string
}

// spaceRow is a folder, or the files directly in this one.
type spaceRow struct {
	Name string // "" for the files
	Path string
	URL  string
	query.FolderUse
	query.Copies
	Shown int64 // by the measure that is chosen
}

// Together is what all snapshots hold of it.
func (r *spaceRow) Together() int64 { return record.Plus(r.Newest.Bytes, r.Old.Bytes) }

// Files are those of all snapshots, each once.
func (r *spaceRow) Files() int64 { return r.Newest.Inodes + r.Old.Inodes }

func (r *spaceRow) measure(by string) int64 {
	switch by {
	case "newest":
		return r.Newest.Bytes
	case "old":
		return r.Old.Bytes
	case "copied":
		return r.Bytes
	}
	return r.Together()
}

const spaceShown = 100

func (q *question) space() error {
	path, err := parsePath(q.rest)
	if err != nil {
		return err
	}
	if err := q.openSome(); err != nil {
		return err
	}
	part := q.r.Header.Get("Snap-Fragment")
	if part == "counted" {
		return q.counted()
	}
	p := &spacePage{Path: path, Newest: q.header(q.newest()), By: q.form.Get("by"),
		Command: "snap stats --folders" + q.here()}
	if path != "" {
		p.Command += " " + shellWord(path)
	}
	for i, c := range q.crumbs(p.Newest, path) {
		up := ""
		if i > 0 {
			up = path[:lengthOf(path, i)]
		}
		p.Crumbs = append(p.Crumbs, crumb{c.Name, q.Space(up, "by", p.By)})
	}
	for _, m := range [][2]string{{"All on disk", ""}, {"In the newest", "newest"}, {"Only in older ones", "old"},
		{"Copied in a year", "copied"}} {
		p.Measures = append(p.Measures, viewLink{m[0], q.Space(path, "by", m[1]), m[1] == p.By})
	}
	if !slices.ContainsFunc(p.Measures, func(v viewLink) bool { return v.Open }) {
		return hint.Usagef("by is newest, old or copied")
	}
	known := q.d.StatsKnown() && q.d.FolderUseKnown() && (p.By != "copied" || q.d.FolderCopiesKnown(q.yearAgo()))
	if p.Counting = !known && part == "" && !q.form.Has("count"); !p.Counting {
		if err := q.release(); err != nil { // the first time it reads the whole index
			return err
		}
		if err := q.weighSpace(p); err != nil {
			return err
		}
	}
	if err := q.release(); err != nil {
		return err
	}
	name := "Space"
	if path != "" {
		_, name = record.Split(path)
	}
	return q.write(http.StatusOK, "space", view{Title: quote.Name(name), Nav: "space", Body: p})
}

// yearAgo is the position of the last snapshot that is a year older than the newest, else of the first.
func (q *question) yearAgo() int {
	since, from := 0, q.header(q.newest()).Time.AddDate(-1, 0, 0)
	for i := range q.d.Snapshots {
		if !q.header(i).Time.After(from) {
			since = i
		}
	}
	return since
}

// weighSpace fills in the map, the rows, and of the source itself what the snapshots take.
func (q *question) weighSpace(p *spacePage) error {
	stats, err := q.d.Stats(q.ctx)
	if err != nil {
		return err
	}
	uses, err := q.d.FolderUse(q.ctx, p.Path)
	if errors.Is(err, index.ErrNotFound) {
		return notFound(hint.With(errors.New(quote.Path(p.Path)+": no snapshot has files there"),
			"to search for the name: snap find %s", quote.Word(p.Path)))
	}
	if err != nil {
		return err
	}
	var copies *query.FolderCopies
	if p.By == "copied" {
		since := q.yearAgo()
		p.Since = q.header(since)
		if copies, err = q.d.FolderCopies(q.ctx, p.Path, since); err != nil && !errors.Is(err, index.ErrNotFound) {
			return err
		}
		if copies == nil {
			copies = &query.FolderCopies{}
		}
	}
	p.Whole = spaceRow{FolderUse: uses.Whole}
	if copies != nil {
		p.Whole.Copies = copies.Whole
	}
	p.Whole.Shown = p.Whole.measure(p.By)
	rows := q.spaceRows(p, uses, copies)
	p.Tiles, err = q.tiles(p, rows)
	if err != nil {
		return err
	}
	shown := min(len(rows), spaceShown)
	p.Rows, p.More = rows[:shown], len(rows)-shown
	for i := range rows[shown:] {
		p.MoreSize = record.Plus(p.MoreSize, rows[shown+i].Shown)
	}
	if p.Path != "" {
		return nil
	}
	brought := make([]int64, len(stats.Shares))
	for i := range stats.Shares {
		brought[i] = stats.Shares[i].New.Bytes
	}
	g := newGrowth(stats.Snapshots, brought, q.now.Location())
	p.Growth = &g
	return q.freeable(p, stats)
}

// spaceRows are the folders in this one, and the files in it as one row, the largest first.
func (q *question) spaceRows(p *spacePage, uses *query.FolderUses, copies *query.FolderCopies) (rows []spaceRow) {
	files := spaceRow{FolderUse: uses.Own}
	if copies != nil {
		files.Copies = copies.Whole
	}
	for name, u := range uses.In {
		r := spaceRow{Name: name, Path: record.Join(p.Path, name), FolderUse: u}
		if copies != nil {
			r.Copies = copies.In[name]
			files.Changes, files.Bytes = files.Changes-r.Changes, files.Bytes-r.Bytes
		}
		r.URL = q.Space(r.Path, "by", p.By)
		rows = append(rows, r)
	}
	if files.Files() > 0 || files.Bytes > 0 {
		rows = append(rows, files)
	}
	for i := range rows {
		rows[i].Shown = rows[i].measure(p.By)
	}
	slices.SortFunc(rows, func(a, b spaceRow) int {
		return cmp.Or(cmp.Compare(b.Shown, a.Shown), cmp.Compare(a.Name, b.Name))
	})
	return rows
}

// counted says how far the long question has come that is at work.
func (q *question) counted() error {
	done, total := q.kept.Progress()
	b, err := json.Marshal(map[string]int64{"done": done, "total": total})
	if err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "application/json")
	_, err = q.w.Write(b)
	return abort(err)
}
