package web

import (
	"fmt"
	"net/http"
	"time"

	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
)

// where is a stretch of snapshots that hold a folder.
type where struct {
	First, Last time.Time
	URL         string
	To, ToURL   string // where it went then
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

func parent(path string) string {
	dir, _ := record.Split(path)
	return dir
}
