package cli

import (
	"strconv"
	"strings"
	"time"

	"snap/backup"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/destination"
	"snap/destination/retention"
	"snap/filter"
	"snap/internal/quote"
	"snap/record"
)

// idleMax is how many lines of the lists are named that fit nothing.
const idleMax = 20

// tellIdle says which patterns fit nothing that the scan has looked at: one that was typed for this run is meant to
// fit, while a list may well be made for more than there is, so that its lines are named with -v, and with -n counted
// in one line.
func (c *call) tellIdle(rules []*filter.Rule, counted, named bool) {
	const looked = "fits nothing that was looked at"
	told, more, lines, lists := 0, 0, 0, false
	for _, r := range rules {
		flag := strings.HasPrefix(r.File, "--")
		switch {
		case flag:
			c.note("%s %s: %s", r.File, quote.Word(r.Text), looked)
		case !named:
			lines++
			continue
		case told == idleMax:
			more++
			continue
		default:
			c.note("%s:%d: %s: %s", r.File, r.Line, patternText(r.Text), looked)
			told++
		}
		lists = true
	}
	if lines > 0 && counted {
		c.note("%s of the lists %s; -v names them", text.Plural(lines, "line", "lines"),
			map[bool]string{true: "fits nothing that was looked at", false: "fit nothing that was looked at"}[lines == 1])
	}
	if more > 0 {
		c.note("and %s more of the lists", text.Plural(more, "line", "lines"))
	}
	if lists {
		c.note("what lies in a folder that another line leaves out is not looked at; snap explain PATH says what decides " +
			"about a path")
	}
}

// patternText is a pattern in a message: in quotes where it would run into the text around it.
func patternText(text string) string {
	if strings.ContainsAny(text, " \t") {
		return strconv.Quote(text)
	}
	return quote.Name(text)
}

// newIdleJSON are the same for programs, all of them.
func newIdleJSON(rules []*filter.Rule) []wire.IdlePattern {
	all := []wire.IdlePattern{}
	for _, r := range rules {
		file, _ := wire.Name(r.File)
		text, _ := wire.Name(r.Text)
		all = append(all, wire.IdlePattern{File: file, Line: r.Line, Text: text})
	}
	return all
}

// tellLost says in one line what the folder of the new snapshot lacks, and with -v of which entries.
func (c *call) tellLost(l *backup.Lost) {
	if !l.Any() {
		return
	}
	hint := "; -v names each"
	if c.opts.verbose > 0 {
		hint = ""
		for _, p := range l.Paths {
			c.note("%s: could not be set: %s", quote.Name(p.Path), strings.Join(lostParts(p.What), ", "))
		}
	}
	var parts []string
	for _, n := range []struct {
		count int64
		what  string
	}{{l.Owner, "the owner"}, {l.Mode, "the mode"}, {l.Xattrs, "extended attributes"}, {l.Times, "the times"}} {
		if n.count > 0 {
			parts = append(parts, n.what+" of "+text.Plural(n.count, "entry", "entries"))
		}
	}
	c.note("this user or file system could not set %s: the index keeps them, for snap restore%s",
		strings.Join(parts, ", "), hint)
}

// behindSlack is by how much a backup may be earlier than a snapshot before it and nothing is said. What a time
// server corrects is minutes; summer time changes nothing, because times are compared in UTC.
const behindSlack = 3 * time.Hour

// behind is that a backup has an earlier time than a snapshot made before it.
type behind struct {
	snapshot *record.Header // the one with the latest time
	many     bool           // so are others: it is the clock of now that is wrong
}

// json is nil where there is nothing to tell.
func (b *behind) json() *wire.ClockBehind {
	if b == nil {
		return nil
	}
	return &wire.ClockBehind{Snapshot: b.snapshot.Name, Time: b.snapshot.Time}
}

// behind is the snapshot of the latest time, if a backup of time t is before that; nil if it is not. Snapshots that
// are pinned do not count: so those are kept whose time is known to be wrong.
func (c *call) behind(d *destination.Destination, t time.Time) (*behind, error) {
	if d.DB == nil {
		return nil, nil
	}
	all, err := d.DB.Snapshots(c.ctx)
	if err != nil {
		return nil, err
	}
	var last *record.Header
	later := 0
	for i := range all {
		h := &all[i]
		if retention.Pinned(h) || h.Time.Sub(t) <= behindSlack {
			continue
		}
		if later++; last == nil || h.Time.After(last.Time) {
			last = h
		}
	}
	if last == nil {
		return nil, nil
	}
	return &behind{last, later > 1}, nil
}

// tellBehind says that the backup of time t is before an older snapshot: with -q too, unless somebody typed that
// time. Where the rules were stopped they say what to do.
func (c *call) tellBehind(b *behind, t time.Time, dest string, stopped bool) {
	switch {
	case b == nil:
		return
	case c.flags.IsSet("time"):
		c.note("--time %s is before the time of %s, which was made before: %s", c.When(t), quote.Name(b.snapshot.Name),
			c.When(b.snapshot.Time))
		return
	}
	c.warn("the clock says %s, which is before the time of snapshot %s: %s", c.When(t), quote.Name(b.snapshot.Name),
		c.When(b.snapshot.Time))
	switch in, name := quote.Word(dest), quote.Word(b.snapshot.Name); {
	case stopped:
	case b.many:
		c.warn("is the clock right? Set it, and delete what was made meanwhile: snap delete -d %s REF", in)
	default:
		c.warn("is the clock right? If it was wrong when that one was made: snap delete -d %s %s", in, name)
		c.warn("or keep that one and be told no more: snap tag -d %s %s --add pin", in, name)
	}
}
