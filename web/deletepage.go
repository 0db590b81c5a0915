package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"snap/cli/exit"
	"snap/cli/report"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/destination/retention"
	"snap/internal/quote"
	"snap/job"
	"snap/query"
	"snap/record"
)

// Snapshots are deleted only by a server that was started for it. A look says which would go, and what that frees; it
// has a ticket for these and no others. With the ticket, and the number of the snapshots typed, they are deleted, if
// the same would still go.

// deletes reports whether this server deletes at all.
func (s *site) deletes() bool { return s.o.AllowDelete && !s.o.ReadOnly }

// removal is what is asked to be deleted.
type removal struct {
	Rules     *settings.Rules // nil: the snapshots themselves
	AllowMost bool
	Names     []string // that go
	Freed     int64
	Plan      *retention.Plan
}

// deletePage is a look at what would go.
type deletePage struct {
	removal
	Going   []*retention.Decision
	Hidden  int
	Most    string // more than half would go, by rules, and nobody has said that they may
	Left    []string
	Fields  []formField
	Ticket  string
	Wrong   string
	Back    string
	Command string
}

// formField is a hidden field of a form.
type formField struct{ Name, Value string }

const (
	goingShown  = 200
	removedMost = 100_000
)

func seqText(seq uint64) string { return strconv.FormatUint(seq, 10) }

// removal reads what is asked for, and finds out what would go.
func (q *question) removal() (r removal, err error) {
	if err := q.open(); err != nil {
		return r, err
	}
	if q.form.Has("rules") {
		rules, _, err := q.rulesAsked()
		if err != nil {
			return r, err
		}
		if p := rules.Policy(q.now); p.Empty() {
			return r, report.NoRule()
		}
		r.Rules, r.AllowMost = &rules, q.form.Get("allow_most") != ""
		var policy *retention.Policy
		if r.Plan, policy, err = q.planFor(&rules, false); err != nil {
			return r, err
		}
		if _, err := q.printer().StopsOf(r.Plan, policy, q.o.Dir, "keep_tag"); err != nil {
			return r, err
		}
	} else {
		chosen, err := q.chosenSnapshots()
		if err != nil {
			return r, err
		}
		var names []string
		for i := range q.d.Snapshots {
			h := q.header(i)
			if !chosen[h.Seq] {
				continue
			}
			if retention.Pinned(h) {
				return r, job.Pinned(h.Name)
			}
			names = append(names, h.Name)
		}
		if len(names) == 0 {
			return r, notFound(errors.New("no such snapshot is there"))
		}
		if err := q.release(); err != nil {
			return r, err
		}
		if r.Plan, err = q.d.PlanNamed(q.ctx, names); err != nil {
			return r, err
		}
	}
	if err := job.Spares(r.Plan, r.Rules == nil); err != nil {
		return r, err
	}
	for i := range r.Plan.List {
		if d := &r.Plan.List[i]; !d.Keep {
			r.Names, r.Freed = append(r.Names, d.Header.Name), record.Plus(r.Freed, d.Freed)
		}
	}
	return r, nil
}

// deleteLook shows what would go.
func (q *question) deleteLook() error {
	if q.rest != "" {
		return notFound(errNoPath)
	}
	return q.showRemoval("", http.StatusOK)
}

func (q *question) showRemoval(wrong string, status int) error {
	r, err := q.removal()
	if err != nil {
		return query.IndexHint(err, q.o.Dir)
	}
	p := &deletePage{removal: r, Wrong: wrong, Back: q.Space("") + "#free"}
	for i := range r.Plan.List {
		if d := &r.Plan.List[i]; !d.Keep {
			p.Going = append(p.Going, d)
		}
	}
	if n := len(p.Going); n > goingShown {
		p.Hidden, p.Going = n-goingShown, p.Going[:goingShown]
	}
	if err := r.Plan.Most(); err != nil {
		p.Most = capital(quote.Clean(err.Error()))
	}
	told := q.printer()
	told.Note = func(format string, args ...any) {
		p.Left = append(p.Left, capital(quote.Clean(fmt.Sprintf(format, args...))))
	}
	told.Left(r.Plan, true)
	for _, key := range append(settings.RuleKeys(), "rules", "allow_most", "d") {
		for _, v := range q.form[key] {
			p.Fields = append(p.Fields, formField{key, v})
		}
	}
	p.Command = "snap delete" + q.here()
	if r.Rules != nil {
		p.Back = q.Keep() + "?" + q.ruleFields().Encode()
		p.Command = "snap prune" + q.here() + flagsOf(r.Rules, true)
		if r.AllowMost {
			p.Command += " --allow-most"
		}
	} else {
		for i, name := range r.Names {
			if i == namesInLine {
				p.Command += " …"
				break
			}
			p.Command += " " + shellWord(name)
		}
	}
	at, err := q.place()
	if err != nil {
		return err
	}
	p.Ticket = q.ticket(at.ID, &r, q.now.Add(ticketLife))
	return q.write(status, "delete", view{Title: "Delete snapshots", Nav: "keep", Body: p})
}

// ruleFields are the rules in the address.
func (q *question) ruleFields() url.Values {
	v := url.Values{}
	for _, key := range settings.RuleKeys() {
		if s := q.form[key]; len(s) > 0 {
			v[key] = s
		}
	}
	return v
}

// delete deletes what was looked at. What is not the number of the snapshots is asked for again.
func (q *question) delete() error {
	if q.rest != "" {
		return notFound(errNoPath)
	}
	q.form = q.r.PostForm
	j, err := q.beginRemoval(q.form.Get("ticket"), q.form.Get("count"))
	if wrong := (*countError)(nil); errors.As(err, &wrong) {
		return q.showRemoval(capital(wrong.Error()), http.StatusBadRequest)
	}
	return q.toJob(j, err)
}

// countError says that the number that was typed is not that of the snapshots.
type countError struct{ count int }

func (e *countError) Error() string {
	return "to delete " + text.Plural(e.count, "snapshot", "snapshots") + ", type " + strconv.Itoa(e.count)
}

// beginRemoval begins to delete what is asked for, if it was looked at, and its number was typed.
func (q *question) beginRemoval(ticket, count string) (*job.Job, error) {
	r, err := q.removal()
	if err != nil {
		return nil, query.IndexHint(err, q.o.Dir)
	}
	at, err := q.place()
	if err != nil {
		return nil, err
	}
	switch {
	case !q.looked(ticket, at.ID, &r), len(r.Names) == 0, len(r.Names) > removedMost:
		return nil, errNoLook
	case r.Plan.Most() != nil:
		return nil, exit.With(exit.Refused, r.Plan.Most())
	case strings.TrimSpace(count) != strconv.Itoa(len(r.Names)):
		return nil, &statusError{http.StatusBadRequest, &countError{len(r.Names)}}
	}
	kind, o := job.Delete, job.RemoveOptions{Names: r.Names, Seen: r.Names, AllowMost: r.AllowMost}
	if r.Rules != nil {
		kind, o.Names, o.Rules = job.Prune, nil, r.Rules
	}
	return q.beginJob(kind, func(ctx context.Context, w *job.Watcher) (any, error) {
		res, err := at.Remove(ctx, w, o)
		if res == nil {
			return nil, err
		}
		return res, err
	})
}
