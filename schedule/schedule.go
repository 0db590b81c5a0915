// Package schedule has the backups of a destination run by themselves: by a timer of systemd or, where there is none,
// by a line in the crontab of the user.
//
// Invariants:
//
//   - Texts are pure: [Job.Units] and [Job.CronLine] say what would be written, and the same job gives the same bytes.
//   - Every path is escaped for its reader. What a reader has no form for, a line break or bytes that are no UTF-8, is
//     refused.
//   - A unit appears by rename, a crontab is replaced by crontab itself. In a crontab only what stands between the two
//     marks of the job is changed; all else stays byte for byte.
//   - Done twice is done once, and a run that was killed is made whole by the next one.
//
// [When] is when a job runs (calendar.go), [Job] what (units.go, crontab.go); [Systemd] and [Crontab] do it.
package schedule

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"snap/internal/quote"
)

// Job is a backup that runs by itself.
type Job struct {
	Program   string        // absolute path of snap
	Dest      string        // absolute path of the destination
	When      When          // when it runs
	Delay     time.Duration // at most so much later, by chance: many machines do not begin at once
	OnPower   bool          // only while the computer is not on battery
	StateHome string        // $XDG_STATE_HOME, where it was set: the job has to find the known destinations too
	User      bool          // of a user's own systemd, not of the system's
}

// Args are the arguments that the program of the job gets.
func (j *Job) Args() []string {
	return []string{"backup", "--keep-awake", "--lock-wait", "1h", "-d", j.Dest}
}

// PathError is a path that cannot stand in a schedule.
type PathError struct{ Path, Why string }

func (e *PathError) Error() string {
	return fmt.Sprintf("%s cannot be scheduled: %s", quote.Name(e.Path), e.Why)
}

// Check says with a *PathError which path of the job cannot stand in a schedule.
func (j *Job) Check() error {
	for _, path := range []string{j.Program, j.Dest, j.StateHome} {
		if !utf8.ValidString(path) {
			return &PathError{path, "its name is no UTF-8 text"}
		}
		for _, r := range path {
			if r < 0x20 || r == 0x7f || quote.Dangerous(r) {
				return &PathError{path, "it has a line break or another control character in it"}
			}
		}
	}
	if strings.ContainsAny(j.Program, `$'"\`) {
		return &PathError{j.Program, "systemd takes no program with a quote, a backslash or a $ in its path"}
	}
	return nil
}

// maxName is the longest name of a job, so that the names of its units stay well below the 255 bytes that a name may
// have.
const maxName = 180

// Name is the name of the job for a destination, which no other destination has: its path as systemd-escape writes it,
// but for colons, which systemd-analyze takes for more. Long ones end in a checksum.
func Name(dest string) string {
	var b strings.Builder
	b.WriteString("snap-backup-")
	path := strings.Trim(dest, "/")
	for i := range len(path) {
		switch c := path[i]; {
		case c == '/':
			b.WriteByte('-')
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	name := b.String()
	if len(name) > maxName {
		sum := sha256.Sum256([]byte(dest))
		name = strings.TrimRight(name[:maxName-17], `\x`) + "-" + hex.EncodeToString(sum[:8])
	}
	return name
}
