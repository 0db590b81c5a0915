package query

import (
	"slices"
	"time"

	"snap/destination/retention"
)

// Verdict is how a destination is.
type Verdict uint8

// The verdicts, from good to bad.
const (
	Well      Verdict = iota
	Attention         // somebody should look at something
	Damage            // a check found damage that is still there
)

// String is the word for it.
func (v Verdict) String() string { return [...]string{"well", "attention", "damage"}[v] }

// Concern is something that is not as it should be. Its text is for programs.
type Concern string

// The concerns, the worst first.
const (
	Damaged     Concern = "damage"      // Check.Left
	NoBackup    Concern = "no_backup"   // there is no snapshot
	Failed      Concern = "failed"      // Failure
	NotAllDone  Concern = "incomplete"  // Unwell
	LateBackup  Concern = "late"        // Last.Late
	NotCopied   Concern = "copy"        // CopiesFailed
	ReadOnly    Concern = "read_only"   // no backup can be made
	BadSettings Concern = "settings"    // Settings
	Unreadable  Concern = "unread"      // the last run could not read, or hold, everything
	FullSoon    Concern = "space"       // Space: full within fullSoon, or now, or by the next backup
	FewInodes   Concern = "inodes"      // Space.Inodes do for few more snapshots
	RulesIdle   Concern = "rules"       // Rules.Stops, Rules.NoRoom
	WrongClock  Concern = "clock"       // Future
	GoneFolders Concern = "missing"     // Missing
	Interrupted Concern = "interrupted" // Left.Interrupted, Stopped, or Left.Holder that is no more
	Unfinished  Concern = "leftovers"   // the rest of Left
)

// Concerns are all that there are, the worst first.
func Concerns() []Concern {
	return []Concern{
		Damaged,
		NoBackup,
		Failed,
		NotAllDone,
		LateBackup,
		NotCopied,
		ReadOnly,
		BadSettings,
		Unreadable,
		FullSoon,
		FewInodes,
		RulesIdle,
		WrongClock,
		GoneFolders,
		Interrupted,
		Unfinished,
	}
}

// Verdict is the worst of what is told.
func (s *Status) Verdict() Verdict {
	switch {
	case slices.Contains(s.Concerns, Damaged):
		return Damage
	case len(s.Concerns) > 0:
		return Attention
	}
	return Well
}

const (
	fullSoon  = 14 * 24 * time.Hour
	fewInodes = 3 // for so many snapshots like the last
)

// judge finds the concerns.
func (s *Status) judge() {
	left, space := &s.Left, &s.Space
	inodes := space.HasInodes && s.Newest != nil && space.Inodes < fewInodes*space.NextInodes
	stops := slices.DeleteFunc(slices.Clone(s.Rules.Stops), func(t retention.Stop) bool {
		return t.Reason == retention.FutureTime // that is WrongClock
	})
	found := map[Concern]bool{
		Damaged:     s.Check != nil && s.Check.Left != nil,
		NoBackup:    s.Newest == nil,
		Failed:      s.Failure != nil,
		NotAllDone:  s.Unwell != nil,
		LateBackup:  s.Last.Late,
		NotCopied:   len(s.CopiesFailed) > 0,
		ReadOnly:    space.ReadOnly,
		BadSettings: len(s.Settings) > 0,
		Unreadable:  s.Newest != nil && s.Newest.Errors > 0 && !s.ignored,
		FullSoon:    space.tight(s.Now),
		FewInodes:   inodes,
		RulesIdle:   len(stops) > 0 || s.Rules.NoRoom != "",
		WrongClock:  len(s.Future) > 0,
		GoneFolders: len(s.Missing) > 0,
	}
	if s.Running == "" { // else it is that run's
		found[Interrupted] = len(left.Interrupted) > 0 || left.Holder.Text != "" || s.Stopped != nil
		works := left.Works > 0 && s.Stopped == nil // else they are that run's
		found[Unfinished] = works || left.Deleting > 0 || left.Purging
	}
	found[Unfinished] = found[Unfinished] || left.Stuck > 0
	for _, c := range Concerns() {
		if found[c] {
			s.Concerns = append(s.Concerns, c)
		}
	}
}

// tight reports whether the room will not do for long: it is full soon, or a backup like the last ones may not fit, or
// next to nothing is left.
func (s *Space) tight(now time.Time) bool {
	return !s.Full.IsZero() && s.Full.Sub(now) < fullSoon || s.Free < s.Next ||
		s.Free < min(s.Total/100, 1<<30) || s.Free < min(s.Total/10, 64<<20)
}
