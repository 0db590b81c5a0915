package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"

	"snap/backup"
	"snap/backup/source"
	"snap/cli/events"
	"snap/cli/exit"
	"snap/cli/settings"
	"snap/cli/wire"
	"snap/destination"
	"snap/destination/retention"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/query"
)

// checkLayout refuses a source and a destination that lie in each other, and keeps the scan out of dest.
func checkLayout(o *backup.Options, dest string) error {
	never, err := source.CheckLayout(o.Source, o.Scan.Roots, dest, func(rel string) (bool, error) {
		v, err := o.Scan.Filter.Explain(rel, true)
		return !v.Walk, err
	})
	o.Scan.Never = []file.Stat{never}
	return exit.Hint(err, dest)
}

// checkDest says what is wrong with a destination before anything is done there.
func (c *call) checkDest(dest string) error {
	if err := destination.CheckPlace(c.ctx, dest); err != nil {
		return exit.Hint(err, dest)
	}
	info, err := os.Stat(dest)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return hint.With(fmt.Errorf("destination %s: there is no such folder", quote.Name(dest)),
			"is its disk mounted? To begin a new destination, make the folder first: mkdir -p %s", quote.Word(dest))
	case err != nil:
		return fmt.Errorf("destination: %w", err)
	case !info.IsDir():
		return hint.With(fmt.Errorf("destination %s: not a folder", quote.Name(dest)),
			"name a folder that the snapshots can be made in")
	}
	return nil
}

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

// roomHint adds to the error of a backup that does not fit which snapshots would make room for it, and the command that
// deletes them.
func (c *call) roomHint(err error, d *destination.Destination, s *settings.Settings) error {
	lack := (*destination.SpaceError)(nil)
	if !errors.As(err, &lack) || lack.Need > math.MaxInt64>>1 {
		return err
	}
	const mib = 1 << 20 // so that the command is short
	want := (int64(lack.Need) + mib - 1) / mib
	rules := s.Keep.Policy(c.now())
	room, rerr := retention.RoomFor(c.ctx, d, &rules, want*mib, int64(lack.Free))
	if rerr != nil {
		return err // the first one matters
	}
	return hint.With(err, "%s", hint.Text(c.print().Room(room, d.Path, want, len(s.Unknown) == 0)))
}
