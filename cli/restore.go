package cli

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
	"snap/restore"
)

func restoreCommand() *command {
	return &command{
		Name: "restore",
		Args: "REF[:PATH]… (--target DIR | --in-place)", Min: 1, Max: -1, Group: groupLook, Effect: true,
		Short: "bring back a snapshot, folders or files, verified",
		Long: `
Brings back a whole snapshot, or the folders and files that PATH names. With
--target a snapshot is restored as DIR, and PATH as DIR/NAME, as cp -a would, or
with -R as DIR/PATH; the last folder of DIR is made if it is missing. With
--in-place all goes where it was.
Every file is copied and compared with its hash; one whose bytes are not
what was backed up is named, and the exit code is 3.

By default nothing is overwritten: if anything would be, that is said before
anything is written. Existing folders are merged with, symbolic links are replaced,
never followed, and a folder in the way of a file stays unless it is empty. As
root, an existing folder that belongs to another user than in the snapshot keeps
its owner and mode, and is named.

--delete removes what is new in restored folders. What the backup leaves out stays:
by the lists and settings that the destination has now, or because it was there
when the snapshot was made and no snapshot holds it. Where most of what is there
would go and hardly any of it is known, nothing is done (exit code 4).`,
		Examples: `
snap restore latest --target /tmp/all
snap restore latest:docs/report.txt --target .
snap restore latest:docs/a.txt oldest:src/a.txt -R --target old
snap restore @7d:docs @7d:src/main.go --in-place --overwrite if-changed -n
snap restore latest~1 --in-place --overwrite if-changed --delete -n
snap restore latest --in-place --overwrite skip`,
		Codes: []int{exit.Partial, exit.Refused, exit.NoDest, exit.Locked, exit.Interrupted, exit.Terminated},
		Flags: flags{
			{Name: "target", Kind: cmdline.String, Aliases: []string{"t"}, Usage: "restore into the folder `DIR`"},
			{Name: "in-place", Usage: "restore where it was"},
			{Name: "relative", Aliases: []string{"R"}, Usage: "keep the whole PATH below DIR, as rsync -R does"},
			{Name: "overwrite", Kind: cmdline.String, Default: "never",
				OneOf: []string{"never", "skip", "if-changed", "if-newer", "always"},
				Usage: "replace what exists: `WHEN` is never, skip (leave it and restore the rest), if-changed (size or time " +
					"differ), if-newer (the snapshot's is newer) or always"},
			{Name: "delete",
				Usage: "remove what restored folders have and the snapshot does not, but for what the backup leaves out"},
			{Name: "delete-excluded", Usage: "with --delete: remove also what the backup leaves out"},
			{Name: "allow-delete-most", Usage: "with --delete: go on where most of what is there would be deleted"},
			{Name: "include", Kind: cmdline.Strings, Usage: "only `PATTERN`, written as in Blacklist.txt; may be repeated"},
			{Name: "exclude", Kind: cmdline.Strings, Usage: "not `PATTERN`, written as in Blacklist.txt; may be repeated"},
			{Name: "include-from", Kind: cmdline.Strings, Usage: "only what `FILE` lists, a pattern a line; may be repeated"},
			{Name: "exclude-from", Kind: cmdline.Strings, Usage: "not what `FILE` lists, a pattern a line; may be repeated"},
			{Name: "dry-run", Aliases: []string{"n"},
				Usage: "say what would happen, and where each file would go, and write nothing"},
			{Name: "numeric-ids", Usage: "keep owners as numbers, whatever their names are here"},
			{Name: "no-xattrs", Usage: "restore no extended attributes, and so no ACLs and no capabilities"},
			{Name: "jobs", Kind: cmdline.Int, Usage: "write `N` files at the same time (default: snap chooses)"},
		},
		Complete: completePathRef,
		Run: func(c *call) error {
			c.which = true
			return c.reading(func(d *query.Reader) error {
				c.tellWhich(d, "")
				return c.restore(d)
			})
		},
	}
}

// overwrites are the values of --overwrite.
var overwrites = map[string]restore.Overwrite{
	"never": restore.Never, "skip": restore.Skip, "if-changed": restore.IfChanged, "if-newer": restore.IfNewer,
	"always": restore.Always,
}

func (c *call) restore(d *query.Reader) error {
	o, err := c.restoreOptions()
	if err != nil {
		return err
	}
	start := c.env.Now()
	parts, err := c.restoreParts(d, o)
	if err != nil {
		return err
	}
	if len(parts) > 1 && o.Overwrite == restore.Never && !o.DryRun {
		if err := c.lookAhead(d, parts); err != nil {
			return exit.RestoreHint(err, parts[0].options.Target)
		}
	}
	r := &restoreReport{call: c, line: c.progress(), dryRun: o.DryRun, started: start}
	defer r.line.End()
	var choosers []*chooser
	for _, p := range parts {
		choosers = append(choosers, p.chooser)
		if items := p.options.Items; len(items) == 1 && items[0].Path == "" {
			r.state.TotalFiles, r.state.TotalBytes = r.state.TotalFiles+p.header.Files,
				record.Plus(r.state.TotalBytes, p.header.Bytes)
		}
		p.options.Report = r
		r.begin(&p.options)
		res, err := p.run(c, d, p.options)
		r.add(&res)
		if err != nil {
			r.line.End()
			return exit.RestoreHint(err, parts[0].options.Target)
		}
	}
	r.line.End()
	if err := c.tellUseless(choosers); err != nil {
		return err
	}
	if err := errors.Join(r.err, r.summary()); err != nil {
		return err
	}
	if r.total.Errors > 0 {
		return exit.With(exit.Partial, nil)
	}
	return nil
}

// maxExisting is how many files are named that would be overwritten.
const maxExisting = 20

// lookAhead refuses before anything is written what one of several snapshots would overwrite: each by
// itself looks ahead only when those before it are written.
func (c *call) lookAhead(d *query.Reader, parts []*restorePart) error {
	var all restore.ExistsError
	for _, p := range parts {
		o := p.options
		o.DryRun = true
		_, err := p.run(c, d, o)
		var exists *restore.ExistsError
		if errors.As(err, &exists) {
			room := max(maxExisting-len(all.Paths), 0)
			all.Paths = append(all.Paths, exists.Paths[:min(room, len(exists.Paths))]...)
			all.Count += exists.Count
		} else if err != nil {
			return err
		}
	}
	if all.Count > 0 {
		return &all
	}
	return nil
}

// restoreOptions are the options that all snapshots are restored with.
func (c *call) restoreOptions() (restore.Options, error) {
	f := c.flags
	o := restore.Options{
		Delete: f.Bool("delete") || f.Bool("delete-excluded"), DeleteExcluded: f.Bool("delete-excluded"),
		DeleteMost: f.Bool("allow-delete-most"),
		DryRun:     f.Bool("dry-run"), NumericIDs: f.Bool("numeric-ids"), NoXattrs: f.Bool("no-xattrs"),
	}
	if o.DeleteMost && !o.Delete {
		return o, hint.Usagef("--allow-delete-most is about what --delete removes, and --delete is not given")
	}
	if (f.String("target") != "") == f.Bool("in-place") {
		return o, hint.With(hint.Usagef("restore: either --target DIR or --in-place is needed"),
			"--target DIR restores into a folder, --in-place where it was")
	}
	o.Overwrite = overwrites[f.String("overwrite")]
	if f.IsSet("jobs") {
		if o.Jobs = f.Int("jobs"); o.Jobs < 1 || o.Jobs > 1024 {
			return o, hint.Usagef("--jobs %d: must be a number from 1 to 1024", o.Jobs)
		}
	}
	return o, nil
}

// restorePart is what is restored from one snapshot.
type restorePart struct {
	header  *record.Header
	options restore.Options
	chooser *chooser
}

func (p *restorePart) run(c *call, d *query.Reader, o restore.Options) (restore.Result, error) {
	res, err := restore.Run(c.ctx, d.DB, p.header, filepath.Join(d.Dir, p.header.Name), o)
	return res, errors.Join(err, p.chooser.bad)
}

// restoreParts reads the arguments. o is what all parts have in common.
func (c *call) restoreParts(d *query.Reader, o restore.Options) (parts []*restorePart, err error) {
	var places []restorePlace
	for _, arg := range c.args {
		h, p, err := d.Entry(c.ctx, arg)
		if err == nil {
			err = d.Missing(c.ctx, h, p, "restore")
		}
		if err != nil {
			return nil, err
		}
		var items []restore.Item
		switch {
		case c.flags.Bool("in-place"):
			items = inPlace(h, p)
		case c.flags.Bool("relative") || p == "":
			items = []restore.Item{{Path: p, To: p}}
		default:
			items = []restore.Item{{Path: p, To: path.Base(p)}}
		}
		for _, it := range items {
			places = append(places, restorePlace{it, h, arg})
		}
		i := slices.IndexFunc(parts, func(p *restorePart) bool { return p.header == h })
		if i < 0 {
			part := &restorePart{header: h, options: o}
			if err := c.restoreInto(part, d); err != nil {
				return nil, err
			}
			i, parts = len(parts), append(parts, part)
		}
		parts[i].options.Items = append(parts[i].options.Items, items...)
	}
	return parts, apart(places)
}

// inPlace is what of a snapshot is restored where it was, if path is asked for. A folder that only leads to sources,
// such as / and /home, stands for those: it itself stays as it is, and so does what else is in it.
func inPlace(h *record.Header, path string) (items []restore.Item) {
	roots := h.Roots()
	if roots.Place(path) != record.Carrier {
		return []restore.Item{{Path: path, To: path}}
	}
	for _, r := range roots.Outer() {
		if record.Within(r, path) {
			items = append(items, restore.Item{Path: r, To: r})
		}
	}
	return items
}

// restoreInto sets where a part goes and what of it.
func (c *call) restoreInto(p *restorePart, d *query.Reader) (err error) {
	p.options.Target = c.abs(c.flags.String("target"))
	if c.flags.Bool("in-place") {
		if p.options.Target = p.header.Source; p.options.Target == "" {
			return hint.With(fmt.Errorf("the source of snapshot %s is not known", quote.Name(p.header.Name)),
				"restore it with --target DIR")
		}
	}
	if p.chooser, err = c.chooser(p.header); err != nil {
		return err
	}
	p.options.Include, p.options.Exclude = p.chooser.includes(), p.chooser.excludes()
	roots := p.header.Roots()
	p.options.Carrier = func(path string) bool { return roots.Place(path) == record.Carrier }
	if p.options.Delete && !p.options.DeleteExcluded {
		s, err := c.sparing(d.Dir, sourcesIn(p.header))
		if err != nil {
			return err
		}
		p.options.Spare = s.why
	}
	return nil
}

// restorePlace is an argument and where it goes.
type restorePlace struct {
	restore.Item
	header *record.Header
	arg    string
}

// apart refuses arguments that go to, or into, the place of another. A folder and what is in it may both be
// named when they stay together.
func apart(places []restorePlace) error {
	slices.SortStableFunc(places, func(a, b restorePlace) int { return record.Compare(a.To, b.To) })
	var outer *restorePlace
	for i := range places {
		p := &places[i]
		switch {
		case outer == nil || !record.Within(p.To, outer.To):
			outer = p
		case p.To == outer.To || p.header != outer.header || p.Path != p.To || outer.Path != outer.To:
			return hint.With(hint.Usagef("%s and %s would go to the same place", quote.Name(outer.arg), quote.Name(p.arg)),
				"restore them one by one to different targets")
		}
	}
	return nil
}
