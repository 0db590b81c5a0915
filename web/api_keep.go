package web

import (
	"fmt"
	"net/url"
	"strconv"

	"snap/cli/report"
	"snap/cli/settings"
	"snap/cli/wire"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/job"
)

// apiPrune is `snap prune -n`, by the rules that are asked for or, without any, those of the settings.
func (q *question) apiPrune() error {
	begin := q.o.Now()
	rules, asked, err := q.rulesAsked()
	if err != nil {
		return err
	}
	tag := "keep_tag"
	if !asked {
		own, _, err := q.o.Place.Settings()
		if err != nil {
			return err
		}
		if len(own.Unknown) > 0 {
			return report.UnknownSettings(own.Unknown)
		}
		rules, tag = own.Keep, ""
	}
	if p := rules.Policy(q.now); p.Empty() {
		return report.NoRule()
	}
	plan, r, err := q.planFor(&rules, false)
	if err != nil {
		return err
	}
	stops, err := q.printer().StopsOf(plan, r, q.o.Dir, tag)
	if err != nil {
		return err
	}
	out := q.lines(manyLines)
	for i := range plan.List {
		if err := out.json(wire.NewRemoved(&plan.List[i])); err != nil {
			return err
		}
	}
	return out.json(wire.NewRemovedSummary(q.d.Dir, plan, true, stops.Why, q.o.Now().Sub(begin)))
}

func (q *question) apiTag() (*job.Job, error) {
	var o struct {
		Snapshots []string `json:"snapshots"`
		Add       []string `json:"add"`
		Remove    []string `json:"remove"`
	}
	if err := q.body(&o); err != nil {
		return nil, err
	}
	if err := settings.CheckTags(o.Add, o.Remove); err != nil {
		return nil, err
	}
	if len(o.Snapshots) == 0 || len(o.Add)+len(o.Remove) == 0 {
		return nil, hint.Usagef("snapshots, and add or remove, are needed")
	}
	return q.beginLabel(job.LabelOptions{Snapshots: o.Snapshots, Add: o.Add, Remove: o.Remove})
}

func (q *question) apiNote() (*job.Job, error) {
	var o struct {
		Snapshot string  `json:"snapshot"`
		Note     *string `json:"note"`
	}
	if err := q.body(&o); err != nil {
		return nil, err
	}
	if o.Snapshot == "" || o.Note == nil {
		return nil, hint.Usagef("snapshot and note are needed; an empty note takes it away")
	}
	return q.beginLabel(job.LabelOptions{Snapshots: []string{o.Snapshot}, Note: o.Note})
}

// apiDeletes are what only a server that deletes does.
var apiDeletes = map[string]func(q *question) error{
	"delete": (*question).apiDelete,
	"prune":  (*question).apiPruneNow,
}

// askedRemoval is what a deletion is asked with: a look first, then with its ticket and the number of snapshots.
type askedRemoval struct {
	DryRun bool   `json:"dry_run"`
	Ticket string `json:"ticket"`
	Count  int    `json:"count"`
}

func (q *question) apiDelete() error {
	var o struct {
		askedRemoval
		Snapshots []string `json:"snapshots"`
	}
	if err := q.body(&o); err != nil {
		return err
	}
	if err := q.open(); err != nil {
		return err
	}
	q.form = url.Values{}
	for _, name := range o.Snapshots {
		found := false
		for i := range q.d.Snapshots {
			if h := q.header(i); h.Name == name {
				q.form.Add("d", seqText(h.Seq))
				found = true
			}
		}
		if !found {
			return notFound(fmt.Errorf("%s: no such snapshot", quote.Name(name)))
		}
	}
	return q.answerRemoval(&o.askedRemoval)
}

func (q *question) apiPruneNow() error {
	var o struct {
		askedRemoval
		AllowMost bool              `json:"allow_most"`
		Rules     map[string]string `json:"rules"` // by their keys in BackupOptions.txt
	}
	if err := q.body(&o); err != nil {
		return err
	}
	q.form = url.Values{"rules": {"1"}}
	if o.AllowMost {
		q.form.Set("allow_most", "1")
	}
	known := map[string]bool{}
	for _, key := range settings.RuleKeys() {
		known[key] = true
	}
	for key, v := range o.Rules {
		if !known[key] { // the rules beside it would delete what it was to keep
			return hint.Usagef("rules: there is no rule %q", key)
		}
		q.form.Set(key, v)
	}
	return q.answerRemoval(&o.askedRemoval)
}

// answerRemoval answers with the look, or with the job that deletes.
func (q *question) answerRemoval(o *askedRemoval) error {
	if !o.DryRun {
		j, err := q.beginRemoval(o.Ticket, strconv.Itoa(o.Count))
		if err != nil {
			return err
		}
		return q.answerJob(j)
	}
	r, err := q.removal()
	if err != nil {
		return err
	}
	at, err := q.place()
	if err != nil {
		return err
	}
	return q.lines(oneDocument).json(wire.RemovalLook{Snapshots: append([]string{}, r.Names...), Freed: r.Freed,
		NeedsMost: r.Plan.Most() != nil, Ticket: q.ticket(at.ID, &r, q.now.Add(ticketLife))})
}
