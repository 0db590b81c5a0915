package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"snap/cli/report"
	"snap/cli/wire"
	"snap/index"
	"snap/internal/file"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// diffPage is what changed between two snapshots, in a folder or everywhere.
type diffPage struct {
	A, B          *record.Header
	To            string    // what B is called in an address
	Now           bool      // B is what the source holds now, and the header that of the newest snapshot
	Time          time.Time // when that was looked at
	Looking       bool      // it is not known yet
	Partial       bool      // not all of it could be read
	Wrong         []string  // why it is not known, and what to do
	WithNow       string    // the address of B compared with now; "" where the source is not here
	Path          string
	Crumbs        []crumb
	Bar           span
	Steps         steps
	Before, After string // addresses: what the change before did, and the one after; "" for none
	Swap          string

	Totals   wire.DiffSummary
	Cut      bool // there is more than was counted
	Kinds    []kindChip
	Unfold   bool
	Fold     string // the address of the other way
	ByCopied bool
	ByPath   string // addresses
	ByBytes  string
	Rows     []diffRow
	Count    int // rows in all
	First    int // the number of the first one
	Previous string
	Next     string
	Command  string
}

// Token is the path for the form: see row.Token.
func (p *diffPage) Token() string { return escapePath(p.Path) }

// kindChip counts differences of one kind, and shows them alone, or all again.
type kindChip struct {
	Kind  string
	Mark  string
	Count int64
	URL   string
	On    bool // they are shown
}

// diffRow is a row as it stands on the page.
type diffRow struct {
	query.DiffRow
	Kind   file.Kind
	URL    string
	Inside string // the address of what is different in the folder; "" for none
	What   string
	Sizes  string
	Why    string
}

const (
	diffShown = 500
	diffRead  = 20_000 // differences, before the page is sent; the rest is counted after it
)

func (q *question) diff() error {
	if q.form.Has("a") || q.form.Has("b") {
		return q.chooseDiff()
	}
	refA, rest, _ := strings.Cut(q.rest, "/")
	refB, below, _ := strings.Cut(rest, "/")
	path, err := parsePath(below)
	if err != nil {
		return err
	}
	a, err := url.PathUnescape(refA)
	if err != nil {
		return errNoPath
	}
	b, err := url.PathUnescape(refB)
	if err != nil {
		return errNoPath
	}
	return q.compare(a, b, path)
}

// chooseDiff leads to the comparison that a form asks for.
func (q *question) chooseDiff() error {
	path, err := parsePath(q.form.Get("path"))
	if err != nil {
		return err
	}
	return q.compare(q.form.Get("a"), q.form.Get("b"), path)
}

// compare answers with the comparison, or leads to the address of the two names.
func (q *question) compare(refA, refB, path string) error {
	if err := q.openSome(); err != nil {
		return err
	}
	refs := [2]string{refA, refB}
	if refs[1] == "" {
		refs[1] = "latest"
	}
	if refs[0] == "" {
		refs[0] = refs[1] + "~1"
		if len(q.d.Snapshots) == 1 { // with itself: there is nothing else yet
			refs[0] = refs[1]
		}
	}
	if refs[0] == liveName {
		return errNowIsB
	}
	var pos [2]int
	for i, ref := range refs {
		var err error
		if i == 1 && ref == liveName {
			pos[1] = q.newest()
			continue
		}
		if pos[i], err = q.d.Resolver().Resolve(strings.TrimSpace(ref)); err != nil {
			return notFound(err)
		}
	}
	a, b := q.header(pos[0]), q.header(pos[1]).Name
	if refs[1] == liveName {
		b = liveName
	}
	keep := url.Values{}
	for _, name := range []string{"kind", "unfold", "sort", "from"} {
		if v := q.form[name]; len(v) > 0 {
			keep[name] = v
		}
	}
	if refs != [2]string{a.Name, b} || q.form.Has("a") || q.form.Has("b") {
		keep.Del("from")
		to := q.Diff(a.Name, b, path)
		if s := keep.Encode(); s != "" {
			to += "?" + s
		}
		http.Redirect(q.w, q.r, to, http.StatusSeeOther)
		return nil
	}
	if b == liveName {
		return q.compareNow(pos[0], path)
	}
	p := &diffPage{A: a, B: q.header(pos[1]), To: b, Path: path}
	return q.showDiff(p, pos, q.d.Diff(pos[0], pos[1], belowOf(path)))
}

// belowOf is what a comparison is asked for on the page of a path.
func belowOf(path string) []string {
	if path == "" {
		return nil
	}
	return []string{path}
}

// showDiff answers with a comparison.
func (q *question) showDiff(p *diffPage, pos [2]int, d *query.Diff) error {
	look, err := q.diffLook(p)
	if err != nil {
		return err
	}
	if err := q.diffTime(p, pos); err != nil {
		return err
	}
	if !p.Now {
		if here, err := q.sourceIsHere(); err != nil {
			return err
		} else if here {
			p.WithNow = q.Diff(p.B.Name, liveName, p.Path)
		}
	}
	if !p.Looking {
		if err := q.diffRows(p, d, look); err != nil {
			return err
		}
	}
	if p.Command = "snap diff " + shellWord(p.A.Name) + " " + shellWord(p.B.Name); p.Now {
		p.Command = "snap diff --source " + shellWord(p.A.Name)
	}
	p.Command += q.here()
	if p.Path != "" {
		p.Command += " -- " + shellWord(p.Path)
	}
	if err := q.release(); err != nil {
		return err
	}
	name := sourceName(p.B)
	if p.Path != "" {
		_, name = record.Split(p.Path)
	}
	return q.write(http.StatusOK, "diff", view{Title: "Changes in " + quote.Name(name), Nav: "files", Body: p})
}

// diffRows fills in what is different, and where else it leads.
func (q *question) diffRows(p *diffPage, d *query.Diff, l query.DiffLook) error {
	if l.Most == 0 || p.B.Records > diffRead { // it may take long, and a backup must not wait for it
		if err := q.release(); err != nil {
			return err
		}
	}
	rows, err := d.Rows(q.ctx, l, func(e *index.Difference) { p.Totals.Add(e) })
	if err != nil {
		return query.IndexHint(err, q.o.Dir)
	}
	p.Count, p.Cut = rows.Count, rows.Cut
	for i := range rows.Rows {
		p.Rows = append(p.Rows, q.diffRow(p, d, &rows.Rows[i]))
	}
	at := func(change func(v url.Values)) string {
		v := url.Values{}
		for _, name := range []string{"kind", "unfold", "sort"} {
			if s := q.form[name]; len(s) > 0 {
				v[name] = s
			}
		}
		if change(v); len(v) == 0 {
			return q.Diff(p.A.Name, p.To, p.Path)
		}
		return q.Diff(p.A.Name, p.To, p.Path) + "?" + v.Encode()
	}
	for _, k := range diffKinds {
		count := countOf(&p.Totals, k.kind)
		name := k.kind.String()
		on := len(l.Kinds) == 0 || slices.Contains(l.Kinds, k.kind)
		if count == 0 && (on || !p.Cut) && !slices.Contains(q.form["kind"], name) {
			continue
		}
		p.Kinds = append(p.Kinds, kindChip{name, k.mark, count, at(func(v url.Values) { toggle(v, name) }), on})
	}
	p.Fold = at(func(v url.Values) {
		if v.Del("unfold"); !l.Unfold {
			v.Set("unfold", "1")
		}
	})
	p.ByPath = at(func(v url.Values) { v.Del("sort") })
	p.ByBytes = at(func(v url.Values) { v.Set("sort", "copied") })
	if n := l.From + len(rows.Rows); n < rows.Count || rows.Cut && len(rows.Rows) == diffShown {
		p.Next = at(func(v url.Values) { v.Set("from", strconv.Itoa(n)) })
	}
	if l.From > 0 {
		p.Previous = at(func(v url.Values) {
			if n := l.From - diffShown; n > 0 {
				v.Set("from", strconv.Itoa(n))
			}
		})
	}
	return nil
}

// diffReason is why B has what it has, which is known of neighbours.
func diffReason(d *query.Diff, r *query.DiffRow) string {
	if !d.Next {
		return ""
	}
	return quote.Clean(report.Reason(&record.Record{Reason: r.Reason, Stored: r.Stored}))
}
