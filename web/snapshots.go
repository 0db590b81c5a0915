package web

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// snapshotsPage are the snapshots of one month, and which months there are.
type snapshotsPage struct {
	Count  int
	Months []monthLink
	Month  time.Time
	Days   []day
}

// monthLink leads to a month.
type monthLink struct {
	Time  time.Time
	Key   string
	Count int
	Open  bool
}

// snapshots is the page of all snapshots, a month at a time.
func (q *question) snapshots() error {
	if q.rest != "" {
		return notFound(errNoPath)
	}
	if err := q.openSome(); err != nil {
		return err
	}
	zone := q.now.Location()
	key := func(h *record.Header) string { return h.Time.In(zone).Format("2006-01") }
	p := &snapshotsPage{Count: len(q.d.Snapshots)}
	open := q.form.Get("month")
	if open == "" {
		open = key(q.header(q.newest()))
	}
	var of query.Snapshots
	for i := range q.d.Snapshots {
		h := &q.d.Snapshots[i]
		k := key(h)
		if n := len(p.Months) - 1; n < 0 || p.Months[n].Key != k {
			p.Months = append(p.Months, monthLink{Time: h.Time, Key: k, Open: k == open})
		}
		p.Months[len(p.Months)-1].Count++
		if k == open {
			of, p.Month = append(of, *h), h.Time
		}
	}
	if len(of) == 0 {
		return notFound(fmt.Errorf("there is no snapshot of %s", quote.Name(open)))
	}
	slices.Reverse(p.Months)
	p.Days = byDay(of, zone)
	if err := q.release(); err != nil {
		return err
	}
	return q.write(http.StatusOK, "snapshots", view{Title: "Snapshots", Nav: "overview", Body: p})
}
