package web

import (
	"crypto/rand"
	"errors"
	"slices"
	"sync"

	"snap/cli/exit"
	"snap/internal/hint"
	"snap/job"
	"snap/record"
	"snap/restore"
)

// A restore is looked at first: a job finds out what it would do, and leaves a ticket for doing that, once. Without a
// ticket nothing is restored; with it, nothing but what was looked at, as long as it would still do the same.

// look is one that was begun, and what came of it.
type look struct {
	ticket  string
	looking *job.Job
	done    *job.Job // the restore; nil: none has begun
	options job.RestoreOptions
	from    *record.Header
	back    string // the address of what is restored
	home    job.Place
}

// looks are the last ones.
type looks struct {
	mu  sync.Mutex
	all []*look
}

const looksKept = 10

func (l *looks) add(one *look) {
	one.ticket = rand.Text()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all[max(0, len(l.all)-looksKept+1):], one)
}

// find is the look or the restore of a job, nil for none.
func (l *looks) find(j *job.Job) *look {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.IndexFunc(l.all, func(o *look) bool { return o.looking == j || o.done == j }); i >= 0 {
		return l.all[i]
	}
	return nil
}

// errNoTicket says that a restore was not looked at.
var errNoTicket = exit.With(exit.Refused, hint.With(
	errors.New("nothing is restored without a look at what it would do"),
	"look first; a look is good for one restore, until snap web ends"))

// use begins the restore that a ticket is for. start is what begins it.
func (l *looks) use(ticket string, start func(*look) (*job.Job, error)) (*job.Job, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.all, func(o *look) bool { return ticket != "" && o.ticket == ticket })
	if i < 0 {
		return nil, errNoTicket
	}
	if l.all[i].done != nil { // it was asked twice, and done once
		return l.all[i].done, nil
	}
	if l.all[i].seen() == nil {
		return nil, errNoTicket
	}
	var err error
	l.all[i].done, err = start(l.all[i])
	if err != nil {
		l.all[i].done = nil
	}
	return l.all[i].done, err
}

// seen is what the look has found, nil where it has not come to an end at which there is something to restore.
func (o *look) seen() *job.RestoreResult {
	end := o.looking.State().End
	if end == nil || end.Err != nil {
		return nil
	}
	res, _ := end.Result.(*job.RestoreResult)
	return res
}

// lookPage is a look as its page, and that of the restore, tell of it.
type lookPage struct {
	Snap   *record.Header
	Paths  []string
	More   int // of them
	Target string
	There  bool // where it was
	Mode   string
	Back   string

	Counted []counted
	Doing   string // what the button does; "" for nothing
	Ticket  string
	Done    string        // the address of the restore that came of it; "" for none
	Other   []overwriting // what else could be done with what is there
	Again   int           // the number of the look, for those
	Command string
}

const pathsNamed = 12

// of is the look that a job is, or was begun by; nil for none.
func (l *looks) of(q *question, j *job.Job) *lookPage {
	o := l.find(j)
	if o == nil {
		return nil
	}
	p := &lookPage{Snap: o.from, Paths: o.options.Paths, Target: o.options.Target, There: o.options.Target == "",
		Mode: modeOf(o.options.Overwrite).Says, Back: o.back, Again: o.looking.ID, Command: q.restoreCommand(o)}
	if n := len(p.Paths); n > pathsNamed {
		p.Paths, p.More = p.Paths[:pathsNamed], n-pathsNamed
	}
	if p.There {
		p.Target = o.from.Source
	}
	if j != o.looking {
		return p
	}
	res := o.seen()
	if res == nil {
		if s := j.State(); s.End != nil {
			if res, _ := s.End.Result.(*job.RestoreResult); res != nil && res.Exists != nil {
				p.Other = overwritings[1:]
			}
		}
		return p
	}
	p.Counted = countedIn(res)
	l.mu.Lock()
	defer l.mu.Unlock()
	if o.done == nil {
		p.Doing, p.Ticket = doing(res), o.ticket
	} else {
		p.Done = q.Job(o.done.ID)
	}
	return p
}

// overwriting is a choice of what is done with what is there.
type overwriting struct {
	Value string
	Mode  restore.Overwrite
	Says  string
	Flag  string
}

// overwritings are all that a page offers, the safest first.
var overwritings = []overwriting{
	{"never", restore.Never, "Stop, and tell me", ""},
	{"skip", restore.Skip, "Leave it, and restore the rest", " --overwrite skip"},
	{"if-changed", restore.IfChanged, "Replace what differs", " --overwrite if-changed"},
	{"if-newer", restore.IfNewer, "Keep what is newer, replace the rest", " --overwrite if-newer"},
}

func modeOf(m restore.Overwrite) overwriting {
	i := slices.IndexFunc(overwritings, func(o overwriting) bool { return o.Mode == m })
	return overwritings[max(i, 0)]
}

// modeNamed is the choice of this name; "" is the safest.
func modeNamed(name string) (restore.Overwrite, error) {
	if name == "" {
		return restore.Never, nil
	}
	i := slices.IndexFunc(overwritings, func(o overwriting) bool { return o.Value == name })
	if i < 0 {
		return 0, hint.Usagef("overwrite is never, skip, if-changed or if-newer")
	}
	return overwritings[i].Mode, nil
}
