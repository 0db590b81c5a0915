package wire

import (
	"time"

	"snap/backup"
	"snap/cli/text"
	"snap/destination"
	"snap/filter"
	"snap/query"
	"snap/record"
)

// BackupChange is a line of `backup -v --json`.
type BackupChange struct {
	Type    string  `json:"message_type"` // "change"
	Change  string  `json:"change"`       // "unchanged" too, with -vv
	Path    string  `json:"path"`
	PathB64 string  `json:"path_b64,omitempty"`
	From    *string `json:"from"`
	FromB64 string  `json:"from_b64,omitempty"`
	Size    int64   `json:"size"`
	Reason  string  `json:"reason"`
	Stored  string  `json:"stored"`
	Patched *Patch  `json:"patched,omitempty"`
}

// Patch is how a file was made from its older copy, with which it shares what was not written.
type Patch struct {
	Blocks  int64 `json:"blocks"`  // of 64 KiB, that differed
	Of      int64 `json:"of"`      // that the file has
	Written int64 `json:"written"` // bytes
}

// newPatch is nil for what was not patched.
func newPatch(r *record.Record) *Patch {
	if r.Stored != record.Copied || r.Shared == 0 {
		return nil
	}
	return &Patch{r.Patched, r.PatchBlocks(), r.Written()}
}

// NewBackupChange is what a backup recorded of path; changed is false for what stayed as it was.
func NewBackupChange(path string, rec *record.Record, changed bool) BackupChange {
	j := BackupChange{Type: "change", Change: "unchanged", Size: rec.Size}
	j.Path, j.PathB64 = Name(path)
	if changed {
		j.Change, j.Reason, j.Stored = rec.Change.String(), rec.Reason.String(), rec.Stored.String()
		j.Patched = newPatch(rec)
		if rec.Change == record.Moved {
			var from string
			from, j.FromB64 = Name(rec.From)
			j.From = &from
		}
	}
	return j
}

// BackupSummary is the last line of `backup --json`.
type BackupSummary struct {
	Type          string    `json:"message_type"` // "summary"
	Snapshot      *Snapshot `json:"snapshot"`     // null when skipped
	Skipped       bool      `json:"skipped"`
	DryRun        bool      `json:"dry_run"`
	FilesNew      int64     `json:"files_new"`
	FilesChanged  int64     `json:"files_changed"`
	FilesMetadata int64     `json:"files_metadata"`
	FilesMoved    int64     `json:"files_moved"`
	FilesLinked   int64     `json:"files_linked"`
	FilesRemoved  int64     `json:"files_removed"`
	DataAdded     int64     `json:"data_added"`
	Errors        int64     `json:"errors"`
	Vanished      int64     `json:"vanished"`

	SnapshotsRemoved int     `json:"snapshots_removed"` // by the rules
	BytesFreed       int64   `json:"bytes_freed"`
	Seconds          float64 `json:"seconds"`
	FilesResumed     int64   `json:"files_resumed"` // taken over from an interrupted run
	DataResumed      int64   `json:"data_resumed"`  // their bytes, which data_added counts too

	Lost         Lost          `json:"lost"`          // of entries made now
	FilesGrowing int64         `json:"files_growing"` // copied while they grew
	Idle         []IdlePattern `json:"idle_patterns"` // of flags and lists, those that fit nothing

	Labelled *Labels `json:"labelled"` // the newest snapshot, if it got the tags or the note of the one not made

	RemovedNames []string     `json:"removed"`       // the snapshots that the rules deleted
	RulesStopped []string     `json:"rules_stopped"` // why rules did not run
	Missing      []string     `json:"missing"`       // snapshots whose folders are gone
	Behind       *ClockBehind `json:"clock_behind"`  // a snapshot made before that has a later time
	Taken        *TakenOver   `json:"taken_over,omitempty"`
	NotDue       bool         `json:"not_due"` // --if-older made no backup
}

// NewBackupSummary is how a backup ended that took so long. What was done besides it is for the caller to add.
func NewBackupSummary(res *backup.Result, dryRun bool, took time.Duration) BackupSummary {
	j := BackupSummary{Type: "summary", Skipped: res.Skipped, DryRun: dryRun, Errors: res.Errors, Vanished: res.Vanished,
		Seconds: took.Seconds(), FilesResumed: res.Resumed.Files, DataResumed: res.Resumed.Bytes, Idle: []IdlePattern{},
		RemovedNames: []string{}, RulesStopped: []string{}, Missing: []string{},
		Lost: Lost{Owner: res.Lost.Owner, Mode: res.Lost.Mode, Setuid: res.Lost.Setuid, Xattrs: res.Lost.Xattrs,
			Times: res.Lost.Times}}
	h := res.Header
	if h == nil {
		return j
	}
	if !dryRun {
		s := NewSnapshot(h, h.State)
		if h.Errors > 0 {
			s.State = record.Incomplete
		}
		j.Snapshot = &s
	}
	j.FilesNew, j.FilesChanged, j.FilesMetadata, j.FilesMoved, j.FilesLinked, j.FilesRemoved = h.Added, h.Modified,
		h.Metadata, h.Moved, h.Linked, h.Removed
	j.DataAdded = h.CopiedBytes
	return j
}

// NewNotDue says that no backup was made, because none was due.
func NewNotDue() BackupSummary {
	return BackupSummary{Type: "summary", Skipped: true, NotDue: true, RemovedNames: []string{}, RulesStopped: []string{}}
}

// Lost is of how many files and folders what could not be set.
type Lost struct {
	Owner  int64 `json:"owner"`
	Mode   int64 `json:"mode"`
	Setuid int64 `json:"setuid"`
	Xattrs int64 `json:"xattrs"`
	Times  int64 `json:"times"`
}

// IdlePattern is a pattern that fits nothing in `backup --json`.
type IdlePattern struct {
	File string `json:"file"` // of the list, or the flag
	Line int    `json:"line"` // in it, or which of the flags
	Text string `json:"text"`
}

// NewIdlePatterns are all of rules.
func NewIdlePatterns(rules []*filter.Rule) []IdlePattern {
	all := []IdlePattern{}
	for _, r := range rules {
		file, _ := Name(r.File)
		text, _ := Name(r.Text)
		all = append(all, IdlePattern{File: file, Line: r.Line, Text: text})
	}
	return all
}

// ClockBehind says that a backup has an earlier time than a snapshot made before it.
type ClockBehind struct {
	Snapshot string    `json:"snapshot"` // the one with the latest time
	Time     time.Time `json:"time"`     // its time
}

// NewClockBehind is b, null where the clock is not behind.
func NewClockBehind(b *query.Behind) *ClockBehind {
	if b == nil {
		return nil
	}
	return &ClockBehind{Snapshot: b.Snapshot.Name, Time: b.Snapshot.Time}
}

// TakenOver says what was taken over.
type TakenOver struct {
	From    string `json:"from"` // the user's name, "" where this machine knows none
	FromUID uint32 `json:"from_uid"`
	Files   int    `json:"files"` // files and folders that were given to the new owner; 0 in a dry run
}

// NewTakenOver is t, null where nothing was taken over.
func NewTakenOver(t *destination.Taken) *TakenOver {
	if t == nil {
		return nil
	}
	return &TakenOver{From: text.UserName(t.From), FromUID: t.From, Files: t.Entries}
}
