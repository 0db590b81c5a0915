package chain

import "time"

// Condemn is the condemned objects of head n: those of the head before it, and those that leave (R4). The value is the
// number of the head that condemned it.
func Condemn(before map[string]uint64, leaving []string, n uint64) map[string]uint64 {
	all := make(map[string]uint64, len(before)+len(leaving))
	for name, k := range before {
		all[name] = k
	}
	for _, name := range leaving {
		if _, already := all[name]; !already { // the first one counts
			all[name] = n
		}
	}
	return all
}

// Orphan reports whether an object that a listing shows is to be condemned (R6): the head names it nowhere, and it is
// so old that no copy under way has made it. now is the store's clock.
func Orphan(named, condemned bool, modified, now time.Time, grace time.Duration) bool {
	if named || condemned || modified.IsZero() {
		return false
	}
	return now.Sub(modified) > 2*grace
}

// Sight is what was seen of the chain before anything is deleted.
type Sight struct {
	Current    Ref
	Heads      []Ref            // all that are listed, and those found above them
	Line       func(r Ref) bool // whether the current head is r, or was made of it; with CreateOnly all are
	Now        time.Time        // the store's clock
	Grace      time.Duration
	Keep       uint64 // how many of the newest heads stay, for people: KeepHeads
	CreateOnly bool   // the store refuses a second Put of a name
	Clock      bool   // Modified and Now are of one clock, the store's own
	Sole       bool   // the user says that nobody else writes this vault
}

// Verdict is what becomes of a condemned object now.
type Verdict int

// The verdicts.
const (
	Wait Verdict = iota // its grace is not over, or somebody else may be at work
	Delete
)

// Deletable says whether an object that the current head has condemned since head k may be deleted now (R5).
func Deletable(k uint64, s *Sight) Verdict {
	if k == 0 { // named by no head, or never condemned
		return Wait
	}
	if !s.Clock && !s.Sole {
		return Wait
	}
	if !waited(k, s) {
		return Wait
	}
	if s.CreateOnly || s.Sole {
		return Delete
	}
	if s.Current.Number < k+2 { // another head k or k+1 may be in the making that has not condemned it
		return Wait
	}
	if rival(k, s) {
		return Wait
	}
	return Delete
}

// waited reports whether the grace after head k is over: it, or a head made of it, is older.
func waited(k uint64, s *Sight) bool {
	for _, h := range s.Heads {
		if h.Number >= k && s.Line(h) && s.aged(h) {
			return true
		}
	}
	return false
}

// aged reports whether a head is there for as long as the grace.
func (s *Sight) aged(h Ref) bool { return !h.Modified.IsZero() && s.Now.Sub(h.Modified) >= s.Grace }

// rival reports whether a head from k on that the current one was not made of may still matter: it is so young that its
// writer, or a reader of it, may be at work; or somebody who has seen it alone, and slept since, may put a head on it that
// counts. That one cannot count if a head of the line with a number above the rival's has been there for the grace: it
// was there first.
func rival(k uint64, s *Sight) bool {
	passed := uint64(0)
	for _, h := range s.Heads {
		if s.Line(h) && s.aged(h) {
			passed = max(passed, h.Number)
		}
	}
	for _, h := range s.Heads {
		if h.Number >= k && !s.Line(h) && (!s.aged(h) || h.Number >= passed) {
			return true
		}
	}
	return false
}

// OldHeads are the heads that may be removed: older than the grace, and not among the newest. The last one that is so
// old stays, too: however late a listing is, it shows this one, and what came after it is found by reading upwards.
// Else a sleeper whose head got a number that was free again might see nothing above it.
func OldHeads(s *Sight) (old []Ref) {
	if !s.Clock && !s.Sole {
		return nil
	}
	anchor := uint64(0)
	for _, h := range s.Heads {
		if s.aged(h) {
			anchor = max(anchor, h.Number)
		}
	}
	for _, h := range s.Heads {
		if h.Number < anchor && h.Number+s.Keep <= s.Current.Number && s.aged(h) {
			old = append(old, h)
		}
	}
	return old
}
