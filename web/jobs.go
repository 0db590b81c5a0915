package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"snap/cli/exit"
	"snap/destination"
	"snap/destination/check"
	"snap/internal/hint"
	"snap/job"
)

// What takes long runs beside the pages, one at a time, and each page tells how it gets on. A POST begins it and is
// answered with the page of the job; that page can be left and found again.

// errBusy says that another job is at work.
var errBusy = exit.With(exit.Locked, hint.With(job.ErrRunning, "wait until it is done, or cancel it"))

// begin starts a job.
func (s *site) beginJob(kind job.Kind, work job.Work) (*job.Job, error) {
	j, err := s.jobs.Start(kind, work)
	if errors.Is(err, job.ErrRunning) {
		err = errBusy
	}
	return j, err
}

// soon waits for a job, for as long as a page may take: what ends by then needs no other.
func (q *question) soon(j *job.Job) {
	select {
	case <-j.Done():
	case <-time.After(soonTime):
	case <-q.ctx.Done():
	}
}

const soonTime = time.Second

// toJob answers with the page of a job that has begun.
func (q *question) toJob(j *job.Job, err error) error {
	if err != nil {
		return err
	}
	q.soon(j)
	http.Redirect(q.w, q.r, q.Job(j.ID), http.StatusSeeOther)
	return nil
}

// backup makes a snapshot of what the newest one is of.
func (q *question) backup() error {
	if q.rest != "" {
		return notFound(errNoPath)
	}
	return q.toJob(q.orSame(job.Backup)(
		q.beginBackup(job.BackupOptions{Note: q.r.PostForm.Get("note"), Tags: q.r.PostForm["tag"]})))
}

func (s *site) beginBackup(o job.BackupOptions) (*job.Job, error) {
	return s.beginJob(job.Backup, func(ctx context.Context, w *job.Watcher) (any, error) {
		res, err := s.o.Place.Backup(ctx, w, o)
		if res == nil { // no value at all, rather than one without content
			return nil, err
		}
		return res, err
	})
}

// orSame gives the job at work where another one of its kind could not begin: who asks twice means one.
func (q *question) orSame(kind job.Kind) func(*job.Job, error) (*job.Job, error) {
	return func(j *job.Job, err error) (*job.Job, error) {
		if p := q.site.jobs.Present(); errors.Is(err, job.ErrRunning) && p != nil && p.Kind == kind {
			return p, nil
		}
		return j, err
	}
}

// check makes sure that the destination holds what it should; with "read" it reads every byte.
func (q *question) check() error {
	if q.rest != "" {
		return notFound(errNoPath)
	}
	return q.toJob(q.orSame(job.Check)(q.beginCheck(check.Subset{All: q.r.PostForm.Get("read") != ""})))
}

func (s *site) beginCheck(read check.Subset) (*job.Job, error) {
	return s.beginJob(job.Check, func(ctx context.Context, w *job.Watcher) (any, error) {
		res, err := s.o.Place.Check(ctx, w, read)
		if res == nil {
			return nil, err
		}
		return res, err
	})
}

// job takes "{id}" or "{id}/{what}" apart.
func (q *question) job() (j *job.Job, what string, err error) {
	number, what, _ := strings.Cut(q.rest, "/")
	id, err := strconv.Atoi(number)
	if err == nil {
		j = q.site.jobs.Job(id)
	}
	if j == nil {
		return nil, "", notFound(hint.With(errors.New("there is no such job"), "the last ten are known, until snap web ends"))
	}
	return j, what, nil
}

// jobPages are the list of jobs, and a page of each.
func (q *question) jobPages() error {
	if q.rest == "" {
		p := &jobsPage{}
		for _, j := range q.site.jobs.Jobs() {
			p.Jobs = append(p.Jobs, q.told(j))
		}
		if err := q.open(); err == nil { // to see whether another process is at work there
			_ = q.release()
		}
		return q.write(http.StatusOK, "jobs", view{Title: "Jobs", Body: p})
	}
	j, what, err := q.job()
	if err != nil {
		return err
	}
	switch what {
	case "":
		p := q.told(j)
		_ = q.damageOf(j, p) // the job is told even where the destination is gone
		_ = q.release()
		v := view{Title: p.Title, Body: p, Refresh: p.Running, NoLine: true}
		if q.r.Header.Get("Snap-Fragment") == "line" {
			v.Job = q.line(j)
		}
		return q.write(http.StatusOK, "job", v)
	case "events":
		return q.events(j)
	}
	return notFound(errNoPath)
}

// cancel ends a job at the next place where nothing is left half done.
func (q *question) cancel() error {
	j, what, err := q.job()
	if err != nil {
		return err
	}
	if what != "cancel" {
		return notFound(errNoPath)
	}
	j.Cancel()
	return q.toJob(j, nil)
}

// jobLine is what every page says of a job, at its top.
type jobLine struct {
	ID      int // 0: it is of another process
	Tone    string
	Title   string
	Text    string
	Share   float64 // of the work, from 0 to 1; below 0: not known
	Running bool
	URL     string
	Events  string
	Cancel  string
}

// present is the job that every page tells of: the one of this process, else what another one does; nil for none.
func (q *question) present() *jobLine {
	if j := q.site.jobs.Present(); j != nil && j.State().End == nil {
		return q.line(j)
	}
	if q.d == nil {
		return nil
	}
	h := destination.Present(q.d.Root)
	if h == nil || h.PID == os.Getpid() {
		return nil
	}
	if h.PID == 0 {
		return &jobLine{Title: "Another run is at work", Text: h.Text, Tone: "busy", Share: -1, Running: true}
	}
	text := fmt.Sprintf("since %s, process %d", h.Since.In(q.now.Location()).Format("15:04"), h.PID)
	if h.Since.IsZero() {
		text = fmt.Sprintf("process %d", h.PID)
	}
	if name, err := os.Hostname(); err != nil || name != h.Host {
		text += " on " + h.Host
	}
	return &jobLine{Title: "snap " + h.What + " is at work", Text: text, Tone: "busy", Share: -1, Running: true}
}

// line is what is told of a job of this process.
func (q *question) line(j *job.Job) *jobLine {
	p := q.told(j)
	l := &jobLine{ID: j.ID, Tone: p.Tone, Title: p.Title, Text: p.Text, Share: p.Share, Running: p.Running,
		URL: q.Job(j.ID)}
	if l.Running {
		l.Events, l.Cancel = q.Job(j.ID)+"/events", q.Job(j.ID)+"/cancel"
	}
	return l
}
