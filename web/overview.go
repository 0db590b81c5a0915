package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"snap/cli/report"
	"snap/cli/text"
	"snap/index"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// overview is the first page: is all well, what changed, which snapshots are there.
type overview struct {
	*query.Status
	Tone     string // "good", "warn", "bad" or "busy"
	Headline string
	Told     []concern
	Oldest   *record.Header
	Usual    string
	Sources  string
	Full     string
	Checked  string
	CheckHow string
	Disk     *disk // nil: not counted yet

	Year    calendar
	Changes []change
	More    int64
	First   bool // the newest snapshot is the first one
	Days    []day
	Command string
}

// concern is something that is not as it should be, and the command that helps.
// URL is the page that says more; "": none does.
type concern struct{ Text, Command, URL string }

// disk is what all snapshots take together.
type disk struct {
	Bytes int64
	Saved int // percent
}

// change is an entry that the newest snapshot changed.
type change struct {
	index.Difference
	Along int // so many entries moved with it
}

// Size is by how much it grew, or how large it is.
func (c change) Size() int64 {
	switch {
	case c.Before == nil:
		return c.After.Size
	case c.After == nil:
		return c.Before.Size
	}
	return c.After.Size - c.Before.Size
}

const (
	changesShown   = 7
	changesRead    = 4096 // of one snapshot, to find how folders moved
	snapshotsShown = 9
)

func (q *question) overview() error {
	if q.rest != "" {
		return notFound(errNoPath)
	}
	if err := q.open(); err != nil {
		return err
	}
	if q.r.Header.Get("Snap-Fragment") == "disk" {
		d, err := q.disk()
		if err != nil {
			return err
		}
		return q.write(http.StatusOK, "overview", view{Body: &overview{Disk: d}})
	}
	o := &overview{Command: "snap status" + q.here()}
	var judged query.StatusOptions
	if q.o.Judge != nil {
		judged, _ = q.o.Judge(q.d)
	}
	var err error
	if o.Status, err = q.d.Status(q.ctx, judged); err != nil {
		return err
	}
	if o.Newest == nil {
		return q.nothingYet()
	}
	if q.form.Has("count") {
		if o.Disk, err = q.disk(); err != nil {
			return err
		}
	}
	q.judge(o)
	o.Oldest = &q.d.Snapshots[0]
	o.Sources = quote.List(o.Newest.AllSources())
	o.Year = newCalendar(q.d.Snapshots, q.now)
	shown := q.d.Snapshots[max(0, len(q.d.Snapshots)-snapshotsShown):]
	o.Days = byDay(shown, q.now.Location())
	if o.First = len(q.d.Snapshots) == 1; !o.First {
		if o.Changes, o.More, err = q.changes(q.newest()); err != nil {
			return err
		}
	}
	if err := q.release(); err != nil {
		return err
	}
	return q.write(http.StatusOK, "overview", view{Title: o.Headline, Nav: "overview", Body: o})
}

// judge finds the words for how the destination is.
func (q *question) judge(o *overview) {
	p := q.printer()
	o.Tone, o.Headline = "good", "Backed up "+q.ago(o.Last.Time)
	has := func(c query.Concern) bool { return slices.Contains(o.Concerns, c) }
	switch {
	case has(query.Damaged):
		o.Tone, o.Headline = "bad", "Damage was found"
	case o.Running != "":
		o.Tone, o.Headline = "busy", "A run is at work"
	case has(query.Failed):
		o.Tone, o.Headline = "bad", q.failedText(o.Status)
	case has(query.NotAllDone):
		o.Tone, o.Headline = "warn", o.Headline+", but not all was done"
	case has(query.Interrupted):
		o.Tone, o.Headline = "warn", "Interrupted; what was copied is kept"
	case has(query.LateBackup):
		o.Tone, o.Headline = "warn", o.Headline+", which is longer than usual"
	case has(query.Unreadable):
		o.Tone, o.Headline = "warn", o.Headline+"; "+text.Plural(o.Newest.Errors, "file", "files")+" could not be read"
	case len(o.Concerns) > 0:
		o.Tone = "warn"
	}
	for _, c := range o.Concerns {
		told := concern{Text: capital(quote.Clean(p.Concern(o.Status, c))), Command: report.Way(o.Status, c)}
		if c == query.Damaged { // what helps depends on what else is whole: Health says it
			told.Command, told.URL = "", q.Health()+"#damage"
		}
		o.Told = append(o.Told, told)
	}
	if o.Last.Usual > 0 {
		o.Usual = "a backup " + every(o.Last.Usual) + " is usual here"
	}
	switch g := &o.Space.Growth; {
	case !g.Known:
		o.Full = "how it grows shows after five days"
	case o.Space.Full.IsZero():
		o.Full = "enough for years, at this pace"
	default:
		o.Full = "used up in " + lengthText(o.Space.Full.Sub(q.now)) + ", at this pace"
	}
	switch c := o.Check; {
	case c == nil:
		o.Checked, o.CheckHow = "never", "snap check finds out"
	case c.Errors > 0:
		o.Checked, o.CheckHow = q.ago(c.Time), text.Plural(c.Errors, "fault", "faults")+" found"
	default:
		o.Checked, o.CheckHow = q.ago(c.Time), report.ReadText(c.Read, o.DataRead)+", all well"
	}
}

// failedText says that backups fail, and how old the last is that did not.
func (q *question) failedText(s *query.Status) string {
	failed := "The last backup failed"
	if n := s.Failure.Count; n > 1 {
		failed = "The last " + text.Plural(n, "backup", "backups") + " failed"
	}
	return failed + "; the last good one was " + q.ago(s.Last.Time)
}

// Whole reports whether the last run is the one that made the newest snapshot, and it read everything.
func (o *overview) Whole() bool {
	return o.Newest.Errors == 0 && o.Failure == nil && o.Unwell == nil && o.Stopped == nil
}

// every is an interval in words.
func every(d time.Duration) string {
	for _, word := range []struct {
		text     string
		from, to time.Duration
	}{
		{"an hour", 50 * time.Minute, 70 * time.Minute},
		{"a day", 20 * time.Hour, 28 * time.Hour},
		{"a week", 6 * 24 * time.Hour, 8 * 24 * time.Hour},
	} {
		if d >= word.from && d <= word.to {
			return word.text
		}
	}
	return "every " + lengthText(d)
}

// lengthText is a length of time in words, rounded to one unit.
func lengthText(d time.Duration) string {
	for _, unit := range []struct {
		of        time.Duration
		one, many string
	}{
		{365 * 24 * time.Hour, "year", "years"},
		{30 * 24 * time.Hour, "month", "months"},
		{24 * time.Hour, "day", "days"},
		{time.Hour, "hour", "hours"},
	} {
		if n := (d + unit.of/2) / unit.of; d >= unit.of*3/2 || n >= 1 && d >= unit.of*9/10 {
			return text.Plural(int64(n), unit.one, unit.many)
		}
	}
	return text.Plural(int64(max(1, d/time.Minute)), "minute", "minutes")
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// disk counts what all snapshots take. The first time it reads the whole index, which is not held meanwhile.
func (q *question) disk() (*disk, error) {
	if err := q.release(); err != nil {
		return nil, err
	}
	s, err := q.d.Stats(q.ctx)
	if err != nil {
		return nil, err
	}
	d := &disk{Bytes: s.Total.Bytes}
	if s.Apart.Bytes > 0 {
		d.Saved = int(float64(s.Apart.Bytes-s.Total.Bytes) / float64(s.Apart.Bytes) * 100)
	}
	return d, nil
}

// changes are some of what the snapshot at pos changed, a renamed folder as one, and how many more there are.
func (q *question) changes(pos int) (shown []change, more int64, err error) {
	asked := q.d.Diff(pos-1, pos, nil)
	var f query.RenameCollapser
	top := query.TreeMoved(asked.A, asked.B)
	number := make([]int, 0, changesShown)
	read := 0
	for d, err := range asked.Differences(q.ctx) {
		if err != nil {
			return nil, 0, err
		}
		if read++; read > changesRead {
			more = max(more, changesOf(asked.B)-int64(len(shown)))
			break
		}
		d = query.AsMoved(d, top)
		along, n := f.Place(&d)
		if along {
			continue
		}
		if len(shown) == changesShown {
			more++
			continue
		}
		shown, number = append(shown, change{Difference: d}), append(number, n)
	}
	for i := range shown {
		shown[i].Along = f.Count(number[i])
	}
	return shown, more, nil
}
