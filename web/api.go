package web

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"snap/cli/wire"
	"snap/internal/hint"
	"snap/query"
)

// docs/json.md over HTTP: what a command prints with --json, byte for byte, and little more.

// apiRoutes are the questions, by their names.
var apiRoutes = map[string]func(q *question) error{
	"list": (*question).apiList, "ls": (*question).apiLs, "diff": (*question).apiDiff, "find": (*question).apiFind,
	"history": (*question).apiHistory, "status": (*question).apiStatus, "health": (*question).apiStatus,
	"prune": (*question).apiPrune, "stats": (*question).apiStats,
	"version": (*question).apiVersion, "touched": (*question).apiTouched, "weigh": (*question).apiWeigh,
	"explain": (*question).apiExplain,
}

func (q *question) api() error {
	if of, ok := strings.CutPrefix(q.rest, "jobs"); ok && (of == "" || of[0] == '/') {
		q.rest = strings.TrimPrefix(of, "/")
		return q.apiJobs()
	}
	ask, ok := apiRoutes[q.rest]
	if !ok {
		return notFound(errNoQuestion)
	}
	return q.inTurn(func(q *question) error { return q.askAPI(ask) })
}

// errNoQuestion says that nothing is called so.
var errNoQuestion = errors.New("there is no such question")

func (q *question) askAPI(ask func(q *question) error) error {
	if q.rest != "version" {
		if err := q.open(); err != nil {
			return err
		}
		if err := q.release(); err != nil { // an answer takes as long as its reader likes
			return err
		}
	}
	return query.IndexHint(ask(q), q.o.Dir)
}

// lines sends values, a line each. Its first error, before anything was sent, is one; a later one ends the connection.
type lines struct {
	q     *question
	w     io.Writer
	began bool
	kind  string
}

func (q *question) lines(kind string) *lines { return &lines{q: q, w: q.patient(), kind: kind} }

func (l *lines) write(b []byte) error {
	if !l.began {
		l.began = true
		l.q.w.Header().Set("Content-Type", l.kind)
		l.q.w.WriteHeader(http.StatusOK)
	}
	_, err := l.w.Write(b)
	return abort(err)
}

func (l *lines) json(v any) error {
	b, err := wire.Encode(v)
	if err != nil {
		return err
	}
	return l.write(append(b, '\n'))
}

// fail is an error after some lines.
func (l *lines) fail(err error) error {
	if err != nil && l.began {
		return abort(err)
	}
	return err
}

const (
	oneDocument = "application/json"
	manyLines   = "application/x-ndjson"
)

func (q *question) apiList() error {
	all := wire.NewList(q.d.Snapshots, q.d.State, q.d.LastRun(), nil, nil)
	return q.lines(oneDocument).json(all)
}

func (q *question) apiVersion() error { return q.lines(oneDocument).json(q.o.Build) }

func (q *question) apiStatus() error {
	var o query.StatusOptions
	var rules []string
	if q.o.Judge != nil {
		o, rules = q.o.Judge(q.d)
	}
	s, err := q.d.Status(q.ctx, o)
	if err != nil {
		return err
	}
	text := func(k query.Concern) string { return q.printer().Concern(s, k) }
	return q.lines(oneDocument).json(wire.NewStatus(s, rules, text))
}

func (q *question) apiDiff() error {
	refs := [2]string{"latest~1", "latest"}
	var pos [2]int
	for i, name := range [2]string{"a", "b"} {
		if s := q.form.Get(name); s != "" {
			refs[i] = s
		}
		var err error
		if pos[i], err = q.d.Resolver().Resolve(refs[i]); err != nil {
			return notFound(err)
		}
	}
	var below []string
	for _, typed := range q.form["path"] {
		path, err := query.SourcePath(q.header(pos[1]), typed)
		if err != nil {
			return err
		}
		below = append(below, path)
	}
	d := q.d.Diff(pos[0], pos[1], below)
	sum := wire.DiffSummary{MessageType: "summary", A: d.A.Name, B: &d.B.Name}
	out := q.lines(manyLines)
	for e, err := range d.Differences(q.ctx) {
		if err != nil {
			return out.fail(err)
		}
		sum.Add(&e)
		if err := out.json(wire.NewDifference(d, &e)); err != nil {
			return out.fail(err)
		}
	}
	return out.fail(out.json(&sum))
}

func (q *question) apiFind() error {
	patterns := q.form["q"]
	if len(patterns) == 0 || slices.Contains(patterns, "") {
		return hint.Usagef("q is a pattern")
	}
	f, err := q.filter(patterns)
	if err != nil {
		return err
	}
	out := q.lines(manyLines)
	sum := wire.FindSummary{MessageType: "summary"}
	for all, err := range q.d.Find(q.ctx, f) {
		if err != nil {
			return out.fail(err)
		}
		sum.Paths, sum.Versions = sum.Paths+1, sum.Versions+len(all)
		for i := range all {
			if err := out.json(wire.NewVersion(&all[i], q.d.Snapshots)); err != nil {
				return out.fail(err)
			}
		}
	}
	return out.fail(out.json(sum))
}

func (q *question) apiHistory() error {
	_, steps, err := q.d.History(q.ctx, q.form.Get("path"), q.form.Get("no_follow") == "")
	if err != nil {
		return notFound(err)
	}
	out := q.lines(manyLines)
	for i := range steps {
		if err := out.json(wire.NewVersion(&steps[i], q.d.Snapshots)); err != nil {
			return out.fail(err)
		}
	}
	return out.fail(out.json(wire.HistorySummary{MessageType: "summary", Steps: len(steps)}))
}

// apiTouched says how much each snapshot changed below a folder.
func (q *question) apiTouched() error {
	path, err := parsePath(escapePath(q.form.Get("path")))
	if err != nil {
		return err
	}
	touched, err := q.d.Touched(q.ctx, path)
	if err != nil {
		return err
	}
	all := make([]wire.Touched, len(touched))
	for i, n := range touched {
		all[i] = wire.Touched{Snapshot: q.header(i).Name, Entries: n}
	}
	return q.lines(oneDocument).json(all)
}

// apiWeigh sums what is in a folder, and in the folders in it.
func (q *question) apiWeigh() error {
	h, path, err := q.at()
	if err != nil {
		return err
	}
	weights, err := q.d.Weigh(q.ctx, h, path)
	if err != nil {
		return err
	}
	return q.lines(oneDocument).json(wire.NewWeights(h.Name, path, weights))
}

// apiExplain says whether a path of the source is backed up, and why.
func (q *question) apiExplain() error {
	switch {
	case q.o.Explain == nil:
		return notFound(errNoQuestion)
	case q.form.Get("path") == "":
		return hint.Usagef("path is a path of the source")
	case len(q.d.Snapshots) == 0:
		return q.nothingYet()
	}
	e, err := q.o.Explain(q.d, q.form.Get("path"))
	if err != nil {
		return err
	}
	return q.lines(oneDocument).json(e)
}
