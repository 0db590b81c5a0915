package web

import (
	"errors"
	"strings"
	"time"

	"snap/internal/hint"
	"snap/internal/quote"
	"snap/job"
	"snap/query"
	"snap/record"
)

// Where somebody goes on from a page that is an end: an error, or a job that is done.

// way is a link that leads on.
type way struct{ Text, URL string }

// wayError is an error with the ways that lead on from it.
type wayError struct {
	error
	ways []way
}

func (e *wayError) Unwrap() error { return e.error }

// waysFrom are those of an error page.
func (q *question) waysFrom(err error) (ways []way) {
	var known *wayError
	if errors.As(err, &known) {
		ways = known.ways
	}
	if j := q.site.jobs.Present(); j != nil && errors.Is(err, job.ErrRunning) {
		ways = append(ways, way{"The job at work", q.Job(j.ID)})
	}
	return append(ways, way{"Overview", q.Home()}, way{"Files", q.Files("latest", "")})
}

// nearest are the ways from a snapshot that is not there, mostly because it was deleted meanwhile: to the one nearest
// to its name in time, and to the newest.
func (q *question) nearest(ref string, named func(name string) string) (ways []way) {
	const layout = "20060102-150405"
	t, err := time.ParseInLocation(layout, ref[:min(len(ref), len(layout))], q.now.Location())
	if err != nil {
		return nil
	}
	var near *record.Header
	for i := range q.d.Snapshots {
		h := q.header(i)
		if near == nil || h.Time.Sub(t).Abs() < near.Time.Sub(t).Abs() {
			near = h
		}
	}
	ways = append(ways, way{"The nearest, " + q.stamp(near.Time), named(near.Name)})
	if newest := q.d.Newest(); newest != near {
		ways = append(ways, way{"The newest", named(newest.Name)})
	}
	return ways
}

// hintsOf are the hints of an error for a page, where nobody types a flag.
func hintsOf(err error) (all []string) {
	for _, line := range hint.Lines(err, asText) {
		line, _, _ = strings.Cut(line, ", or let this run wait: --lock-wait")
		all = append(all, quote.Clean(line))
	}
	return all
}

// waysAfter are the ways that lead on from a job that has ended. looked is where a restore or a look began, "" for
// none.
func (q *question) waysAfter(kind job.Kind, end *job.End, looked string) (ways []way) {
	switch kind {
	case job.Label:
		if res, _ := end.Result.(*job.LabelResult); res != nil && len(res.Snapshots) == 1 {
			ways = append(ways, way{"The snapshot", q.Snapshot(res.Snapshots[0].Name)})
		}
		ways = append(ways, way{"Snapshots", q.Snapshots("")})
	case job.Delete, job.Prune:
		ways = append(ways, way{"Snapshots", q.Snapshots("")}, way{"Space", q.Space("")})
	case job.Check:
		ways = append(ways, way{"Health", q.Health()})
	case job.Backup:
		if res, _ := end.Result.(*job.BackupResult); res != nil && res.Result != nil && res.Header != nil {
			return nil // its page has them
		}
		if end.Code != 0 {
			ways = append(ways, way{"Health", q.Health()})
		}
	case job.Restore, job.Look:
		if looked != "" {
			ways = append(ways, way{"Back to the files", looked})
		}
	}
	return append(ways, way{"Overview", q.Home()})
}

// cancelledTexts say what was cancelled.
var cancelledTexts = map[job.Kind]string{
	job.Backup: "The backup was cancelled", job.Restore: "The restore was cancelled", job.Look: "The look was cancelled",
	job.Check: "The check was cancelled", job.Label: "The labelling was cancelled",
	job.Delete: "The deletion was cancelled", job.Prune: "The deletion was cancelled",
}

// unknownSnapshot is the error of a reference that names no snapshot, with the ways on.
func (q *question) unknownSnapshot(err error, ref string, named func(name string) string) error {
	if len(q.d.Snapshots) == 0 || hint.IsUsage(err) {
		return notFound(err)
	}
	return &wayError{notFound(query.IndexHint(err, q.o.Dir)), q.nearest(ref, named)}
}
