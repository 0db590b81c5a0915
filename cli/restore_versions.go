package cli

import (
	"errors"
	"slices"
	"time"

	"github.com/clipperhouse/displaywidth"

	"snap/cli/exit"
	"snap/cli/text"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
	"snap/restore"
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
	w := &versionsWanted{call: c, snaps: d.Snapshots, options: o}
	for _, arg := range c.args {
		path, all, unheld, err := d.FileVersions(c.ctx, arg)
		if err != nil {
			return err
		}
		w.take(arg, path, all, unheld)
	}
	if len(w.parts) == 0 {
		return errors.New("restore: no snapshot holds any version")
	}
	if err := apart(slices.Clone(w.places)); err != nil {
		return err
	}
	if !c.opts.json {
		c.note("restore: %s of %s to %s", text.Plural(len(w.parts), "version", "versions"), someOf(w.paths),
			quote.Name(o.Target))
	}
	err := c.bringBack(d, w.parts, &restoreReport{call: c, dryRun: o.DryRun, started: start, announce: w.print})
	if w.lost && err == nil {
		err = exit.With(exit.Partial, nil)
	}
	return err
}

// versionsWanted are the versions of files that are to be brought back.
type versionsWanted struct {
	*call
	snaps   query.Snapshots
	options restore.Options

	paths  []string // of the files
	parts  []*restorePart
	places []restorePlace
	found  []query.FileVersion // one for each part
	of     []string            // the file that it is one of
	lost   bool                // there are some whose snapshots have no folder
}

// take makes parts of all versions of a file.
func (w *versionsWanted) take(arg, of string, all []query.FileVersion, unheld int) {
	w.paths = append(w.paths, of)
	if unheld > 0 {
		w.note("restore: %s of %s could not be read by the backup: no snapshot holds that",
			text.Plural(unheld, "version", "versions"), quote.Name(of))
	}
	dir, name := record.Split(of)
	if !w.flags.Bool("relative") {
		dir = ""
	}
	times := make([]time.Time, len(all))
	for i := range all {
		times[i] = w.snaps[all[i].First].Time.In(w.Zone)
	}
	for i, to := range query.VersionNames(name, times) {
		v := &all[i]
		if v.Pos < 0 {
			w.lost = true
			w.warn("restore: the version of %s in snapshot %s cannot be had: that snapshot's folder is missing",
				quote.Name(of), quote.Name(w.snaps[v.First].Name))
			continue
		}
		part := &restorePart{header: &w.snaps[v.Pos], options: w.options, files: 1, bytes: max(v.Record.Size, 0)}
		part.options.Items = []restore.Item{{Path: v.Path, To: record.Join(dir, to)}}
		w.parts, w.found, w.of = append(w.parts, part), append(w.found, *v), append(w.of, of)
		w.places = append(w.places, restorePlace{part.options.Items[0], part.header, arg})
	}
}

// print prints a line for each version.
func (w *versionsWanted) print() error {
	if w.opts.json || w.opts.quiet {
		return nil
	}
	width := 0
	for i := range w.found {
		width = max(width, displaywidth.String(quote.Name(w.snaps[w.found[i].First].Name)))
	}
	for i := range w.found {
		v := &w.found[i]
		var asides []string
		if v.Path != w.of[i] {
			asides = []string{"was " + quote.Name(v.Path)}
		}
		if err := w.comesBack(&w.snaps[v.First], width, v.Record.Kind, v.Record.Size, w.places[i].To, "",
			asides...); err != nil {
			return err
		}
	}
	return nil
}
