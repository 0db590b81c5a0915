package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"snap/cli/exit"
	"snap/filter"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/restore"
	"snap/restore/parts"
)

// restoreParts reads the arguments. o is what all parts have in common.
func (c *call) restoreParts(d *query.Reader, o restore.Options) (all []*parts.Part, err error) {
	var places []parts.Place
	way := parts.ByName
	switch {
	case c.flags.Bool("in-place"):
		way = parts.WhereItWas
	case c.flags.Bool("relative"):
		way = parts.ByPath
	}
	entries, err := c.entries(d, "restore")
	if err != nil {
		return nil, err
	}
	for i := range entries {
		h, p, arg := entries[i].Header, entries[i].Path, entries[i].Arg
		if o.Overwrite != restore.Never && o.Overwrite != restore.Skip || o.Delete {
			if err := noPath(&entries[i]); err != nil {
				return nil, err
			}
		}
		items := parts.Items(h, p, way)
		for _, it := range items {
			places = append(places, parts.Place{Item: it, Header: h, Arg: arg})
		}
		if err := d.Missing(c.ctx, h, p, "restore"); err != nil {
			return nil, err
		}
		i := slices.IndexFunc(all, func(p *parts.Part) bool { return p.Header == h })
		if i < 0 {
			part := parts.New(h, o)
			if err := c.restoreInto(part, d); err != nil {
				return nil, err
			}
			i, all = len(all), append(all, part)
		}
		if all[i].Options.Items = append(all[i].Options.Items, items...); p == "" {
			all[i].Files, all[i].Bytes = h.Files, h.Bytes
		}
	}
	if len(places) == 1 && way == parts.ByName {
		kind, err := d.KindOf(c.ctx, places[0].Header, places[0].Path)
		if err == nil && kind != file.Folder {
			o := &all[0].Options
			err = exit.RestoreHint(parts.NameTarget(o, c.flags.String("target")), o.Target)
		}
		if err != nil {
			return nil, err
		}
	}
	return all, parts.Apart(places)
}

// noPath refuses REF: and FOLDER/ where something may be replaced or deleted: is the variable behind it not set?
func noPath(n *query.Named) error {
	ends := ":"
	if n.Whole {
		ends = "/"
	}
	ref, open := strings.CutSuffix(n.Arg, ends)
	if n.Path != "" || !open {
		return nil
	}
	return hint.With(hint.Usagef("restore: behind %s PATH is empty, and all of the snapshot would come over what is there",
		quote.Name(n.Arg)), "is a variable not set? If all of it is meant: %s", quote.Word(ref))
}

// entries are what the arguments name, for the command verb. It says so where one was taken for a path of the newest
// snapshot.
func (c *call) entries(d *query.Reader, verb string) ([]query.Named, error) {
	all, err := d.Entries(c.ctx, c.args, verb)
	if err != nil {
		return nil, err
	}
	for i := range all {
		n := &all[i]
		if n.Newest {
			c.note("%s: no snapshot is named, so the newest is meant: %s", verb, quote.Word("latest:"+n.Path))
		} else if n.Here {
			c.note("%s: the current folder is in a snapshot, which is meant: %s", verb, quote.Word(n.Header.Name+":"+n.Path))
		} else if other := d.NewestPath(c.ctx, n.Arg); n.Whole && other != "" {
			c.note("%s: %s is a snapshot; the path of that name is %s", verb, quote.Name(n.Arg), quote.Word("latest:"+other))
		}
	}
	return all, nil
}

// entry is entries of a command that takes one argument; several says what to do for several.
func (c *call) entry(d *query.Reader, verb, several string) (*query.Named, error) {
	all, err := c.entries(d, verb)
	if len(c.args) > 1 && !hint.IsUsage(err) {
		err = hint.With(hint.Usagef("%s: one at a time", verb), "%s", several)
	}
	if err != nil {
		return nil, err
	}
	return &all[0], nil
}

// restoreInto sets where a part goes and what of it.
func (c *call) restoreInto(p *parts.Part, d *query.Reader) error {
	p.Options.Target = c.abs(c.flags.String("target"))
	if c.flags.Bool("in-place") {
		if p.Options.Target = p.Header.Source; p.Options.Target == "" {
			return hint.With(fmt.Errorf("the source of snapshot %s is not known", quote.Name(p.Header.Name)),
				"restore it with --target DIR")
		}
	}
	if err := c.choose(p); err != nil {
		return err
	}
	if p.Options.Delete && !p.Options.DeleteExcluded {
		s, err := c.readSettings(d.Dir)
		if err != nil {
			return err
		}
		p.Options.Spare, err = c.place(d.Dir).Sparing(sourcesIn(p.Header), &s, c.print())
		return err
	}
	return nil
}

// choose reads the patterns of the command line for the source of a part's snapshot.
func (c *call) choose(p *parts.Part) error {
	fc := c.filterContext(sourcesIn(p.Header))
	var choosers [2]*filter.Chooser
	for i, flag := range []string{"include", "exclude"} {
		rules, err := c.flagRules(flag, fc)
		if err != nil {
			return err
		}
		if len(rules) > 0 || c.flags.IsSet(flag+"-from") {
			choosers[i] = filter.NewChooser(rules, fc)
		}
	}
	p.Choose(choosers[0], choosers[1])
	return nil
}

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
	const line = "snap restore --versions --target DIR PATH"
	for _, arg := range c.args {
		path, found, unheld, err := d.FileVersions(c.ctx, arg)
		if err != nil {
			return cmp.Or(d.AsksAll(c.ctx, []string{arg}, false, line), d.AsksAllBeside(c.args, err, line))
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
	r := c.restoring(o, start)
	r.Announce = announce
	err = c.bringBack(d, all, r)
	if incomplete && err == nil {
		err = exit.With(exit.Partial, nil)
	}
	return err
}
