package web

import (
	"slices"
	"strings"
	"time"

	"snap/cli/text"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/job"
	"snap/record"
	"snap/restore"
)

// jobsPage are the last jobs.
type jobsPage struct{ Jobs []*jobPage }

// jobPage is one job, at work or at its end.
type jobPage struct {
	ID      int
	Kind    job.Kind
	Begin   time.Time
	Took    time.Duration
	Running bool
	Tone    string // "busy", "good", "warn" or "bad"
	Title   string
	Text    string
	Share   float64
	Path    string // that it is at
	Events  string
	Cancel  string

	Error    string
	Hints    []string
	Problems []toldProblem
	Damage   []damageRow // that a check found, or that is in what is restored
	More     int         // problems that are not named
	Notes    []string
	Ways     []way // on from its end
	Retry    bool  // a backup that made no snapshot: it can be tried again

	Snapshot *record.Header // that a backup made
	Removed  []string       // snapshots that the rules deleted
	Look     *lookPage      // of a look, and of the restore that came of it
	Exists   *restore.ExistsError
}

// toldProblem is something that went wrong.
type toldProblem struct{ Path, Text string }

// told is how a job is now.
func (q *question) told(j *job.Job) *jobPage {
	s := j.State()
	p := &jobPage{ID: j.ID, Kind: j.Kind, Begin: j.Begin, Share: -1, Events: q.Job(j.ID) + "/events",
		Cancel: q.Job(j.ID) + "/cancel"}
	for _, one := range s.Last {
		p.Problems = append(p.Problems, toldProblem{one.Path, quote.Clean(one.Err.Error())})
	}
	p.More = s.Problems - len(s.Last)
	for _, n := range s.Notes {
		p.Notes = append(p.Notes, quote.Clean(n))
	}
	p.Look = q.looks.of(q, j)
	if s.End == nil {
		p.Running, p.Tone = true, "busy"
		p.Title = map[job.Kind]string{job.Backup: "Backing up", job.Restore: "Restoring", job.Look: "Looking",
			job.Check: "Checking", job.Label: "Labelling", job.Delete: "Deleting", job.Prune: "Deleting by rules"}[j.Kind]
		if p.Text = "begins"; s.Progress.Stage != "" {
			p.Text, p.Share, p.Path = q.style().Standing(&s.Progress), s.Progress.Share, s.Progress.Path
		}
		return p
	}
	p.Took = s.Ended.Sub(j.Begin)
	switch s.End.Code {
	case 0:
		p.Tone = "good"
	case 1:
		p.Tone = "bad"
	default:
		p.Tone = "warn"
	}
	if err := s.End.Err; err != nil {
		var lines []string
		for _, part := range hint.Parts(err) {
			lines = append(lines, quote.Clean(part.Error()))
		}
		p.Error = strings.Join(lines, "; ")
		p.Hints = hintsOf(err)
	}
	q.ended(p, &s)
	return p
}

// ended are the words for what came of a job.
func (q *question) ended(p *jobPage, s *job.State) {
	cancelled := s.End.Err != nil && s.End.Code == 130
	switch res := s.End.Result.(type) {
	case *job.BackupResult:
		p.Removed = res.Pruned.Names
		switch {
		case res.Result == nil:
		case res.Skipped:
			p.Title, p.Text = "Nothing has changed", "so no snapshot was made"
		case res.Header != nil:
			p.Title, p.Snapshot = "Backed up", res.Header
			p.Text = text.Plural(changesOf(res.Header), "change", "changes") + ", " +
				q.style().Size(res.Header.CopiedByRun()) + " copied"
			if res.Header.Errors > 0 {
				p.Text += "; " + text.Plural(res.Header.Errors, "file", "files") + " could not be read"
			}
		}
		if n := res.Pruned.Removed; n > 0 {
			p.Text += "; the rules deleted " + text.Plural(int64(n), "snapshot", "snapshots")
		}
	case *job.RestoreResult:
		p.Exists = res.Exists
		if p.Kind == job.Restore && s.End.Err == nil {
			p.Title = "Restored"
			p.Text = text.Plural(res.FilesRestored, "file", "files") + ", " + q.style().Size(res.BytesRestored) + ", to " +
				nameText(res.Target)
		} else if p.Kind == job.Look && s.End.Err == nil {
			p.Title, p.Text = "This is what it would do", res.Target
		}
		if res.Exists != nil {
			p.Title = text.Plural(res.Exists.Count, "file", "files") + " would be overwritten"
			p.Text, p.Error, p.Hints, p.Tone = "nothing was written", "", nil, "warn"
		}
		if res.Errors > 0 {
			p.Text += "; with " + text.Plural(res.Errors, "file", "files") + " something is wrong"
		}
	case *job.RemoveResult:
		if s.End.Err == nil {
			p.Title = "Deleted " + text.Plural(len(res.Removed), "snapshot", "snapshots")
			p.Text = q.style().Size(res.Freed) + " freed"
		}
	case *job.LabelResult:
		p.Title, p.Text = "Labelled", text.Plural(len(res.Snapshots), "snapshot", "snapshots")
	case *job.CheckResult:
		switch {
		case s.End.Err != nil:
		case res.Errors > 0:
			p.Title, p.Text = "Damage was found", text.Plural(res.Errors, "fault", "faults")
		default:
			p.Title = "All is well"
			p.Text = text.Plural(res.Files, "entry", "entries") + " in " + text.Plural(res.Snapshots, "snapshot", "snapshots")
			if res.InodesRead > 0 {
				p.Text += ", " + q.style().Size(res.BytesRead) + " read"
			}
		}
	}
	if p.Title == "" {
		p.Title = map[job.Kind]string{job.Backup: "The backup failed", job.Restore: "The restore failed",
			job.Look: "This cannot be restored so", job.Check: "The check failed", job.Label: "The labels stay as they were",
			job.Delete: "The deletion failed", job.Prune: "The deletion failed"}[p.Kind]
	}
	if cancelled {
		p.Title, p.Error, p.Tone = cancelledTexts[p.Kind], "", "warn"
	}
	looked := ""
	if p.Look != nil {
		looked = p.Look.Back
	}
	p.Ways = q.waysAfter(p.Kind, s.End, looked)
	p.Retry = p.Kind == job.Backup && s.End.Code != 0 && p.Snapshot == nil
}

// counted are the entries that something would happen to, for the page.
type counted struct {
	Title  string
	Places []string
	Count  int64
	More   int64
}

// countedIn are those of a look.
func countedIn(res *job.RestoreResult) (all []counted) {
	for _, c := range []struct {
		title string
		of    *job.Places
	}{
		{"Replaced", &res.Replaced}, {"New", &res.New}, {"Only owner, mode and times are set", &res.Retouched},
		{"Left as it is", &res.Left},
	} {
		if c.of.Count > 0 {
			shown := slices.Clone(c.of.First[:min(len(c.of.First), placesShown)])
			all = append(all, counted{c.title, shown, c.of.Count, c.of.Count - int64(len(shown))})
		}
	}
	return all
}

const placesShown = 200
