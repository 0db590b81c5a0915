package query

import (
	"context"
	"slices"
	"time"

	"snap/destination"
	"snap/destination/retention"
	"snap/internal/file"
	"snap/internal/when"
	"snap/record"
)

// Status is what one look at a destination tells. No tree is walked for it, and of the index little more than the
// headers is read.
type Status struct {
	Dir      string
	Now      time.Time
	Concerns []Concern // why it is not well, the worst first

	Snapshots int
	Newest    *record.Header // nil: there is none
	Missing   []string       // snapshots whose folders are gone
	Future    []string       // snapshots of a later time than Now, but for those pinned
	Last      LastBackup
	Failure   *Failure             // nil: none failed since the last that went well
	Stopped   *destination.PastRun // the last backup, if it was stopped
	Unwell    *destination.PastRun // the last backup that came to its end, if something besides was not done: its Why
	Unread    []string             // of what the newest snapshot lacks because it could not be read, some paths

	Check    *destination.LastCheck // nil: none is known
	DataRead float64                // about which part of what is there now checks have read within DataReadDays

	Space  Space
	Rules  NextRules
	Left   destination.Leftovers
	Copies []destination.Hold // what each remote has that was copied to
	// the last copies that did not go well, to remotes that none has gone well to since
	CopiesFailed []destination.CopyFailure
	Running      string   // the run that is at work there now, as it says itself, "" for none: see Left.Holder
	Settings     []string // what is wrong with the settings
	Mend         string   // the place in them that makes each backup fail, "" if none does
	// what is wrong with the source now, so that a backup fails; "": nothing, or it was not asked
	Source  string
	Runs    []Run // the last ones, oldest first: RunsTold at most
	ignored bool  // what could not be read is no concern
}

// DataReadDays is how far back Status.DataRead looks.
const DataReadDays = 90

// RunsTold is how many runs Status.Runs has.
const RunsTold = 30

// LastBackup is the last run that looked at the whole source.
type LastBackup struct {
	Time      time.Time      // when it began
	Snapshot  *record.Header // the one of the latest time, mostly Status.Newest; nil: there is none
	Unchanged bool           // it found nothing changed since the newest snapshot
	Pace                     // of the runs before it
	MaxAge    when.Age       // what the user says is too old; zero: what is usual counts
	Late      bool
}

// Copied is how many bytes the last backup that made a snapshot has copied.
func (s *Status) Copied() int64 {
	switch {
	case s.Last.Snapshot != nil:
		return s.Last.Snapshot.CopiedByRun()
	case s.Newest != nil:
		return s.Newest.CopiedByRun()
	}
	return 0
}

// NextRules is what the rules would do after a backup that makes a snapshot now.
type NextRules struct {
	InForce bool
	Going   []string         // the snapshots that would be deleted
	Idle    bool             // they do nothing, because of what is wrong with the settings
	Stops   []retention.Stop // why some of them, or all, do nothing
	Short   int64            // so many bytes more have to be free, for which the oldest go; not above 0: none
	NoRoom  string           // why the last backup deleted none for that; "": it did, or was not to
	Unread  string           // why the rules cannot be read, "" where they can
}

// StatusOptions are what a destination is judged by, besides what it holds.
type StatusOptions struct {
	MaxAge   when.Age              // a last backup that is older is late; zero: one that is unusually old here
	Rules    retention.Policy      // those of its settings; without a rule: none
	Settings []string              // what is wrong with the settings, so that backups fail or rules do nothing
	Idle     bool                  // the rules do nothing, because of that
	NoRules  string                // why the rules cannot be read, "" if they can
	Mend     string                // the place in the settings that makes each backup fail, "" if none does
	Ignore   bool                  // what cannot be read is no concern, as its settings say
	Unnoted  []destination.PastRun // runs that could not be noted in the destination

	// Source tells what is wrong now with the sources of a snapshot, "" for nothing. It is asked where the last backup
	// failed, or none was made for long; nil: nobody knows.
	Source func(*record.Header) string
}

// Status looks at the destination.
func (d *Reader) Status(ctx context.Context, o StatusOptions) (*Status, error) {
	s := &Status{Dir: d.Dir, Now: d.options.Now, Snapshots: len(d.Snapshots), Settings: o.Settings, ignored: o.Ignore}
	present := make([]bool, len(d.Snapshots))
	for i := range d.Snapshots {
		h := &d.Snapshots[i]
		if present[i] = d.Present(h); !present[i] && !destination.InTrash(d.Root, h.Seq) {
			s.Missing = append(s.Missing, h.Name)
		}
		if h.Time.After(s.Now.Add(retention.ClockSlack)) && !retention.Pinned(h) {
			s.Future = append(s.Future, h.Name)
		}
	}
	info, err := d.Root.System()
	if err != nil {
		return nil, err
	}
	s.Space = spaceOf(&info, destination.ReadSpaceDays(d.Root), s.Now)
	if err := s.lookAtRuns(ctx, d, o.MaxAge); err != nil {
		return nil, err
	}
	s.Check = destination.ReadLastCheck(d.Root)
	if s.Check != nil {
		s.DataRead = s.Check.ReadSince(s.Now.AddDate(0, 0, -DataReadDays),
			newerThan(d.Snapshots, present, destination.CopiedByRuns(d.Root)))
	}
	if s.Rules = nextRules(d.Snapshots, present, o.Rules, &s.Space, s.Now); o.Idle {
		s.Rules = NextRules{InForce: s.Rules.InForce, Idle: true}
	}
	if s.Mend = o.Mend; o.NoRules != "" {
		s.Rules = NextRules{Unread: o.NoRules}
	}
	if s.Left, err = destination.FindLeftovers(d.Root); err != nil {
		return nil, err
	}
	if s.Copies, err = destination.Holds(d.Root); err != nil {
		return nil, err
	}
	if s.CopiesFailed, err = destination.CopyFailures(d.Root); err != nil {
		return nil, err
	}
	if !s.Left.Holder.Gone() {
		s.Running = s.Left.Holder.Text
	}
	noted := destination.ReadRuns(d.Root)
	if len(o.Unnoted) > 0 {
		noted = append(noted, o.Unnoted...)
		slices.SortStableFunc(noted, func(a, b destination.PastRun) int { return a.Time.Compare(b.Time) })
	}
	s.lastBad(noted)
	if o.Source != nil && s.Newest != nil && (s.Failure != nil || s.Last.Late) {
		s.Source = o.Source(s.Newest)
	}
	s.Runs = runsOf(noted, d.Snapshots, s, RunsTold)
	s.judge()
	return s, nil
}

// lookAtRuns finds the last backup, and what is usual.
func (s *Status) lookAtRuns(ctx context.Context, d *Reader, maxAge when.Age) error {
	if len(d.Snapshots) == 0 {
		return nil
	}
	s.Newest = &d.Snapshots[len(d.Snapshots)-1]
	unchanged := destination.LastUnchanged(d.Root, s.Newest)
	var times []time.Time
	for i := range d.Snapshots {
		times = append(times, d.Snapshots[i].Time)
	}
	if !unchanged.IsZero() {
		times = append(times, unchanged)
	}
	s.Last = LastBackup{MaxAge: maxAge}
	s.Last.Time, s.Last.Pace = paceOf(times, s.Now)
	s.Last.Snapshot = d.Snapshots.Latest(s.Now)
	s.Last.Unchanged = s.Last.Time.Equal(unchanged)
	s.Last.Late = s.Last.late(s.Now)
	s.Space.Next = usualCopy(d.Snapshots)
	s.Space.NextInodes = s.Newest.Dirs + s.Newest.Added + s.Newest.Modified + s.Newest.Metadata
	if s.Newest.Seq == d.Snapshots[0].Seq {
		s.Space.NextInodes = s.Newest.Dirs
	}
	if s.Newest.Errors == 0 {
		return nil
	}
	return s.findUnread(ctx, d)
}

// unreadNamed is how many paths are named, and unreadSearched among how many entries they are looked for: the answer
// is to come at once.
const (
	unreadNamed    = 5
	unreadSearched = 200_000
)

// findUnread finds some paths that the newest snapshot could not hold.
func (s *Status) findUnread(ctx context.Context, d *Reader) error {
	n := 0
	for e, err := range d.DB.Entries(ctx, s.Newest.Seq, "") {
		if err != nil {
			return err
		}
		if e.Has(record.Unreadable) || e.Unheld() {
			s.Unread = append(s.Unread, e.Path)
		}
		if n++; n == unreadSearched || len(s.Unread) == unreadNamed {
			break
		}
	}
	return nil
}

// usualCopy is how much a backup copies at most here: all but one of the last few did not copy more. The first does not
// count, it copies everything.
func usualCopy(all Snapshots) int64 {
	var copied []int64
	for i := max(1, len(all)-8); i < len(all); i++ {
		copied = append(copied, all[i].CopiedByRun())
	}
	slices.Sort(copied)
	if len(copied) < 2 {
		return 0
	}
	return copied[len(copied)-2]
}

// nextRules asks the rules about the snapshots and one that is made now.
func nextRules(all Snapshots, present []bool, rules retention.Policy, space *Space, now time.Time) (n NextRules) {
	if n.InForce = !rules.Empty(); !n.InForce {
		return n
	}
	next := record.Header{Seq: 1, Time: now, State: record.Complete}
	there := map[uint64]bool{}
	for i := range all {
		there[all[i].Seq] = present[i]
		next.Seq = max(next.Seq, all[i].Seq+1)
	}
	there[next.Seq] = true
	plan := rules.Plan(append(slices.Clone(all), next), func(h *record.Header) bool { return !there[h.Seq] })
	n.Stops = plan.Stops
	for _, h := range plan.Going() {
		n.Going = append(n.Going, h.Name)
	}
	if !rules.MinFree.IsZero() {
		n.Short = rules.MinFree.Short(space.Total, space.Free)
	}
	return n
}

// spaceOf is what the file system and the days before say.
func spaceOf(info *file.SystemInfo, days []destination.SpaceDay, now time.Time) Space {
	s := Space{
		Free: clamped(info.FreeBytes), Total: clamped(info.TotalBytes), Inodes: clamped(info.FreeInodes),
		HasInodes: info.HasInodes, ReadOnly: info.ReadOnly,
	}
	s.Growth = growthOf(days, s.Total, now)
	s.Full = s.Growth.fills(s.Free, now)
	return s
}

// clamped is n, as far as an int64 goes.
func clamped(n uint64) int64 { return int64(min(n, 1<<63-1)) }
