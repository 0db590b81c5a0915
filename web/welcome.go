package web

import (
	"net/http"
	"slices"

	"snap/cli/report"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
)

// welcomePage is what is seen of a destination that has no snapshot yet: how to make the first one.
type welcomePage struct {
	Command string
	Told    []concern
	Running string // the run that is at work there
}

// nothingYet is errEmpty with the command that makes the first snapshot.
func (s *site) nothingYet() error {
	return hint.With(errEmpty, "to make the first one: %s", s.firstBackup())
}

// firstBackup is that command. Of what, nobody knows yet.
func (s *site) firstBackup() string { return "snap backup " + shellWord(s.o.Dir) + " SRC" }

// welcome answers in place of any page that needs a snapshot. It looks again by itself, until there is one.
func (q *question) welcome() error {
	var judged query.StatusOptions
	if q.o.Judge != nil {
		judged, _ = q.o.Judge(q.d)
	}
	s, err := q.d.Status(q.ctx, judged)
	if err != nil {
		return err
	}
	p := &welcomePage{Command: q.firstBackup(), Running: s.Running}
	for _, c := range slices.DeleteFunc(s.Concerns, func(c query.Concern) bool { return c == query.NoBackup }) {
		p.Told = append(p.Told, concern{Text: capital(quote.Clean(q.printer().Concern(s, c))),
			Command: report.Way(s, c)})
	}
	if err := q.release(); err != nil {
		return err
	}
	return q.write(http.StatusOK, "welcome", view{Title: "Nothing is backed up yet", Nav: navOf[q.to.name], Body: p})
}

// navOf are the screens that routes are.
var navOf = map[string]string{
	"":  "overview",
	"s": "files", "f": "files", "diff": "files",
	"space": "space", "keep": "keep", "health": "health",
}
