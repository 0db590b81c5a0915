package web

import (
	"fmt"
	"net/http"
	"strconv"

	"snap/cli/wire"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/job"
)

// events tells how a job gets on, as server-sent events, until it has ended or nobody listens.
func (q *question) events(j *job.Job) error {
	after, _ := strconv.Atoi(q.r.Header.Get("Last-Event-ID")) // what is no number has heard nothing
	if s := j.State(); s.End != nil && after > 0 {
		q.w.WriteHeader(http.StatusNoContent) // there is no more, and a browser stops asking
		return nil
	}
	if err := q.release(); err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "text/event-stream")
	q.w.WriteHeader(http.StatusOK)
	w, flush := q.patient(), http.NewResponseController(q.w)
	_ = flush.Flush() // whoever listens knows at once that somebody will tell
	for e := range j.Watch(q.ctx, after) {
		name, value := q.event(j, &e)
		b, err := wire.Encode(value)
		if err != nil {
			return abort(err)
		}
		if _, err := fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", e.ID, name, b); err != nil {
			return abort(err)
		}
		_ = flush.Flush() // a writer that cannot sends it all the same
		q.touch()
	}
	return nil
}

// event is one of them, and what it is called.
func (q *question) event(j *job.Job, e *job.Event) (name string, value any) {
	switch {
	case e.Progress != nil:
		return "status", wire.NewJobStatus(e.Progress, q.style().Standing(e.Progress))
	case e.Problem != nil:
		p := wire.JobProblem{Type: "error", Error: quote.Clean(e.Problem.Err.Error())}
		p.Path, p.PathB64 = wire.Name(e.Problem.Path)
		return "error", p
	case e.End != nil:
		return "summary", q.summary(j)
	}
	return "note", wire.JobNote{Type: "note", Text: quote.Clean(e.Note)}
}

// summary is how a job ended.
func (q *question) summary(j *job.Job) *wire.JobEnd {
	s, p := j.State(), q.told(j)
	end := &wire.JobEnd{Type: "summary", Kind: string(j.Kind), Code: s.End.Code, Hints: []string{}, Text: p.Title}
	if p.Text != "" {
		end.Text += ": " + quote.Clean(p.Text)
	}
	if err := s.End.Err; err != nil {
		end.Error = quote.Clean(err.Error())
		for _, line := range hint.Lines(err, asText) {
			end.Hints = append(end.Hints, quote.Clean(line))
		}
	}
	switch res := s.End.Result.(type) {
	case *job.BackupResult:
		if res.Result != nil {
			b := res.JSON()
			end.Backup = &b
		}
	case *job.RemoveResult:
		r := wire.NewRemovedSummary(q.o.Dir, res.Plan, false, nil, res.Took)
		end.Removed = &r
	case *job.RestoreResult:
		r := wire.NewRestoreSummary(&res.Result, j.Kind == job.Look, res.Took)
		end.Restore = &r
		if j.Kind == job.Look {
			end.Look = &wire.LookCounts{New: res.New.Count, Replaced: res.Replaced.Count, Left: res.Left.Count,
				Retouched: res.Retouched.Count}
			end.Ticket = p.Look.Ticket
		}
	}
	return end
}
