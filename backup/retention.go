package backup

import (
	"fmt"
	"slices"
	"time"

	"snap/index"
)

// PinTag keeps a snapshot from every rule. Only Delete removes one that has it.
const PinTag = "pin"

// Retention says which snapshots are kept: those that at least one rule names, those tagged PinTag, the
// newest, and the newest without errors. The zero value has no rule, and prune refuses it.
type Retention struct {
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
	MinFree    MinFree // then the oldest go until so much is free
	Zone       *time.Location
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

// Empty reports whether there is no rule at all.
func (r *Retention) Empty() bool { return !r.keeps() && r.MinFree.IsZero() }

// keeps reports whether there is a rule that says what to keep. With MinFree alone everything is kept that
// need not go.
func (r *Retention) keeps() bool {
	return r.Last|r.Hourly|r.Daily|r.Weekly|r.Monthly|r.Yearly != 0 || r.Within != nil || len(r.Tags) > 0
}

// Decision is what becomes of one snapshot, and why.
type Decision struct {
	Header  *index.Header
	Keep    bool
	Safe    bool // no rule may remove it, nor the wish for free space
	Reasons []string
	Freed   int64 // bytes of files that go with it, those before it in the list being gone
}

func (d *Decision) keep(why string) { d.Keep, d.Reasons = true, append(d.Reasons, why) }

// period is a rule that keeps one snapshot of each stretch of the calendar.
type period struct {
	name string
	n    int
	of   func(time.Time) string // equal for times in the same stretch; also what people are told
}

func (r *Retention) periods() []period {
	return []period{
		{"hourly", r.Hourly, func(t time.Time) string { return t.Format("2006-01-02 15h -0700") }},
		{"daily", r.Daily, func(t time.Time) string { return t.Format("2006-01-02") }},
		{"weekly", r.Weekly, func(t time.Time) string { y, w := t.ISOWeek(); return fmt.Sprintf("%d-W%02d", y, w) }},
		{"monthly", r.Monthly, func(t time.Time) string { return t.Format("2006-01") }},
		{"yearly", r.Yearly, func(t time.Time) string { return t.Format("2006") }},
	}
}

// Decide applies the rules, but for MinFree, to the snapshots, oldest first. missing tells of one whose tree
// is gone: it is kept by nothing and holds no place in any rule.
func (r *Retention) Decide(all []index.Header, missing func(*index.Header) bool) []Decision {
	zone := r.Zone
	if zone == nil {
		zone = time.Local
	}
	list := make([]Decision, len(all))
	var there []*Decision // newest first
	for i := len(all) - 1; i >= 0; i-- {
		list[i].Header = &all[i]
		if missing(&all[i]) {
			list[i].Reasons = []string{"its folder is gone"}
			continue
		}
		there = append(there, &list[i])
	}
	if len(there) == 0 {
		return list
	}
	there[0].keep("newest")
	there[0].Safe = true
	if i := slices.IndexFunc(there, func(d *Decision) bool { return d.Header.Errors == 0 }); i > 0 {
		there[i].keep("newest without errors")
		there[i].Safe = true
	}
	for _, d := range there {
		if slices.Contains(d.Header.Tags, PinTag) {
			d.keep("pinned")
			d.Safe = true
		}
		for _, t := range r.Tags {
			if slices.Contains(d.Header.Tags, t) {
				d.keep("tag " + t)
				d.Safe = true
			}
		}
	}
	if !r.keeps() {
		for _, d := range there {
			if !d.Keep {
				d.keep("there is no rule against it")
			}
		}
		return list
	}
	for i, d := range there {
		if i < r.Last {
			d.keep(fmt.Sprintf("last %d", i+1))
		}
		if r.Within != nil && !d.Header.Time.Before(r.Within(there[0].Header.Time)) {
			d.keep("within " + r.WithinText)
		}
	}
	for _, p := range r.periods() {
		p.keep(there, zone)
	}
	for _, d := range there {
		if !d.Keep {
			d.Reasons = []string{"no rule keeps it"}
		}
	}
	return list
}

// keep keeps the newest snapshot of each of the newest n stretches that have one: one without errors, if
// the stretch has such a one.
func (p *period) keep(there []*Decision, zone *time.Location) {
	for i, n := 0, 0; i < len(there) && n < p.n; n++ {
		stretch := p.of(there[i].Header.Time.In(zone))
		best := there[i]
		for ; i < len(there) && p.of(there[i].Header.Time.In(zone)) == stretch; i++ {
			if best.Header.Errors > 0 && there[i].Header.Errors == 0 {
				best = there[i]
			}
		}
		best.keep(p.name + " " + stretch)
	}
}

// MakeRoom gives up the oldest snapshots that are not safe until freed says that deleting all that are not
// kept frees need bytes. It reports whether that is enough.
func MakeRoom(list []Decision, need int64, freed func([]Decision) int64, why string) bool {
	for i := range list {
		if freed(list) >= need {
			return true
		}
		if d := &list[i]; d.Keep && !d.Safe {
			d.Keep, d.Reasons = false, []string{why}
		}
	}
	return freed(list) >= need
}
