package cli

import (
	"errors"
	"time"

	"snap/cli/exit"
	"snap/internal/hint"
	"snap/query"
	"snap/restore"
	"snap/restore/parts"
)

// restoreVersions brings back every version of the files that the arguments name, each under the name of its time.
func (c *call) restoreVersions(d *query.Reader, o restore.Options, start time.Time) error {
	for _, flag := range []string{"in-place", "delete", "delete-excluded", "include", "exclude", "include-from",
		"exclude-from"} {
		if c.flags.IsSet(flag) {
			return hint.With(hint.Usagef("restore: --versions and --%s exclude each other", flag),
				"all versions of a file go into a folder: --versions PATH --target DIR")
		}
	}
	o.Target = c.abs(c.flags.String("target"))
	w := &parts.Versions{Options: o, Zone: c.Zone, Relative: c.flags.Bool("relative")}
	incomplete := false
	for _, arg := range c.args {
		path, found, unheld, err := d.FileVersions(c.ctx, arg)
		if err != nil {
			return err
		}
		lost := w.Take(arg, path, found, d.Snapshots)
		c.print().LostVersions(path, unheld, lost, d.Snapshots)
		incomplete = incomplete || len(lost) > 0
	}
	if len(w.Found) == 0 {
		return errors.New("restore: no snapshot holds any version")
	}
	all, err := w.Parts()
	if err != nil {
		return err
	}
	if !c.opts.json {
		c.print().VersionsNote(w)
	}
	announce := func() error {
		if c.opts.json || c.opts.quiet {
			return nil
		}
		return c.print().RestoredVersions(w, d.Snapshots)
	}
	err = c.bringBack(d, all, &restoreReporter{call: c, dryRun: o.DryRun, started: start, announce: announce})
	if incomplete && err == nil {
		err = exit.With(exit.Partial, nil)
	}
	return err
}
