package retention

import (
	"fmt"
	"slices"
	"time"

	"snap/destination"
	"snap/record"
)

// Before rules delete anything, two things are examined: what they count from, and what would be left.
//
//   - A snapshot whose time is in the future is kept and holds no place in any rule. Nothing is deleted while there is
//     one, until it is deleted or pinned: the clock was wrong then or is wrong now.
//   - So is one that is far after all others, until the snapshots after the gap span a week: an old destination
//     that is used again is believed then, and a clock that is wrong for a day is not. Rules of the settings
//     delete nothing until then.
//   - One whose time does not fit those of the snapshots made before and after it, by more than a day, is kept and
//     holds no place: the clock was set back then, by a year say.
//   - A tag that no snapshot has keeps nothing: it is a mistake, and nothing is deleted.
//   - More than half of the snapshots go only if that was asked for, or if they make way for the newest one alone.
//   - If deleting all that may go for free space would not do, none goes.
const (
	// ClockSlack is by how much the clocks of machines that share a destination may differ.
	ClockSlack = 10 * time.Minute
	// orderSlack is by how much times may be out of the order in which the snapshots were made: by a clock in another
	// zone.
	orderSlack = 24 * time.Hour
	// A gap is far if it is longer than farGap and farTimes as long as the longest before it. Who makes a backup
	// once a year never gets there.
	farGap   = 400 * 24 * time.Hour
	farTimes = 3
	// believedAfter is how long the snapshots after a far gap have to span. Of those that all together span no longer,
	// rules may take most.
	believedAfter = 7 * 24 * time.Hour
)

// StopReason is why rules did not delete what they say.
type StopReason uint8

// The reasons.
const (
	FutureTime StopReason = iota + 1 // Names are of a time after Policy.Now, of Time the last
	FarTime                          // Names are far after all others
	UnknownTag                       // Names are tags of Policy.Tags that no snapshot has
	TooMany                          // Count of all Of snapshots would go
	NoRoom                           // Short bytes would be lacking even if all went that may
)

// Stop is something that the rules did not do.
type Stop struct {
	Reason    StopReason
	Names     []string
	Time      time.Time
	Count, Of int
	Others    int // with Count and Of: so many are not counted; see TooManyError
	Short     int64
	Room      bool // only MinFree did not run; else nothing is deleted, or with Policy.Asked what is not in doubt
}

// Plan is the result of the rules.
type Plan struct {
	List  []Decision // of all complete snapshots, oldest first
	Stops []Stop
	// Of those that were named and go: their folders are not gone, but have other names.
	Renamed []destination.Renamed
	most    *TooManyError
}

// TooManyError: the rules would delete more than half of the snapshots, and nobody has said that they may.
type TooManyError struct {
	Count, Of int
	Others    int // snapshots that are not counted: their time is not believed, or their folder is gone
}

func (e *TooManyError) Error() string {
	text := fmt.Sprintf("the rules would delete %d of %d snapshots, which is more than half", e.Count, e.Of)
	switch {
	case e.Others == 1:
		text += "; one more is not counted: its time is in doubt, or its folder is gone"
	case e.Others > 1:
		text += fmt.Sprintf("; %d more are not counted: their times are in doubt, or their folders are gone", e.Others)
	}
	return text
}

// Most is the error that Apply returns because the plan deletes too many, nil if it does not.
func (p *Plan) Most() error {
	if p.most == nil {
		return nil
	}
	return p.most
}

// Plan applies the rules, but for MinFree, to the snapshots, oldest first. missing reports one whose tree is gone.
func (r *Policy) Plan(all []record.Header, missing func(*record.Header) bool) *Plan {
	t := r.believe(all, missing)
	why := func(h *record.Header) string { return t.why[h.Seq] }
	p := &Plan{List: r.judge(all, missing, why)}
	halt := false
	if unpinned := slices.DeleteFunc(t.future, Pinned); len(unpinned) > 0 {
		p.Stops, halt = append(p.Stops, stopAt(FutureTime, unpinned)), true
	}
	if tags := r.UnknownTags(all); len(tags) > 0 && (r.Asked || p.deletes()) {
		p.Stops, halt = append(p.Stops, Stop{Reason: UnknownTag, Names: tags}), true
	}
	if len(t.far) > 0 {
		counted := Plan{List: r.judge(all, missing, func(h *record.Header) string {
			if slices.Contains(t.far, h) {
				return ""
			}
			return why(h)
		})}
		if counted.deletes() || p.deletes() {
			p.Stops = append(p.Stops, stopAt(FarTime, t.far))
			halt = halt || !r.Asked
		}
	}
	if count, of := r.most(p.List); count > 0 && !r.AllowMost && !halt && !r.makesWay(all, missing, why, count) {
		if r.Asked {
			p.most = &TooManyError{count, of, len(p.List) - of}
		} else {
			p.Stops, halt = append(p.Stops, Stop{Reason: TooMany, Count: count, Of: of,
				Others: len(p.List) - of}), true
		}
	}
	if halt {
		p.halt()
	}
	return p
}

// UnknownTags are those of Tags that no snapshot has. That nothing is pinned is no mistake.
func (r *Policy) UnknownTags(all []record.Header) (tags []string) {
	for _, t := range r.Tags {
		has := func(h record.Header) bool { return slices.Contains(h.Tags, t) }
		if t != PinTag && !slices.ContainsFunc(all, has) && !slices.Contains(tags, t) {
			tags = append(tags, t)
		}
	}
	return tags
}

func stopAt(reason StopReason, all []*record.Header) Stop {
	s := Stop{Reason: reason}
	for _, h := range all {
		s.Names = append(s.Names, h.Name)
		if h.Time.After(s.Time) {
			s.Time = h.Time
		}
	}
	return s
}

// Going are the snapshots whose trees the plan deletes.
func (p *Plan) Going() (all []*record.Header) {
	for i := range p.List {
		if d := &p.List[i]; !d.Keep && !d.gone {
			all = append(all, d.Header)
		}
	}
	return all
}

// deletes reports whether the tree of a snapshot would go.
func (p *Plan) deletes() bool {
	return len(p.Going()) > 0
}

// halt makes the plan delete nothing.
func (p *Plan) halt() {
	for i := range p.List {
		if d := &p.List[i]; !d.Keep {
			d.Keep, d.Reasons = true, []string{"the rules are stopped"}
		}
	}
}

// halted reports whether a stop is in force that lets nothing be deleted.
func (p *Plan) halted(r *Policy) bool {
	return slices.ContainsFunc(p.Stops, func(s Stop) bool { return !s.Room && !(r.Asked && s.Reason == FarTime) })
}

// most counts the snapshots that would go, and all that count, if those are too many: more than half, where all span
// more than a week and either half of the days would have none any more, or those that go are of more than eight
// days. That a rule thins the many of a few days is everyday life, as when the first backup after a holiday ends
// keep_within = 2d.
func (r *Policy) most(list []Decision) (count, of int) {
	var first, last time.Time
	days, going, left := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range list {
		d := &list[i]
		if d.gone || d.aside {
			continue
		}
		t := d.Header.Time.In(r.zone())
		day := t.Format(time.DateOnly)
		days[day] = true
		of++
		if d.Keep {
			left[day] = true
		} else {
			going[day] = true
			count++
		}
		if of == 1 || t.Before(first) {
			first = t
		}
		if of == 1 || t.After(last) {
			last = t
		}
	}
	wide := 2*len(left) <= len(days) || len(going) > 8
	if 2*count <= of || last.Sub(first) <= believedAfter || !wide {
		return 0, of
	}
	return count, of
}

// makesWay reports whether the snapshots that would go, so many, make way for the newest one: the rules would take
// none if it were not there, and none gives up more than one place for it. keep_weekly = 2 with keep_monthly = 2 keeps
// few, and three of five may go on a Monday that is the first of a month. What keep_within lets go has no such bound.
func (r *Policy) makesWay(all []record.Header, missing func(*record.Header) bool, why func(*record.Header) string,
	count int) bool {
	places := 1 // of the one that was the newest, or the newest without errors, until now
	for _, n := range []int{r.Last, r.Hourly, r.Daily, r.Weekly, r.Monthly, r.Yearly} {
		places += min(n, 1)
	}
	before := Plan{List: r.judge(all[:len(all)-1], missing, why)}
	return count <= places && !before.deletes()
}

// doubts says of which snapshots the time is not believed.
type doubts struct {
	why         map[uint64]string // by sequence number
	future, far []*record.Header
}

// believe finds the snapshots whose time is not believed.
func (r *Policy) believe(all []record.Header, missing func(*record.Header) bool) doubts {
	t := doubts{why: map[uint64]string{}}
	var rest []*record.Header
	for i := range all {
		h := &all[i]
		switch {
		case missing(h):
		case !r.Now.IsZero() && h.Time.After(r.Now.Add(ClockSlack)):
			t.future = append(t.future, h)
			t.why[h.Seq] = "its time is in the future"
		default:
			rest = append(rest, h)
		}
	}
	stray := outOfOrder(rest)
	for i, h := range rest {
		if stray[i] {
			t.why[h.Seq] = "its time does not fit those of the ones made before and after it"
		}
	}
	rest = slices.DeleteFunc(rest, func(h *record.Header) bool { return t.why[h.Seq] != "" })
	slices.SortStableFunc(rest, func(a, b *record.Header) int { return a.Time.Compare(b.Time) })
	t.far = rest[believed(rest):]
	for _, h := range t.far {
		t.why[h.Seq] = "its time is far after all others"
	}
	return t
}

// outOfOrder says of which snapshots the time does not fit the order in which they were made: those besides a longest
// series that is in order, if they are more than orderSlack away from it. Of equally long ones that made first counts.
func outOfOrder(all []*record.Header) []bool {
	stray := make([]bool, len(all))
	next := make([]int, len(all))
	var heads []int // heads[k]: where the series of k+1 to the end begins that begins latest
	for i := len(all) - 1; i >= 0; i-- {
		k, _ := slices.BinarySearchFunc(heads, all[i].Time, func(j int, t time.Time) int {
			if all[j].Time.Before(t) {
				return 1
			}
			return -1
		})
		next[i] = -1
		if k > 0 {
			next[i] = heads[k-1]
		}
		if k == len(heads) {
			heads = append(heads, 0)
		}
		heads[k] = i
	}
	if len(heads) == 0 {
		return stray
	}
	before, after := -1, heads[len(heads)-1]
	for i, h := range all {
		if i == after {
			before, after = i, next[i]
			continue
		}
		stray[i] = before >= 0 && all[before].Time.Sub(h.Time) > orderSlack ||
			after >= 0 && h.Time.Sub(all[after].Time) > orderSlack
	}
	return stray
}

// believed is how many of the snapshots, by time, come before the first that is far after all others.
func believed(all []*record.Header) (n int) {
	group := 0 // where the snapshots after the last far gap begin
	longest := time.Duration(0)
	for i := range all {
		if i > 0 {
			gap := all[i].Time.Sub(all[i-1].Time)
			if gap > farGap && gap > farTimes*longest {
				group = i
			}
			longest = max(longest, gap)
		}
		if group == 0 || all[i].Time.Sub(all[group].Time) >= believedAfter {
			n, group = i+1, 0
		}
	}
	return n
}

// makeRoom lets the oldest snapshots go that are not safe, until freed says that deleting all that are not kept frees
// need bytes. If that cannot be had, or not without more than half of the snapshots, the plan stays as it is.
func (r *Policy) makeRoom(p *Plan, need int64, freed func([]Decision) int64) {
	list := slices.Clone(p.List)
	lacking := need - freed(list)
	if lacking <= 0 {
		return
	}
	for i := 0; i < len(list) && lacking > 0; i++ {
		if d := &list[i]; d.Keep && !d.Safe {
			d.Keep, d.Reasons = false, []string{"one of the oldest: deleted to free space"}
			lacking = need - freed(list)
		}
	}
	if lacking > 0 {
		p.Stops = append(p.Stops, Stop{Reason: NoRoom, Short: lacking, Room: true})
		return
	}
	if count, of := r.most(list); count > 0 && !r.AllowMost {
		if !r.Asked {
			p.Stops = append(p.Stops, Stop{Reason: TooMany, Count: count, Of: of, Others: len(list) - of, Room: true})
			return
		}
		p.most = &TooManyError{count, of, len(list) - of}
	}
	p.List = list
}
