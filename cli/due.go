package cli

import (
	"fmt"

	"snap/cli/wire"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/query"
)

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
	l := d.LastRun()
	at := l.Within(age, c.now())
	if at.IsZero() || !d.Present(l.Header) {
		return "", nil
	}
	what := "snapshot " + quote.Name(l.Header.Name)
	if at.Equal(l.Unchanged) {
		what = "the last run, which found nothing changed since " + what + ","
	}
	return fmt.Sprintf("no backup is due: %s is %s old, not older than %s", what, c.Age(at), text), nil
}

// restUntilDue says that no backup was made, and why.
func (c *call) restUntilDue(why string) error {
	c.events.Cancel()
	c.events = nil
	switch {
	case c.opts.json:
		return c.json(wire.NewNotDue())
	case c.opts.quiet:
		return nil
	}
	return c.say("%s", why)
}
