package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"snap/cli/settings"
	"snap/destination/retention"
	"snap/internal/hint"
	"snap/job"
	"snap/query"
	"snap/record"
)

// snapshotPage is one snapshot: what it is, what it did, and its labels.
type snapshotPage struct {
	*record.Header
	Sources []string
	State   record.State
	Before  *record.Header // nil: it is the oldest
	After   *record.Header
	Pinned  bool
	Tags    []string // but for the pin
	Here    bool
	Delete  string // the address of a look at what deleting it frees; "" where nothing can be deleted
}

// labelTime is how long a page waits for labels to be written.
const labelTime = 20 * time.Second

func (q *question) snapshotPage() error {
	name, err := url.PathUnescape(q.rest)
	if err != nil || name == "" {
		return notFound(errNoPath)
	}
	pos, ok, err := q.snapshot(name, q.Snapshot)
	if err != nil || !ok {
		return err
	}
	h := q.header(pos)
	p := &snapshotPage{Header: h, Sources: h.AllSources(), State: q.d.State(h), Pinned: retention.Pinned(h),
		Here: q.d.Present(h)}
	for _, t := range h.Tags {
		if t != retention.PinTag {
			p.Tags = append(p.Tags, t)
		}
	}
	if pos > 0 {
		p.Before = q.header(pos - 1)
	}
	if pos < q.newest() {
		p.After = q.header(pos + 1)
	}
	if q.deletes() && !p.Pinned {
		p.Delete = q.Delete(params{"d", seqText(h.Seq)})
	}
	if err := q.release(); err != nil {
		return err
	}
	return q.write(http.StatusOK, "snapshot", view{Title: "Snapshot " + q.stamp(h.Time), Nav: "overview", Body: p})
}

// labels takes what becomes of the tags and the note of a snapshot.
func (q *question) labels() error {
	if q.rest != "" {
		return notFound(errNoPath)
	}
	f := q.r.PostForm
	o := job.LabelOptions{Snapshots: f["snapshot"]}
	if len(o.Snapshots) == 0 {
		return hint.Usagef("the name of a snapshot is missing")
	}
	switch f.Get("pin") {
	case "":
	case "1":
		o.Add = []string{retention.PinTag}
	case "0": // until capitals were refused a tag could be Pin as well
		o.Remove = []string{retention.PinTag, "Pin", "PIN"}
	default:
		return hint.Usagef("pin is 1 or 0")
	}
	for _, t := range f["add"] {
		if err := settings.CheckTag(t); err != nil {
			return hint.Usagef("tag: %s", err)
		}
		o.Add = append(o.Add, t)
	}
	o.Remove = append(o.Remove, f["remove"]...)
	if f.Has("note") {
		note := f.Get("note")
		o.Note = &note
	}
	j, err := q.beginLabel(o)
	if err != nil {
		return err
	}
	select { // it takes next to nothing, but for a disk that has to spin up
	case <-j.Done():
	case <-time.After(labelTime):
	case <-q.ctx.Done():
	}
	if end := j.State().End; end == nil || end.Code != 0 {
		return q.toJob(j, nil)
	}
	http.Redirect(q.w, q.r, q.Snapshot(o.Snapshots[0]), http.StatusSeeOther)
	return nil
}

// beginLabel begins to label snapshots that are there.
func (q *question) beginLabel(o job.LabelOptions) (*job.Job, error) {
	if err := q.open(); err != nil {
		return nil, err
	}
	for _, name := range o.Snapshots {
		if !slices.ContainsFunc(q.d.Snapshots, func(h record.Header) bool { return h.Name == name }) {
			_, err := query.Resolver{Snapshots: q.d.Snapshots, Now: q.now, Exact: true}.Resolve(name)
			if err == nil { // another word for one
				err = hint.Usagef("snapshot is the whole name of a snapshot")
			}
			return nil, notFound(err)
		}
	}
	at, err := q.place()
	if err != nil {
		return nil, err
	}
	return q.beginJob(job.Label, func(ctx context.Context, w *job.Watcher) (any, error) {
		res, err := at.Label(ctx, w, o)
		if res == nil {
			return nil, err
		}
		return res, err
	})
}

// place is where jobs work: the destination that was looked at, and no other in its place.
func (q *question) place() (at job.Place, err error) {
	at = q.o.Place
	if at.ID, err = q.d.DB.ID(q.ctx); err != nil {
		return at, query.IndexHint(err, q.o.Dir)
	}
	return at, q.release()
}
