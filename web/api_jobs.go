package web

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"snap/cli/wire"
	"snap/destination/check"
	"snap/internal/hint"
	"snap/job"
	"snap/record"
)

// What a program can begin: JSON in, the job out.

// apiPosts are what can be begun, by their names.
var apiPosts = map[string]func(q *question) (*job.Job, error){
	"backup":  (*question).apiBackup,
	"check":   (*question).apiCheck,
	"restore": (*question).apiRestore,
	"tag":     (*question).apiTag,
	"note":    (*question).apiNote,
}

func (q *question) apiPost() error {
	if kind, _, err := mime.ParseMediaType(q.r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &statusError{http.StatusUnsupportedMediaType, hint.Usagef("the question has to be application/json")}
	}
	if of, ok := strings.CutPrefix(q.rest, "jobs/"); ok {
		q.rest = of
		j, what, err := q.job()
		if err == nil && what != "cancel" {
			err = notFound(errNoQuestion)
		}
		if err != nil {
			return err
		}
		j.Cancel()
		return q.answerJob(j)
	}
	begin, ok := apiPosts[q.rest]
	if !ok && q.deletes() {
		if ask, there := apiDeletes[q.rest]; there {
			return ask(q)
		}
	}
	if !ok {
		return notFound(errNoQuestion)
	}
	j, err := begin(q)
	if err != nil {
		return err
	}
	return q.answerJob(j)
}

// body reads what was sent. What it does not know is a mistake: "dry_runs" must not mean that it is done.
func (q *question) body(into any) error {
	d := json.NewDecoder(q.r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is something behind it")
		}
	}
	if err != nil {
		return hint.Usagef("what was sent is not the JSON that is meant: %s", err)
	}
	return nil
}

func (q *question) apiBackup() (*job.Job, error) {
	var o struct {
		Tags  []string `json:"tags"`
		Note  string   `json:"note"`
		Force bool     `json:"force"`
	}
	if err := q.body(&o); err != nil {
		return nil, err
	}
	return q.beginBackup(job.BackupOptions{Tags: o.Tags, Note: o.Note, Force: o.Force})
}

func (q *question) apiCheck() (*job.Job, error) {
	var o struct {
		ReadData bool `json:"read_data"`
	}
	if err := q.body(&o); err != nil {
		return nil, err
	}
	return q.beginCheck(check.Subset{All: o.ReadData})
}

func (q *question) apiRestore() (*job.Job, error) {
	var o struct {
		Snapshot  string   `json:"snapshot"`
		Paths     []string `json:"paths"`
		PathsB64  [][]byte `json:"paths_b64"`
		Target    string   `json:"target"`
		InPlace   bool     `json:"in_place"`
		Overwrite string   `json:"overwrite"`
		DryRun    bool     `json:"dry_run"`
		Ticket    string   `json:"ticket"`
	}
	if err := q.body(&o); err != nil {
		return nil, err
	}
	if !o.DryRun {
		return q.bringBack(o.Ticket)
	}
	for _, b := range o.PathsB64 {
		o.Paths = append(o.Paths, string(b))
	}
	if (o.Target != "") == o.InPlace {
		return nil, hint.Usagef("either target or in_place is needed")
	}
	for _, p := range o.Paths {
		if p != "" && !record.ValidPath(p) {
			return nil, errNoPath
		}
	}
	if len(o.Paths) == 0 {
		return nil, hint.Usagef("nothing is named in paths; all of a snapshot is \"\"")
	}
	mode, err := modeNamed(o.Overwrite)
	if err != nil {
		return nil, err
	}
	ro := job.RestoreOptions{Paths: outermost(o.Paths), Overwrite: mode}
	if !o.InPlace {
		if ro.Target, err = q.target(o.Target); err != nil {
			return nil, err
		}
	}
	if err := q.open(); err != nil {
		return nil, err
	}
	if o.Snapshot == "" {
		o.Snapshot = "latest"
	}
	pos, err := q.d.Resolver().Resolve(o.Snapshot)
	if err != nil {
		return nil, notFound(err)
	}
	h := q.header(pos)
	ro.Snapshot = h.Name
	return q.beginLook(ro, h, ro.Paths[0])
}

// answerJob says which job it is.
func (q *question) answerJob(j *job.Job) error {
	return q.lines(oneDocument).json(q.wireJob(j))
}

func (q *question) wireJob(j *job.Job) wire.Job {
	w := wire.Job{ID: j.ID, Kind: string(j.Kind), Begin: j.Begin}
	if s := j.State(); s.End != nil {
		w.Ended, w.Summary = &s.Ended, q.summary(j)
	}
	return w
}

// apiJobs are the last jobs, one of them, or its events.
func (q *question) apiJobs() error {
	if q.rest == "" {
		all := []wire.Job{}
		for _, j := range slices.Backward(q.site.jobs.Jobs()) {
			all = append(all, q.wireJob(j))
		}
		return q.lines(oneDocument).json(all)
	}
	j, what, err := q.job()
	switch {
	case err != nil:
		return err
	case what == "":
		return q.answerJob(j)
	case what == "events":
		return q.events(j)
	}
	return notFound(errNoQuestion)
}
