package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"snap/backup"
	"snap/backup/source"
	"snap/cli/events"
	"snap/cli/exit"
	"snap/destination"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
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
func checkDest(dest string) error {
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
		Complaint: func(err error) []string { return complaint(c.env, err) }, DryRun: c.flags.Bool("dry-run")}
}

// holder is what other runs are told while this one holds the lock.
func (c *call) holder(what string) destination.Holder {
	return destination.NewHolder(what, c.env.Now())
}
