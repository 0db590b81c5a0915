// Package retention says which snapshots stay, and why.
//
// A [Policy] has the rules: keep so many of the newest, of each hour, day, week, month and year, those with a tag,
// and enough that the disk has room. [Policy.Plan] is pure: headers in, a [Decision] with its reasons for each
// snapshot out, and the [Stop] that keeps the rules from deleting what a mistake would cost (guards.go). [PlanFor]
// and [PlanNamed] add what a deletion frees, [Apply] deletes.
//
// Invariants:
//
//   - No rule deletes the newest complete snapshot, or one with the tag [PinTag].
//   - A snapshot is judged by its time only as far as that can be believed: one of the future, or years after all
//     others, stops the rules.
//   - More than half of the snapshots never go without the user's word ([TooManyError]), unless they make way for one
//     new snapshot.
//
// Begin to read at policy.go, then guards.go.
package retention

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"snap/record"
)

// PinTag keeps a snapshot from every rule. Only Delete removes one that has it.
const PinTag = "pin"

// Policy says which snapshots are kept: those that at least one rule names, those tagged PinTag, the
// newest, and the newest without errors. The zero value has no rule, and prune refuses it. What a rule does
// not do, whatever it says, is in guards.go.
type Policy struct {
	Last    int // the newest so many
	Hourly  int // the newest of each of so many hours that have one, and so on for
	Daily   int // days,
	Weekly  int // weeks that begin on a Monday,
	Monthly int // months
	Yearly  int // and years, by the clock and the calendar of Zone
	// Within is the beginning of the time before the newest snapshot in which all are kept; nil: none.
	Within     func(newest time.Time) time.Time
	WithinText string // how the user wrote it
	Tags       []string
	MinFree    MinFree // then the oldest go until so much is free,
	FloorDaily int     // but for the newest of each of so many days
	Zone       *time.Location

	Now       time.Time // what is later is in the future; zero: nothing is
	Asked     bool      // a person asks for these rules now; false: they stand in the settings of the destination
	AllowMost bool      // more than half of the snapshots may go
}

// MinFree is space to be kept free: bytes, or a percentage of the file system. Zero: none.
type MinFree struct {
	Bytes   int64
	Percent float64
}

// IsZero reports whether nothing is to be kept free.
func (m MinFree) IsZero() bool { return m == MinFree{} }

// target is the number of bytes to be free on a file system of this size.
func (m MinFree) target(size uint64) int64 { return max(m.Bytes, int64(m.Percent/100*float64(size))) }

// Short is how many bytes are lacking on a file system of this size, of which so much is free; not above 0: none.
func (m MinFree) Short(size, free int64) int64 { return m.target(uint64(max(size, 0))) - free }

// Empty reports whether there is no rule at all.
func (r *Policy) Empty() bool { return !r.keeps() && r.MinFree.IsZero() }

// keeps reports whether there is a rule that says what to keep. With MinFree alone everything is kept that
// need not go.
func (r *Policy) keeps() bool {
	return r.Last|r.Hourly|r.Daily|r.Weekly|r.Monthly|r.Yearly != 0 || r.Within != nil || len(r.Tags) > 0
}

// Decision is what becomes of one snapshot, and why.
type Decision struct {
	Header  *record.Header
	Keep    bool
	Safe    bool // no rule may remove it, nor the wish for free space
	Reasons []string
	Freed   int64 // bytes of files that go with it, those before it in the list being gone

	gone  bool // its tree is
	aside bool // it is kept and holds no place in any rule: its time is not believed
}

func (d *Decision) keep(why string) { d.Keep, d.Reasons = true, append(d.Reasons, why) }

// period is a rule that keeps one snapshot of each period of the calendar.
type period struct {
	name string
	n    int
	of   func(time.Time) string // equal for times in the same period; also the text for people
}

func (r *Policy) periods() []period {
	return []period{
		{"hourly", r.Hourly, func(t time.Time) string { return t.Format("2006-01-02 15h -0700") }},
		r.days(r.Daily),
		{"weekly", r.Weekly, func(t time.Time) string { y, w := t.ISOWeek(); return fmt.Sprintf("%d-W%02d", y, w) }},
		{"monthly", r.Monthly, func(t time.Time) string { return t.Format("2006-01") }},
		{"yearly", r.Yearly, func(t time.Time) string { return t.Format("2006") }},
	}
}

func (r *Policy) days(n int) period {
	return period{"daily", n, func(t time.Time) string { return t.Format("2006-01-02") }}
}

// judge applies the rules, but for MinFree, to the snapshots, oldest first. missing reports one whose tree is gone:
// no rule forgets it, for it may only have another name or lie elsewhere by now, and it holds no place in any rule.
// aside says why the time of one is not believed, "" for one that is.
func (r *Policy) judge(all []record.Header, missing func(*record.Header) bool,
	aside func(*record.Header) string) []Decision {
	list := make([]Decision, len(all))
	var there, counted []*Decision // newest first
	for i := len(all) - 1; i >= 0; i-- {
		d := &list[i]
		d.Header = &all[i]
		if d.gone = missing(d.Header); d.gone {
			d.Safe = true
			d.keep("its folder is gone")
			continue
		}
		there = append(there, d)
		if why := aside(d.Header); why != "" {
			d.aside, d.Safe = true, true
			d.keep(why)
		} else {
			counted = append(counted, d)
		}
	}
	r.spare(there, counted)
	if !r.keeps() {
		for _, d := range there {
			if !d.Keep {
				d.keep("no rule deletes it")
			}
		}
		return list
	}
	for i, d := range counted {
		if i < r.Last {
			d.keep(fmt.Sprintf("last %d", i+1))
		}
	}
	// Of equal times the one made last counts as the newer. A clock that was set back has put others out of order.
	slices.SortStableFunc(counted, func(a, b *Decision) int { return b.Header.Time.Compare(a.Header.Time) })
	for _, d := range counted {
		if r.Within != nil && !d.Header.Time.Before(r.Within(counted[0].Header.Time)) {
			d.keep("within " + r.WithinText)
		}
	}
	for _, p := range r.periods() {
		for _, d := range p.newest(counted, r.zone()) {
			d.keep(p.name + " " + p.of(d.Header.Time.In(r.zone())))
		}
	}
	for _, d := range there {
		if !d.Keep {
			d.Reasons = []string{"no rule keeps it"}
		}
	}
	return list
}

// spare keeps what no rule may take: the newest of all, the newest that counts, the newest without errors, those
// tagged, and from MinFree the newest of the last days. Both lists are newest first.
func (r *Policy) spare(there, counted []*Decision) {
	keep := func(d *Decision, why string) {
		d.keep(why)
		d.Safe = true
	}
	if len(there) > 0 {
		keep(there[0], "newest")
	}
	if len(counted) > 0 && counted[0] != there[0] {
		keep(counted[0], "newest of those whose time is not in doubt")
	}
	for _, list := range [][]*Decision{there, counted} {
		i := slices.IndexFunc(list, func(d *Decision) bool { return d.Header.Errors == 0 })
		if i > 0 && !list[i].Safe {
			keep(list[i], "newest without errors")
		}
	}
	for _, d := range there {
		if Pinned(d.Header) {
			keep(d, "pinned")
		}
		for _, t := range r.Tags {
			if slices.Contains(d.Header.Tags, t) {
				keep(d, "tag "+t)
			}
		}
	}
	if !r.MinFree.IsZero() {
		byTime := slices.Clone(counted)
		slices.SortStableFunc(byTime, func(a, b *Decision) int { return b.Header.Time.Compare(a.Header.Time) })
		days := r.days(r.FloorDaily)
		for _, d := range days.newest(byTime, r.zone()) {
			if d.Safe = true; !r.keeps() && !d.Keep {
				d.keep("newest of its day")
			}
		}
	}
}

// Pinned reports whether h has PinTag. Until capitals were refused a tag could be Pin as well.
func Pinned(h *record.Header) bool {
	return slices.ContainsFunc(h.Tags, func(t string) bool { return strings.EqualFold(t, PinTag) })
}

func (r *Policy) zone() *time.Location {
	if r.Zone == nil {
		return time.Local
	}
	return r.Zone
}

// newest is the newest of each of the newest n periods that have one: one without errors, if the period has such a
// one. The list is newest first.
func (p *period) newest(list []*Decision, zone *time.Location) (chosen []*Decision) {
	for i, n := 0, 0; i < len(list) && n < p.n; n++ {
		stretch := p.of(list[i].Header.Time.In(zone))
		best := list[i]
		for ; i < len(list) && p.of(list[i].Header.Time.In(zone)) == stretch; i++ {
			if best.Header.Errors > 0 && list[i].Header.Errors == 0 {
				best = list[i]
			}
		}
		chosen = append(chosen, best)
	}
	return chosen
}
