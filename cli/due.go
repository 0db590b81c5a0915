package cli

import (
	"fmt"
	"time"

	"snap/cli/wire"
	"snap/destination"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/query"
	"snap/record"
)

// last is the last run that looked at the whole source.
type last struct {
	header    *record.Header // the newest snapshot
	unchanged time.Time      // when a later run found nothing changed since; zero: none has
}

// lastRunOf is that of the destination root, whose complete snapshots are all.
func lastRunOf(root *file.Dir, all query.Snapshots) (l last) {
	if len(all) > 0 {
		l.header = &all[len(all)-1]
		l.unchanged = destination.LastUnchanged(root, l.header)
	}
	return l
}

// younger says which of its times lies within the age before now, the later one; zero: none does. One in the future
// says nothing: the clock was wrong then, and it must not put off backups until that time.
func (l *last) younger(age when.Age, now time.Time) (t time.Time) {
	for _, at := range []time.Time{l.header.Time, l.unchanged} {
		if at.After(age.Before(now)) && !at.After(now) && at.After(t) {
			t = at
		}
	}
	return t
}

// notDue says why --if-older makes no backup now, "" if one is due. What cannot be read is left to the backup to tell.
func (c *call) notDue(dest string) (why string, err error) {
	if !c.flags.IsSet("if-older") {
		return "", nil
	}
	text := c.flags.String("if-older")
	age, err := when.ParseAge(text)
	if err != nil {
		return "", hint.Usagef("--if-older: %s", err)
	}
	d, err := query.Open(c.ctx, dest, query.Options{Trust: c.trusted(dest)})
	if err != nil {
		return "", nil
	}
	defer d.Close()
	defer c.proved(dest, d.DB)
	if len(d.Snapshots) == 0 {
		return "", nil
	}
	l := lastRunOf(d.Root, d.Snapshots)
	at := l.younger(age, c.now())
	if at.IsZero() || !d.Present(l.header) {
		return "", nil
	}
	what := "snapshot " + quote.Name(l.header.Name)
	if at.Equal(l.unchanged) {
		what = "the last run, which found nothing changed since " + what + ","
	}
	return fmt.Sprintf("no backup is due: %s is %s old, not older than %s", what, c.Age(at), text), nil
}

// restUntilDue says that no backup was made, and why.
func (c *call) restUntilDue(why string) error {
	if c.opts.json {
		return c.json(wire.BackupSummary{Type: "summary", Skipped: true, NotDue: true, RemovedNames: []string{},
			RulesStopped: []string{}})
	}
	if c.opts.quiet {
		return nil
	}
	return c.say("%s", why)
}
