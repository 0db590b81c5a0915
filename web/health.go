package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"snap/cli/report"
	"snap/cli/state"
	"snap/cli/text"
	"snap/destination"
	"snap/internal/quote"
	"snap/query"
)

// healthPage is how the destination is, and why: what `snap status` tells, and what is behind it.
type healthPage struct {
	overview
	History  []runMark // the last runs, oldest first
	Troubled []runMark // of these, those that went wrong, the newest first
	Reads    []readMark
	Damage   []damageRow
	Repair   string // the command that mends what can be
	Problems []problemRow
	Looked   bool // for problems
	Unlisted bool // there are more
	Growth   string
	Rules    []string // as the settings have them
	Index    int64
	Changes  int64
	Others   []copyRow
	Alone    bool // no other copy is known
}

// runMark is a backup that was made, or begun.
type runMark struct {
	query.Run
	Says string
	URL  string
}

// readMark is a check that read a part of the data.
type readMark struct {
	Time time.Time
	Says string
}

// problemRow is an entry that the newest snapshot does not hold as it was.
type problemRow struct {
	Path, Says, URL, Explain string
}

// copyRow is another destination that this user knows.
type copyRow struct {
	state.Place
	Same  bool // it is of the same sources
	There string
}

const (
	problemsShown = 200
	readsShown    = 6
)

func (q *question) health() error {
	if q.rest != "" {
		return notFound(errNoPath)
	}
	if err := q.open(); err != nil {
		return err
	}
	p := &healthPage{}
	p.Command = "snap status" + q.here()
	var judged query.StatusOptions
	if q.o.Judge != nil {
		judged, p.Rules = q.o.Judge(q.d)
	}
	var err error
	if p.Status, err = q.d.Status(q.ctx, judged); err != nil {
		return err
	}
	if p.Newest == nil {
		return q.nothingYet()
	}
	q.judge(&p.overview)
	p.Sources = quote.List(p.Newest.AllSources())
	if p.Index, p.Changes, err = q.d.MetaBytes(); err != nil {
		return err
	}
	q.runsTold(p)
	q.checksTold(p)
	q.othersTold(p)
	p.Growth = q.growthText(&p.Space)
	if p.Looked = p.Newest.Errors > 0 || q.form.Has("look"); p.Looked {
		if err := q.release(); err != nil { // it reads all of the snapshot
			return err
		}
		if err := q.problemsTold(p); err != nil {
			return err
		}
	}
	if err := q.release(); err != nil {
		return err
	}
	return q.write(http.StatusOK, "health", view{Title: "Health", Nav: "health", Body: p})
}

// runsTold are the last runs.
func (q *question) runsTold(p *healthPage) {
	for _, r := range p.Runs {
		m := runMark{Run: r, Says: runText(&r)}
		if r.Header != nil {
			m.URL = q.Files(r.Header.Name, "")
			if !r.Header.CountsMerged() { // else nobody knows any more what this run changed
				m.Says += ", " + text.Plural(changesOf(r.Header), "change", "changes")
			}
			m.Says += ", " + q.style().Size(r.Header.CopiedByRun()) + " copied"
		} else if r.Snapshot != "" {
			m.Says += ", " + q.style().Size(r.Copied) + " copied; its snapshot was deleted since"
		}
		p.History = append(p.History, m)
		if r.End == destination.RunFailed || r.End == destination.RunIncomplete || r.End == destination.RunInterrupted {
			p.Troubled = append(p.Troubled, m)
		}
	}
	slices.Reverse(p.Troubled)
}

// runText says how a run ended.
func runText(r *query.Run) string {
	switch r.End {
	case destination.RunDone:
		return "done"
	case destination.RunUnchanged:
		return "nothing had changed"
	case destination.RunIncomplete:
		if r.Header != nil && r.Header.Errors > 0 {
			return text.Plural(r.Header.Errors, "file", "files") + " could not be read"
		}
		if r.Why != "" {
			return "not all was done: " + quote.Clean(r.Why)
		}
		if r.Rules != "" {
			return "done, but for rules: " + quote.Clean(r.Rules)
		}
		return "not everything could be read or done"
	case destination.RunInterrupted:
		return "interrupted"
	case destination.RunFailed:
		if r.Why == "" {
			return "failed"
		}
		return "failed: " + quote.Clean(r.Why)
	}
	return "at work"
}

// checksTold is what checks have read and found.
func (q *question) checksTold(p *healthPage) {
	c := p.Check
	if c == nil {
		return
	}
	for _, r := range slices.Backward(c.Reads) {
		if len(p.Reads) == readsShown {
			break
		}
		p.Reads = append(p.Reads, readMark{r.Time, report.ReadText(r.Read, 1)})
	}
	if c.Left != nil {
		p.Damage, p.Repair = q.damageRows(c.Left.Found), report.Way(p.Status, query.Damaged)
	}
}

// othersTold are the other destinations that are known, those of the same sources first.
func (q *question) othersTold(p *healthPage) {
	if q.o.Place.User == nil {
		return
	}
	own := strings.Join(p.Newest.AllSources(), ", ")
	p.Alone = true
	for _, o := range q.o.Place.Others() {
		c := copyRow{Place: o, Same: o.Source == own}
		switch o.Presence {
		case state.Here:
			c.There = "there"
		case state.Away:
			c.There = "not connected"
		default:
			c.There = "cannot be read"
		}
		p.Alone = p.Alone && !c.Same
		p.Others = append(p.Others, c)
	}
	slices.SortStableFunc(p.Others, func(a, b copyRow) int {
		switch {
		case a.Same == b.Same:
			return 0
		case a.Same:
			return -1
		}
		return 1
	})
}

// growthText says how fast the disk fills.
func (q *question) growthText(s *query.Space) string {
	switch g := &s.Growth; {
	case !g.Known:
		return "known after backups on five days"
	case g.PerDay <= 0:
		return "none lately"
	default:
		return "about " + q.style().Size(int64(g.PerDay)) + " a day"
	}
}

// problemsTold are the entries that the newest snapshot does not hold as they were.
func (q *question) problemsTold(p *healthPage) error {
	all, more, err := q.d.Problems(q.ctx, p.Newest, "", problemsShown)
	if err != nil {
		return err
	}
	p.Unlisted = more
	for i := range all {
		e := &all[i]
		p.Problems = append(p.Problems, problemRow{Path: e.Path, Says: problemText(e.Kind),
			URL: q.File(e.Path, "b", p.Newest.Name), Explain: "snap explain " + shellWord(e.Path) + q.here()})
	}
	return nil
}

func problemText(k query.ProblemKind) string {
	switch k {
	case query.NotRead:
		return "could not be read"
	case query.NotHeld:
		return "the destination cannot hold it"
	case query.ReadChanged:
		return "changed while it was read"
	}
	return "has more extended attributes than are kept"
}
