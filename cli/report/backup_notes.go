package report

import (
	"strconv"
	"strings"
	"time"

	"snap/backup"
	"snap/cli/text"
	"snap/filter"
	"snap/internal/quote"
	"snap/query"
)

// idleMax is how many lines of the lists are named that fit nothing.
const idleMax = 20

// IdlePatterns says which patterns fit nothing that the scan has looked at: one that was typed for this run is meant to
// fit, while a list may well be made for more than there is, so that its lines are named with -v, and with -n counted
// in one line.
func (p *Printer) IdlePatterns(rules []*filter.Rule, counted, named bool) {
	const looked = "fits nothing that was looked at"
	told, more, lines, lists := 0, 0, 0, false
	for _, r := range rules {
		flag := strings.HasPrefix(r.File, "--")
		switch {
		case flag:
			p.Note("%s %s: %s", r.File, quote.Word(r.Text), looked)
		case !named:
			lines++
			continue
		case told == idleMax:
			more++
			continue
		default:
			p.Note("%s:%d: %s: %s", r.File, r.Line, patternText(r.Text), looked)
			told++
		}
		lists = true
	}
	if lines > 0 && counted {
		p.Note("%s of the lists %s; -v names them", text.Plural(lines, "line", "lines"),
			map[bool]string{true: "fits nothing that was looked at", false: "fit nothing that was looked at"}[lines == 1])
	}
	if more > 0 {
		p.Note("and %s more of the lists", text.Plural(more, "line", "lines"))
	}
	if lists {
		p.Note("what lies in a folder that another line leaves out is not looked at; snap explain PATH says what decides " +
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

// Lost says in one line what the folder of the new snapshot lacks; each: of which entries, too.
func (p *Printer) Lost(l *backup.Lost, each bool) {
	if !l.Any() {
		return
	}
	hint := "; -v names each"
	if each {
		hint = ""
		for _, at := range l.Paths {
			p.Note("%s: could not be set: %s", quote.Name(at.Path), strings.Join(LostParts(at.What), ", "))
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
	p.Note("this user or file system could not set %s: the index keeps them, for snap restore%s",
		strings.Join(parts, ", "), hint)
}

// ClockBehind says that the backup of time t to dest is before an older snapshot. It is a note where somebody typed
// that time. Where the rules were stopped they say what to do.
func (p *Printer) ClockBehind(b *query.Behind, t time.Time, typed bool, dest string, stopped bool) {
	if typed {
		p.Note("--time %s is before the time of %s, which was made before: %s", p.When(t), quote.Name(b.Snapshot.Name),
			p.When(b.Snapshot.Time))
		return
	}
	p.Warn("the clock says %s, which is before the time of snapshot %s: %s", p.When(t), quote.Name(b.Snapshot.Name),
		p.When(b.Snapshot.Time))
	switch in, name := quote.Word(dest), quote.Word(b.Snapshot.Name); {
	case stopped:
	case b.Many:
		p.Warn("is the clock right? Set it, and delete what was made meanwhile: snap delete -d %s REF", in)
	default:
		p.Warn("is the clock right? If it was wrong when that one was made: snap delete -d %s %s", in, name)
		p.Warn("or keep that one and be told no more: snap tag -d %s %s --add pin", in, name)
	}
}
