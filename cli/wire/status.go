package wire

import (
	"cmp"
	"fmt"
	"math"
	"time"

	"snap/destination"
	"snap/internal/quote"
	"snap/query"
)

// Status is what `snap status --json` prints.
type Status struct {
	Verdict        string      `json:"verdict"`  // "well", "attention" or "damage"
	Concerns       []Concern   `json:"concerns"` // why it is not well, the worst first
	Destination    string      `json:"destination"`
	DestinationB64 string      `json:"destination_b64,omitempty"`
	Time           Time        `json:"time"` // of this answer
	Sources        []string    `json:"sources"`
	SourcesB64     []string    `json:"sources_b64,omitempty"`
	Snapshots      int         `json:"snapshots"`
	Newest         *string     `json:"newest"` // name of the newest snapshot
	Copies         []CopyThere `json:"copies,omitempty"`

	CopiesFailed []CopyFailed `json:"copies_failed,omitempty"` // the last copies, where they did not go well

	LastBackup  *LastBackup `json:"last_backup"`  // null: there is none
	LastFailure *Failure    `json:"last_failure"` // null: none failed since the last that went well
	Unread      Unread      `json:"unread"`
	LastCheck   *LastCheck  `json:"last_check"` // null: none is known
	DataRead    DataRead    `json:"data_read"`
	Space       SpaceStatus `json:"space"`
	Rules       RulesStatus `json:"rules"`
	Leftovers   Leftovers   `json:"leftovers"`
	Running     *string     `json:"running"` // the run that is at work there
	Missing     []string    `json:"missing"` // snapshots whose folders are gone
	Future      []string    `json:"future"`  // snapshots of a time in the future
	Runs        []Run       `json:"runs"`    // the last backups that are known, oldest first
}

// Run is a backup that was made, or begun.
type Run struct {
	Time     Time    `json:"time"` // when it began
	Seconds  float64 `json:"seconds"`
	End      string  `json:"end"`      // "done", "unchanged", "incomplete", "interrupted", "failed" or "running"
	Snapshot *string `json:"snapshot"` // what it made; it may be deleted since
	Why      string  `json:"why"`      // it failed, was terminated, or not all was done
}

// Concern is something that is not as it should be.
type Concern struct {
	What string `json:"what"` // one of query.Concerns
	Text string `json:"text"` // for people
}

// LastBackup is the last run that looked at the whole source.
type LastBackup struct {
	Time      Time   `json:"time"`
	Age       int64  `json:"age_seconds"`
	Unchanged bool   `json:"unchanged"`     // it found nothing changed and made no snapshot
	Usual     *int64 `json:"usual_seconds"` // the median of the intervals before; null: too few
	Late      bool   `json:"late"`
	Copied    int64  `json:"copied_bytes"` // by the run that made the newest snapshot
}

// Failure is that backups failed.
type Failure struct {
	Time  Time   `json:"time"`  // of the last that did
	Error string `json:"error"` // why
	Count int    `json:"count"` // how many did since the last that went well
}

// Unread is what the newest snapshot lacks because it could not be read or held.
type Unread struct {
	Count    int64    `json:"count"`
	Paths    []string `json:"paths"` // some of them
	PathsB64 []string `json:"paths_b64,omitempty"`
}

// LastCheck is the last check whose result is known.
type LastCheck struct {
	Time      Time        `json:"time"`
	Share     float64     `json:"read_share"` // of the bytes, about
	Part      string      `json:"read_part"`  // "none", "all", "3/7" or "random"
	Stopped   bool        `json:"stopped"`
	Snapshots int64       `json:"snapshots"`
	Files     int64       `json:"files"`
	BytesRead int64       `json:"bytes_read"`
	Damaged   int64       `json:"damaged"`
	Repaired  int64       `json:"repaired"`
	Errors    int64       `json:"errors"`
	Missing   int64       `json:"missing"`     // snapshots whose folders are gone
	Left      *DamageLeft `json:"damage_left"` // that no check since has found well
}

// DamageLeft is damage that a check found.
type DamageLeft struct {
	Time   Time   `json:"time"`
	Errors int64  `json:"errors"`
	Part   string `json:"read_part"` // what a check has to read to find it

	Found []DamageFound `json:"found"` // some of it
}

// DamageFound is something that is damaged.
type DamageFound struct {
	What      string          `json:"what"` // as in check
	Path      string          `json:"path"`
	PathB64   string          `json:"path_b64,omitempty"`
	Why       string          `json:"why"`
	Snapshots []SnapshotRange `json:"snapshots"`
}

// SnapshotRange is a run of snapshots without a gap.
type SnapshotRange struct {
	First string `json:"first"`
	Last  string `json:"last"`
	Count int    `json:"count"`
}

// DataRead is which part of the bytes that are there now was read by checks within so many days, about.
type DataRead struct {
	Share float64 `json:"share"`
	Days  int     `json:"days"`
}

// SpaceStatus is the room in the file system.
type SpaceStatus struct {
	Free       int64    `json:"free_bytes"`
	Total      int64    `json:"total_bytes"`
	FreeInodes *int64   `json:"free_inodes"` // null: there are as many as there is room
	ReadOnly   bool     `json:"read_only"`
	Growth     *float64 `json:"growth_bytes_per_day"` // null: not known yet
	GrowthDays int      `json:"growth_days"`
	Full       *Time    `json:"full"` // null: not within ten years
}

// RulesStatus are the rules in force.
type RulesStatus struct {
	InForce  bool     `json:"in_force"`
	Settings []string `json:"settings"`     // as they stand in BackupOptions.txt
	Going    []string `json:"would_delete"` // by a backup now
	Stopped  bool     `json:"stopped"`
	Short    int64    `json:"short_bytes"` // so many more have to be free, for which the oldest go
}

// Leftovers are what runs have not finished.
type Leftovers struct {
	Interrupted []Time `json:"interrupted"` // when backups began that were interrupted
	Works       int    `json:"work_folders"`
	Deleting    int    `json:"deleting"`
	Stuck       int    `json:"stuck"`
	Purging     bool   `json:"purging"`
}

// NewStatus is s; text says in words what a concern is, rules are those in force as the settings have them.
func NewStatus(s *query.Status, rules []string, text func(query.Concern) string) Status {
	j := Status{
		Verdict: s.Verdict().
			String(),
		Concerns: []Concern{}, Time: Time(s.Now), Sources: []string{}, Snapshots: s.Snapshots,
		Copies: newCopies(s.Copies), CopiesFailed: newCopiesFailed(s.CopiesFailed),
		Unread: Unread{Paths: []string{}}, DataRead: DataRead{rounded(s.DataRead), query.DataReadDays},
		Space: newSpace(&s.Space), Missing: append([]string{}, s.Missing...), Future: append([]string{}, s.Future...),
		Rules: RulesStatus{
			s.Rules.InForce,
			append([]string{}, rules...),
			append([]string{}, s.Rules.Going...),
			len(s.Rules.Stops) > 0 || s.Rules.Idle,
			max(s.Rules.Short, 0),
		},
		Leftovers: Leftovers{[]Time{}, s.Left.Works, s.Left.Deleting, s.Left.Stuck, s.Left.Purging},
	}
	j.Destination, j.DestinationB64 = Name(s.Dir)
	for _, c := range s.Concerns {
		j.Concerns = append(j.Concerns, Concern{string(c), quote.Clean(text(c))})
	}
	for _, t := range s.Left.Interrupted {
		j.Leftovers.Interrupted = append(j.Leftovers.Interrupted, Time(t))
	}
	if s.Running != "" {
		running := quote.Clean(s.Running)
		j.Running = &running
	}
	if f := s.Failure; f != nil {
		j.LastFailure = &Failure{Time(f.Time), quote.Clean(f.Why), f.Count}
	}
	j.Runs = make([]Run, 0, len(s.Runs))
	for _, r := range s.Runs {
		run := Run{Time: Time(r.Time), Seconds: rounded(r.Seconds), End: string(r.End),
			Why: quote.Clean(cmp.Or(r.Why, r.Rules))}
		if r.Snapshot != "" {
			run.Snapshot = &r.Snapshot
		}
		j.Runs = append(j.Runs, run)
	}
	if s.Check != nil {
		j.LastCheck = newLastCheck(s.Check)
	}
	if s.Newest == nil {
		return j
	}
	j.Newest = &s.Newest.Name
	j.Sources, j.SourcesB64 = Names(s.Newest.AllSources())
	j.Unread.Count = s.Newest.Errors
	j.Unread.Paths, j.Unread.PathsB64 = Names(s.Unread)
	j.LastBackup = &LastBackup{
		Time: Time(
			s.Last.Time,
		), Age: int64(s.Now.Sub(s.Last.Time) / time.Second), Unchanged: s.Last.Unchanged, Late: s.Last.Late,
		Copied: s.Copied(),
	}
	if s.Last.Usual > 0 {
		usual := int64(s.Last.Usual / time.Second)
		j.LastBackup.Usual = &usual
	}
	return j
}

func newSpace(s *query.Space) SpaceStatus {
	j := SpaceStatus{Free: s.Free, Total: s.Total, ReadOnly: s.ReadOnly, GrowthDays: s.Growth.Days}
	if s.HasInodes {
		j.FreeInodes = &s.Inodes
	}
	if s.Growth.Known {
		day := math.Round(s.Growth.PerDay)
		j.Growth = &day
	}
	if !s.Full.IsZero() {
		full := Time(s.Full)
		j.Full = &full
	}
	return j
}

func newLastCheck(c *destination.LastCheck) *LastCheck {
	j := &LastCheck{
		Time: Time(
			c.Time,
		), Share: rounded(c.Read.Share), Part: partName(c.Read), Stopped: c.Stopped, Snapshots: c.Snapshots, Files: c.Files,
		BytesRead: c.BytesRead, Damaged: c.Damaged, Repaired: c.Repaired, Errors: c.Errors,
		Missing: c.Missing,
	}
	if l := c.Left; l != nil {
		j.Left = &DamageLeft{Time(l.Time), l.Errors, partName(l.Read), []DamageFound{}}
		for _, f := range l.Found {
			found := DamageFound{What: f.What, Why: quote.Clean(f.Why), Snapshots: []SnapshotRange{}}
			found.Path, found.PathB64 = Name(string(f.Path))
			for _, s := range f.Snapshots {
				found.Snapshots = append(found.Snapshots, SnapshotRange(s))
			}
			j.Left.Found = append(j.Left.Found, found)
		}
	}
	return j
}

// partName is which part of the files a check read.
func partName(r destination.ReadPart) string {
	switch {
	case r.Share == 0:
		return "none"
	case r.Share >= 1:
		return "all"
	case r.Parts > 0:
		return fmt.Sprintf("%d/%d", r.Part, r.Parts)
	}
	return "random"
}

// rounded is a share with as many digits as it means anything.
func rounded(share float64) float64 { return math.Round(share*1000) / 1000 }
