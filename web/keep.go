package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"snap/cli/report"
	"snap/cli/settings"
	"snap/destination/retention"
	"snap/internal/quote"
	"snap/record"
)

// keepPage is what rules keep, and what they would delete: those in force, or others that are tried out. Nothing is
// saved here, and nothing is deleted.
type keepPage struct {
	Asked   bool // these are not the rules in force
	InForce bool // there are rules in the settings
	None    bool // there is no rule at all: everything stays
	Rules   []ruleRow
	Months  []mark
	Always  ruleRow // what no rule deletes
	All     ruleRow // together
	reasons [][]string

	Kept, Going int
	Freed       int64
	Counting    bool // it is not known yet what goes frees, nor what goes for free space
	Stops       []stopTold
	Most        string // more than half would go, which takes a word more
	MostCommand string // that says it
	Each        []keepRow
	Hidden      int
	Everything  string // the address with all of them
	Error       *problem
	Lines       []string
	Command     string
	Delete      string // the address of a look at what goes; "" where nothing can be deleted
}

// ruleRow is a rule, and the snapshots that it is a reason for.
type ruleRow struct {
	Key, Name, Value string
	Text             bool // its value is no number
	Hint             string
	Count, Of        int    // snapshots
	On               string // an SVG path
}

// keepRow is what becomes of one snapshot.
type keepRow struct {
	*retention.Decision
	Time time.Time
	Why  string
}

// stopTold is why rules do not do something, and what to do.
type stopTold struct {
	Why   string
	Hints []string
}

const keepShown = 60

// rulesOn are the rules that a page asks for, with what their values look like.
var rulesOn = []ruleRow{
	{Key: "keep_last", Name: "last"}, {Key: "keep_hourly", Name: "hourly"}, {Key: "keep_daily", Name: "daily"},
	{Key: "keep_weekly", Name: "weekly"}, {Key: "keep_monthly", Name: "monthly"}, {Key: "keep_yearly", Name: "yearly"},
	{Key: "keep_within", Name: "all within", Text: true, Hint: "30d"},
	{Key: "keep_tag", Name: "tagged", Text: true, Hint: "release"},
	{Key: "min_free", Name: "keep free", Text: true, Hint: "10%"},
}

func (q *question) keep() error {
	if q.rest != "" {
		return notFound(errNoPath)
	}
	if err := q.openSome(); err != nil {
		return err
	}
	p, status, err := q.keepPage()
	if err != nil {
		return err
	}
	if err := q.release(); err != nil {
		return err
	}
	return q.write(status, "keep", view{Title: "Keep", Nav: "keep", Body: p})
}

// keepPage fills in what the rules come to. A mistake in what was typed is told on the page.
func (q *question) keepPage() (*keepPage, int, error) {
	p := &keepPage{}
	rules, asked, err := q.rulesAsked()
	p.Asked = asked
	own, _, ownErr := q.o.Place.Settings()
	policy := own.Keep.Policy(q.now)
	p.InForce = ownErr == nil && !policy.Empty()
	values := rules.Values()
	switch {
	case asked:
		for _, key := range settings.RuleKeys() { // as it was typed
			values[key] = strings.Join(q.form[key], ", ")
		}
	case ownErr != nil:
		err = ownErr
	case len(own.Unknown) > 0 && !policy.Empty():
		err = report.UnknownSettings(own.Unknown)
	default:
		rules, values = own.Keep, own.Keep.Values()
	}
	status := http.StatusOK
	if err != nil {
		status, _ = statusOf(q.ctx, err)
		if status == http.StatusInternalServerError || q.r.Header.Get("Snap-Fragment") != "" {
			status = http.StatusOK // what is half typed is no error, nor what stands in a file
		}
		p.Error = problemOf(err, status)
		rules = settings.DefaultRules()
	}
	if err := q.decide(p, &rules); err != nil {
		return nil, 0, err
	}
	for _, r := range rulesOn {
		r.Value = values[r.Key]
		p.Rules = append(p.Rules, q.ruleRow(p, r))
	}
	return p, status, nil
}

// rulesAsked are the rules in the address; asked is false if there is none. A field that is left empty is no rule.
func (q *question) rulesAsked() (rules settings.Rules, asked bool, err error) {
	for _, key := range settings.RuleKeys() {
		asked = asked || q.form.Has(key)
	}
	rules, _, err = settings.AskedRules(func(key string) (all []string, there bool) {
		for _, v := range q.form[key] {
			if key == "keep_tag" {
				all = append(all, strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' })...)
			} else if v = strings.TrimSpace(v); v != "" {
				all = append(all, v)
			}
		}
		return all, len(all) > 0
	}, func(key string) string { return key })
	return rules, asked, err
}

// planFor is what rules would do now. Without quick it is known what that frees, and what goes for free space: that
// takes as long as the first look at the sizes of all snapshots.
func (q *question) planFor(rules *settings.Rules, quick bool) (*retention.Plan, *retention.Policy, error) {
	r := rules.Policy(q.now)
	r.Asked, r.AllowMost = true, q.form.Get("allow_most") != ""
	if quick {
		plan := r.Plan(slices.Clone(q.d.Snapshots), func(h *record.Header) bool { return !q.d.Present(h) })
		return plan, &r, nil
	}
	if err := q.release(); err != nil {
		return nil, nil, err
	}
	plan, err := q.d.Plan(q.ctx, &r)
	return plan, &r, err
}

// decide fills in what becomes of the snapshots.
func (q *question) decide(p *keepPage, rules *settings.Rules) error {
	policy := rules.Policy(q.now)
	if p.None = policy.Empty(); p.None {
		p.Kept = len(q.d.Snapshots)
		for i := range q.d.Snapshots {
			d := retention.Decision{Header: q.header(i), Keep: true, Reasons: []string{"no rule deletes it"}}
			p.Each = append(p.Each, keepRow{&d, d.Header.Time, d.Reasons[0]})
		}
	} else {
		p.Counting = !q.d.StatsKnown() && q.r.Header.Get("Snap-Fragment") != "counted" && !q.form.Has("count")
		plan, r, err := q.planFor(rules, p.Counting)
		if err != nil {
			return err
		}
		stops, err := q.printer().StopsOf(plan, r, q.o.Dir, "keep_tag")
		if err != nil {
			p.Error = problemOf(err, http.StatusBadRequest)
		}
		for i, why := range stops.Why {
			s := stopTold{Why: capital(quote.Clean(why))}
			for line := range strings.Lines(stops.Hints[i]) {
				s.Hints = append(s.Hints, quote.Clean(strings.TrimSpace(line)))
			}
			p.Stops = append(p.Stops, s)
		}
		if err := plan.Most(); err != nil {
			p.Most = capital(quote.Clean(err.Error()))
			p.MostCommand = "snap prune" + flagsOf(rules, p.Asked) + " --allow-most" + q.here()
		}
		for i := range plan.List {
			d := &plan.List[i]
			if d.Keep {
				p.Kept++
			} else {
				p.Going++
				p.Freed = record.Plus(p.Freed, d.Freed)
			}
			p.Each = append(p.Each, keepRow{d, d.Header.Time, quote.Clean(strings.Join(d.Reasons, ", "))})
		}
		p.Lines, p.Command = rules.Lines(), "snap prune -n"+flagsOf(rules, p.Asked)+q.here()
		if rules.FloorDaily != settings.DefaultRules().FloorDaily {
			p.Lines = append(p.Lines, "min_free_keep_daily = "+strconv.Itoa(rules.FloorDaily))
		}
	}
	if q.deletes() && p.Asked {
		v := q.ruleFields()
		v.Set("rules", "1")
		p.Delete = q.Delete(nil) + "?" + v.Encode()
	}
	q.drawAll(p)
	slices.Reverse(p.Each)
	if len(p.Each) > keepShown && !q.form.Has("all") {
		p.Hidden, p.Each = len(p.Each)-keepShown, p.Each[:keepShown]
		v := q.ruleFields()
		v.Set("all", "1")
		p.Everything = q.Keep() + "?" + v.Encode()
	}
	return nil
}
