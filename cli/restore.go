package cli

import (
	"time"

	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/report"
	"snap/internal/hint"
	"snap/query"
	"snap/restore"
	"snap/restore/parts"
)

func restoreCommand() *command {
	return &command{
		Name: "restore",
		Args: "REF[:PATH]…|PATH… (--target DIR | --in-place)", Min: 1, Max: -1, Group: groupLook, Effect: true,
		Short: "bring back a snapshot, folders or files, verified",
		Long: `
Brings back a whole snapshot, or the folders and files that PATH names; PATH alone
means latest:PATH. With --target a snapshot is restored as DIR, and PATH as
DIR/NAME, as cp -a would, or with -R as DIR/PATH; the last folder of DIR is made if
it is missing. For one file, a DIR that is no folder and does not end in a slash is
the new file's name. With --in-place all goes where it was. Before anything is
written it is said from which snapshot it comes and where it goes.

--versions brings every version of the file PATH, under its older names too, as
DIR/NAME.2026-01-02T030405.EXT: the time of the first snapshot that has it. What
differs in owner, mode or times alone is no version of its own.

Every file is copied and compared with its hash; one whose bytes are not
what was backed up is named, and the exit code is 3.

By default nothing is overwritten: if anything would be, that is said before
anything is written. Existing folders are merged with, symbolic links are replaced,
never followed, and a folder in the way of a file stays unless it is empty. As
root, an existing folder that belongs to another user than in the snapshot keeps
its owner and mode, and is named.

--delete removes what is new in restored folders, and names it: the first 20, with
-v all, with -n before anything is written. What the backup leaves out stays: by the
lists and settings that the destination has now, or because it was there
when the snapshot was made and no snapshot holds it. Where most of what is there
would go and hardly any of it is known, nothing is done (exit code 4).`,
		Examples: `
snap restore latest --target /tmp/all
snap restore docs/report.txt --target .  # from the newest snapshot
snap restore oldest:docs/a.txt --target a-as-it-was.txt
snap restore --versions docs/report.txt --target old-reports
snap restore latest:docs/a.txt oldest:src/a.txt -R --target old
snap restore @7d:docs @7d:src/main.go --in-place --overwrite if-changed -n
snap restore latest~1 --in-place --overwrite if-changed --delete -n
snap restore latest --in-place --overwrite skip`,
		Codes: []int{exit.Partial, exit.Refused, exit.NoDest, exit.Locked, exit.Interrupted, exit.Terminated},
		Flags: flags{
			{Name: "target", Kind: cmdline.String, Aliases: []string{"t"},
				Usage: "restore into the folder `DIR`, or one file as DIR"},
			{Name: "in-place", Usage: "restore where it was"},
			{Name: "versions", Usage: "every version of the file PATH, named by its time"},
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
			{Name: "thaw", Usage: "of a remote: ask its store for what is in cold storage; restore when it is there"},
			{Name: "numeric-ids", Usage: "keep owners as numbers, whatever their names are here"},
			{Name: "no-xattrs", Usage: "restore no extended attributes, and so no ACLs and no capabilities"},
			{Name: "jobs", Kind: cmdline.Int, Usage: "write `N` files at the same time (default: snap chooses)"},
		},
		Complete: completePathOrRef,
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
	if c.flags.Bool("versions") {
		return c.restoreVersions(d, o, start)
	}
	all, err := c.restoreParts(d, o)
	if err != nil {
		return err
	}
	if err := c.thaw(d, all, o.DryRun); err != nil {
		return err
	}
	if !c.opts.json {
		c.print().RestoreParts(all)
	}
	return c.bringBack(d, all, c.restoring(o, start))
}

// restoring shows what a restore does that began at this time.
func (c *call) restoring(o restore.Options, start time.Time) *report.Restoring {
	r := &report.Restoring{To: c.print(), Quiet: c.opts.quiet, Verbose: c.opts.verbose, DryRun: o.DryRun, Started: start}
	if c.opts.json {
		r.JSON = c.json
	}
	return r
}

// bringBack restores the parts, one after the other, and prints how that went.
func (c *call) bringBack(d *query.Reader, all []*parts.Part, r *report.Restoring) error {
	hinted := r.Hint
	if hinted == nil {
		hinted = exit.RestoreHint
	}
	ahead := len(all) > 1 && !r.DryRun || r.Announce != nil
	if first := &all[0].Options; ahead && first.Overwrite == restore.Never {
		if err := parts.LookAhead(c.ctx, d, all); err != nil {
			return hinted(err, first.Target)
		}
	}
	if r.Announce != nil {
		if err := r.Announce(); err != nil {
			return err
		}
	}
	line := c.progress()
	defer line.End()
	r.Begin(all, line)
	for _, p := range all {
		p.Options.Report = r.Of(p)
		res, err := p.Run(c.ctx, d)
		r.Total.Add(&res)
		if err != nil {
			line.End()
			return hinted(err, p.Options.Target)
		}
	}
	line.End()
	c.print().IdleChoices(parts.Idle(all))
	if err := parts.Chosen(all); err != nil {
		return err
	}
	if err := r.End(c.env.Now().Sub(r.Started)); err != nil {
		return err
	}
	switch t := &r.Total; {
	case t.Errors == 0:
		return nil
	case t.FilesRestored+t.MetadataSet+t.FilesSkipped+t.FilesDeleted == 0: // nothing came back
		return exit.With(exit.Failed, nil)
	}
	return exit.With(exit.Partial, nil)
}

// restoreOptions are the options that all snapshots are restored with.
func (c *call) restoreOptions() (restore.Options, error) {
	f := c.flags
	o, err := c.writeOptions()
	if err != nil {
		return o, err
	}
	o.Delete, o.DeleteExcluded = f.Bool("delete") || f.Bool("delete-excluded"), f.Bool("delete-excluded")
	if o.DeleteMost = f.Bool("allow-delete-most"); o.DeleteMost && !o.Delete {
		return o, hint.Usagef("--allow-delete-most is about what --delete removes, and --delete is not given")
	}
	if (f.String("target") != "") == f.Bool("in-place") {
		return o, hint.With(hint.Usagef("restore: either --target DIR or --in-place is needed"),
			"--target DIR restores into a folder, --in-place where it was")
	}
	o.Overwrite = overwrites[f.String("overwrite")]
	return o, nil
}

// writeOptions are the options that undelete has, too.
func (c *call) writeOptions() (restore.Options, error) {
	f := c.flags
	o := restore.Options{DryRun: f.Bool("dry-run"), NumericIDs: f.Bool("numeric-ids"), NoXattrs: f.Bool("no-xattrs")}
	if f.IsSet("jobs") {
		if o.Jobs = f.Int("jobs"); o.Jobs < 1 || o.Jobs > 1024 {
			return o, hint.Usagef("--jobs %d: must be a number from 1 to 1024", o.Jobs)
		}
	}
	return o, nil
}
