package reindex

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/itchyny/timefmt-go"
)

// Names knows the folders of snapshots by their names.
type Names struct {
	Formats []string // of the names that snap gives, as strftime has them
	Zone    *time.Location
}

// Time is the time in the name of a snapshot: one of a format, with -2, -3 and so on behind it if the name was taken.
func (n *Names) Time(name string) (time.Time, bool) {
	names := []string{name}
	if i := strings.LastIndexByte(name, '-'); i > 0 {
		if k, err := strconv.Atoi(name[i+1:]); err == nil && k > 1 && strconv.Itoa(k) == name[i+1:] {
			names = append(names, name[:i])
		}
	}
	for _, format := range n.Formats {
		for _, name := range names {
			t, err := timefmt.ParseInLocation(name, format, n.Zone)
			if err == nil && timefmt.Format(t, format) == name {
				return t, true
			}
		}
	}
	return time.Time{}, false
}

// foreignDate is a date, and perhaps a time, somewhere in a name: 2026-11-20, 20261120, home-2026-11-20T13:45:10.
var foreignDate = regexp.MustCompile(`^(?:.*?\D)?(\d{4})[-_. ]?(\d\d)[-_. ]?(\d\d)` +
	`(?:[-_. T]?(\d\d)[-_.:h]?(\d\d)(?:[-_.:m]?(\d\d))?)?(?:\D.*)?$`)

// ForeignTime is the time that the name of another program's snapshot tells, whatever its format: year, month, day
// and perhaps hour, minute and second, in this order.
func (n *Names) ForeignTime(name string) (time.Time, bool) {
	m := foreignDate.FindStringSubmatch(name)
	if m == nil {
		return time.Time{}, false
	}
	var d [6]int
	for i := range d {
		d[i], _ = strconv.Atoi(m[i+1]) // nothing is 0
	}
	t := time.Date(d[0], time.Month(d[1]), d[2], d[3], d[4], d[5], 0, n.Zone)
	return t, d[0] >= 1970 && d[1] == int(t.Month()) && d[2] == t.Day() && d[3] < 24 && d[4] < 60 && d[5] < 60
}

// AnyTime is Time, else ForeignTime.
func (n *Names) AnyTime(name string) (time.Time, bool) {
	if t, ok := n.Time(name); ok {
		return t, true
	}
	return n.ForeignTime(name)
}

// ofOthers is what other programs write around the date in a name: Windows in front, and scripts around rsync, and the
// Time Machine, behind it.
var ofOthers = regexp.MustCompile(`^@GMT-|\.(?:backup|complete|previous|incomplete|inprogress|interrupted|partial)$`)

// isDate reports whether a name is a date of any format and nothing else.
func (n *Names) isDate(name string) bool {
	name = ofOthers.ReplaceAllString(name, "")
	_, dated := n.ForeignTime(name)
	return dated && strings.Trim(name, "0123456789-_.:T ") == ""
}

// numberedName is how rsnapshot, and scripts that rotate, call their folders.
var numberedName = regexp.MustCompile(`^(?:\d*minutely|\d*hourly|daily|weekly|monthly|yearly|alpha|beta|gamma|delta|` +
	`backup|snapshot)\.\d+$`)

// OfSnapshot reports whether a folder of this name looks like a snapshot, of snap or of another program.
func (n *Names) OfSnapshot(name string) bool {
	_, ok := n.Time(name)
	return ok || n.ofOther(name)
}

// ofOther reports whether the name is as other programs call their snapshots.
func (n *Names) ofOther(name string) bool { return numberedName.MatchString(name) || n.isDate(name) }

// before is what stands in a name before its date, "" if nothing does or there is no date.
func (n *Names) before(name string) string {
	name = ofOthers.ReplaceAllString(name, "")
	if m := foreignDate.FindStringSubmatchIndex(name); m != nil {
		if _, ok := n.ForeignTime(name); ok && strings.Trim(name[m[2]:], "0123456789-_.:T ") == "" {
			return name[:m[2]]
		}
	}
	return ""
}

// Strangers are the folders of a destination that no index knows.
type Strangers struct {
	Named  []string // their names are those of snapshots
	Dated  []string // their names are dates of another format, or numbered as rsnapshot does: daily.0
	Others []string
}

// Strangers finds the folders in dest, which has no snapshots.
func (n *Names) Strangers(dest string) (s Strangers, err error) {
	entries, err := os.ReadDir(dest)
	series := map[string]int{} // home-2026-11-20, home-2026-11-21: one alone may be anything
	for _, e := range entries {
		if e.IsDir() {
			series[n.before(e.Name())]++
		}
	}
	for _, e := range entries {
		name := e.Name()
		if !e.IsDir() || strings.HasPrefix(name, ".") || SystemFolder(name) {
			continue
		}
		front := n.before(name)
		if _, ok := n.Time(name); ok {
			s.Named = append(s.Named, name)
		} else if n.ofOther(name) || front != "" && series[front] > 1 {
			s.Dated = append(s.Dated, name)
		} else {
			s.Others = append(s.Others, name)
		}
	}
	return s, err
}

// Snapshots are those that look like snapshots.
func (s *Strangers) Snapshots() []string {
	return append(s.Named[:len(s.Named):len(s.Named)], s.Dated...)
}
