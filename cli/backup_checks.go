package cli

import (
	"fmt"

	"snap/cli/events"
	"snap/cli/wire"
	"snap/destination"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/query"
)

// eventCaller is this command, for what happens around a backup.
func (c *call) eventCaller() events.Caller {
	return events.Caller{Style: c.Style, Environ: c.env.Environ, LookupEnv: c.env.LookupEnv, Warn: c.warn, Note: c.note,
		Complaint: func(err error) []string { return complaint(c.env, causeOf(c.ctx, c.env, err)) },
		DryRun:    c.flags.Bool("dry-run"), Quiet: c.opts.quiet}
}

// holder is what other runs are told while this one holds the lock.
func (c *call) holder(what string) destination.Holder {
	return destination.NewHolder(what, c.env.Now())
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
	d, err := query.Open(c.ctx, dest, query.Options{Now: c.now(), Trust: c.trusted(dest)})
	if err != nil {
		return "", nil
	}
	defer d.Close()
	defer c.proved(dest, d.DB)
	l := d.LastRun()
	at := l.Within(age, c.now())
	if at.IsZero() {
		return "", nil
	}
	h := l.Header
	if at.Equal(l.Latest.Time) {
		h = l.Latest
	}
	if !d.Present(h) {
		return "", nil
	}
	what := "snapshot " + quote.Name(h.Name)
	if at.Equal(l.Unchanged) {
		what = "the last run, which found nothing changed since " + what + ","
	}
	return fmt.Sprintf("no backup is due: %s is %s old, not older than %s", what, c.Age(at), text), nil
}

// tellNotDue says that no backup was made, and why.
func (c *call) tellNotDue(why string) error {
	switch {
	case c.opts.json:
		return c.json(wire.NewNotDue())
	case c.opts.quiet:
		return nil
	}
	return c.say("%s", why)
}
