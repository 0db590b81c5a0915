package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"snap/cli/text"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/query/archive"
	"snap/record"
)

func (q *question) zip() error { return q.archive("zip") }
func (q *question) tar() error { return q.archive("tar") }

const chosenMost = 5000 // entries of a selection

// archive answers with a folder as an archive, or with what was chosen in it. All of it lies below one folder in the
// archive; what is damaged is named at its end, and what the format cannot hold.
func (q *question) archive(format string) error {
	q.w.Header().Set("Content-Security-Policy", rawPolicy)
	if !mayTake(q.r.Header.Get("Sec-Fetch-Dest")) {
		return &statusError{http.StatusForbidden, errNotForThat}
	}
	ref, at, err := parseBelow(q.rest)
	if err != nil {
		return err
	}
	chosen, err := q.selection()
	if err != nil {
		return err
	}
	pos, ok, err := q.snapshot(ref, func(name string) string { return q.Archive(format, name, at) })
	if err != nil || !ok {
		return err
	}
	h := q.header(pos)
	top, items, err := q.items(h, at, chosen)
	if err != nil {
		return err
	}
	if err := q.d.Missing(q.ctx, h, at, "cat"); err != nil {
		return notFound(err)
	}
	if err := q.release(); err != nil {
		return err
	}
	kind := map[string]string{"zip": "application/zip", "tar": "application/x-tar"}[format]
	q.w.Header().Set("Content-Type", kind)
	q.w.Header().Set("Content-Disposition", disposition(top+"."+format, false))
	q.w.Header().Set("Accept-Ranges", "none")
	if q.r.Method == http.MethodHead {
		return nil
	}
	told := &leftOver{top: top, format: format}
	_, err = archive.Write(q.ctx, q.patient(), q.d, items, archive.Options{
		Zip: format == "zip", NoLinks: true, Warn: told.damaged, Left: told.left, Report: told.member,
	})
	return abort(err)
}

// selection are the names that a form has chosen, none for all.
func (q *question) selection() (chosen []string, err error) {
	if q.r.Method != http.MethodPost {
		return nil, nil
	}
	for _, p := range q.r.PostForm["p"] {
		path, err := parsePath(p)
		if err != nil || path == "" {
			return nil, errNoPath
		}
		chosen = append(chosen, path)
	}
	switch {
	case len(chosen) == 0:
		return nil, hint.Usagef("nothing was chosen")
	case len(chosen) > chosenMost:
		return nil, hint.Usagef("more than %d entries were chosen: take the folder that they are in", chosenMost)
	}
	slices.SortFunc(chosen, record.Compare)
	return slices.Compact(chosen), nil
}

// items are what is archived: the entry at, or what was chosen in it, which the index has to hold.
func (q *question) items(h *record.Header, at string, chosen []string) (top string, items []archive.Item, err error) {
	if _, top = record.Split(at); at == "" {
		top = h.Name
	}
	if chosen == nil {
		if _, _, err := q.d.DB.Lookup(q.ctx, h.Seq, at); err != nil {
			return "", nil, query.IndexHint(err, q.o.Dir)
		}
		return top, []archive.Item{{Header: h, Path: at, Name: top}}, nil
	}
	for _, p := range chosen {
		if !record.Within(p, at) || p == at {
			return "", nil, errNoPath
		}
		if n := len(items); n > 0 && record.Within(p, items[n-1].Path) {
			continue // it comes with the folder that it is in
		}
		if _, _, err := q.d.DB.Lookup(q.ctx, h.Seq, p); err != nil {
			return "", nil, query.IndexHint(err, q.o.Dir)
		}
		rest := p
		if at != "" {
			rest = p[len(at)+1:]
		}
		items = append(items, archive.Item{Header: h, Path: p, Name: record.Join(top, rest)})
	}
	return top, items, nil
}

// leftOver is what an archive says of itself at its end.
type leftOver struct {
	top, format string
	bad, out    []string
	more        int
}

const reportMost = 1000 // lines of a kind

func (r *leftOver) add(to *[]string, line string) {
	if len(*to) == reportMost {
		r.more++
		return
	}
	*to = append(*to, line)
}

func (r *leftOver) damaged(_ *record.Header, path string, err error) {
	r.add(&r.bad, text.Path(path, file.None)+": "+quote.Clean(err.Error()))
}

func (r *leftOver) left(_ *record.Header, path string, kind file.Kind) {
	r.add(&r.out, text.Path(path, file.None)+": a "+kind.String())
}

// member is the last member of the archive, "" if all is in it as it should be.
func (r *leftOver) member() (name, content string) {
	var b strings.Builder
	if len(r.bad) > 0 {
		b.WriteString("Not as they were backed up, or not in the snapshot:\n\n" + strings.Join(r.bad, "\n") + "\n\n")
	}
	if len(r.out) > 0 {
		fmt.Fprintf(&b, "Left out, because a %s archive has no place for it:\n\n%s\n\n", r.format, strings.Join(r.out, "\n"))
		if r.format == "zip" {
			b.WriteString("A tar archive has these too.\n")
		}
	}
	if r.more > 0 {
		fmt.Fprintf(&b, "And %d more.\n", r.more)
	}
	if b.Len() == 0 {
		return "", ""
	}
	return r.top + "/snap-report.txt", b.String()
}
