package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"snap/query"
	"snap/record"
)

// routes are all that can be asked. A route whose method is not GET may change something; there is none of these where
// the server only reads.
func (s *site) routes() []route {
	get := http.MethodGet
	all := []route{
		{method: get, name: "", page: true, serve: (*question).overview},
		{method: get, name: "snapshots", page: true, serve: (*question).snapshots},
		{method: get, name: "s", page: true, serve: (*question).files},
		{method: get, name: "f", page: true, heavy: true, serve: (*question).file},
		{method: get, name: "find", page: true, heavy: true, serve: (*question).find},
		{method: get, name: "diff", page: true, heavy: true, serve: (*question).diff},
		{method: get, name: "space", page: true, heavy: true, serve: (*question).space},
		{method: get, name: "keep", page: true, heavy: true, serve: (*question).keep},
		{method: get, name: "health", page: true, heavy: true, serve: (*question).health},
		{method: get, name: "snapshot", page: true, serve: (*question).snapshotPage},
		{method: get, name: "raw", serve: (*question).raw},
		{method: get, name: "live", serve: (*question).live},
		{method: get, name: "zip", serve: (*question).zip},
		{method: get, name: "tar", serve: (*question).tar},
		{method: get, name: "jobs", page: true, serve: (*question).jobPages},
		{method: get, name: "restore", page: true, serve: (*question).restorePage},
		{method: get, name: "static", serve: (*question).static},
		{method: get, name: "api", serve: (*question).api},
		{method: http.MethodPost, name: "theme", serve: (*question).theme},
		{method: http.MethodPost, name: "zip", serve: (*question).zip},
		{method: http.MethodPost, name: "tar", serve: (*question).tar},
		{method: http.MethodPost, name: "backup", serve: (*question).backup},
		{method: http.MethodPost, name: "check", serve: (*question).check},
		{method: http.MethodPost, name: "restore", serve: (*question).restore},
		{method: http.MethodPost, name: "jobs", serve: (*question).cancel},
		{method: http.MethodPost, name: "labels", serve: (*question).labels},
		{method: http.MethodPost, name: "api", serve: (*question).apiPost},
	}
	if s.deletes() {
		all = append(all, route{method: get, name: "delete", page: true, heavy: true, serve: (*question).deleteLook},
			route{method: http.MethodPost, name: "delete", heavy: true, serve: (*question).delete})
	}
	if s.o.ReadOnly {
		all = slices.DeleteFunc(all, func(r route) bool { return r.method != get })
	}
	return all
}

// question is one request that has passed the guard.
type question struct {
	*site
	w    http.ResponseWriter
	r    *http.Request
	ctx  context.Context
	to   *route
	rest string // the address behind the name of the route, escaped
	form url.Values
	d    *query.Reader // once it was opened
	now  time.Time
}

// answer is what the guard calls.
func (s *site) answer(w http.ResponseWriter, r *http.Request, to *route, rest string) {
	s.touch()
	q := &question{site: s, w: w, r: r, ctx: r.Context(), to: to, rest: rest, form: r.URL.Query(), now: s.o.Now()}
	if r.Method == http.MethodPost {
		if err := r.ParseForm(); err != nil {
			q.fail(&statusError{http.StatusBadRequest, err})
			return
		}
	}
	defer q.close()
	serve := to.serve
	if to.heavy {
		serve = func(q *question) error { return q.inTurn(to.serve) }
	}
	if err := serve(q); err != nil {
		q.fail(err)
	}
}

// inTurn lets few questions that take long be asked at a time.
func (q *question) inTurn(ask func(q *question) error) error {
	select {
	case q.heavy <- struct{}{}:
		defer func() { <-q.heavy }()
		return ask(q)
	case <-q.ctx.Done():
		return q.ctx.Err()
	}
}

// open opens the destination for this question, and holds its index until the answer is known.
func (q *question) open() error {
	if q.d != nil {
		return nil
	}
	d, err := query.Open(q.ctx, q.o.Dir, query.Options{Now: q.now, Trust: q.o.Trust, Kept: q.kept})
	if err != nil {
		return err
	}
	q.d = d
	return query.IndexHint(d.DB.Hold(q.ctx), q.o.Dir)
}

// openSome is open for a question that takes a snapshot.
func (q *question) openSome() error {
	if err := q.open(); err != nil {
		return err
	}
	if len(q.d.Snapshots) == 0 {
		return q.nothingYet()
	}
	return nil
}

// openAgain opens the destination as it is by now.
func (q *question) openAgain() error {
	q.close()
	q.d = nil
	return q.open()
}

// release gives the index back before an answer is sent that takes as long as its reader likes.
func (q *question) release() error {
	if q.d == nil {
		return nil
	}
	return q.d.DB.Release()
}

func (q *question) close() {
	if q.d != nil {
		_ = errors.Join(q.d.DB.Release(), q.d.Close()) // of what was only read
	}
}

// snapshot is the one that a reference names. Where it is not a name, the browser is sent to the address with the name,
// which always leads to the same: then ok is false, and the answer is given.
func (q *question) snapshot(ref string, named func(name string) string) (pos int, ok bool, err error) {
	if err := q.openSome(); err != nil {
		return 0, false, err
	}
	pos, err = q.d.Resolver().Resolve(ref)
	if err != nil {
		return 0, false, q.unknownSnapshot(err, ref, named)
	}
	if name := q.d.Snapshots[pos].Name; name != ref {
		http.Redirect(q.w, q.r, named(name), http.StatusSeeOther)
		return pos, false, nil
	}
	return pos, true, nil
}

// header is the snapshot at pos.
func (q *question) header(pos int) *record.Header { return &q.d.Snapshots[pos] }

// newest is the position of the newest snapshot, -1 for none.
func (q *question) newest() int { return q.d.Snapshots.Newest() }
