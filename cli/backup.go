package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"

	"snap/backup"
	"snap/backup/source"
	"snap/cli/cmdline"
	"snap/cli/exit"
	"snap/cli/logfile"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/destination"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
)

func backupCommand() *command {
	return &command{
		Name: "backup", Args: "[DEST [SRC…]]", Max: -1, Group: groupMake, Effect: true,
		Short: "make a snapshot of SRC in DEST",
		Long: `Make a snapshot of the folder SRC in DEST: a folder with a complete copy of SRC, in
which unchanged and moved files are hard links into the snapshot before. When
nothing changed, no snapshot is made, and the newest one gets the tags of --tag and,
if it has none, the note of --note. Without SRC only the settings files and the index
are made, as by snap init.

Several SRC, folders or files, are in one snapshot, below their absolute paths. DEST
remembers its sources: without arguments, or with -d DEST alone, what its newest
snapshot is of is backed up again. After -d DEST all arguments are sources. Other
sources than before are refused without --source-moved, which links files that are
the same at another path.

DEST/Blacklist.txt and DEST/Whitelist.txt say what is left out, DEST/BackupOptions.txt
has settings that last; the first run makes these files, with comments. Flags win over
them.`,
		Examples: `snap backup /mnt/disk/me /home/me            # the first one copies everything
snap backup                                  # the same again
snap backup -n /mnt/disk/me /home/me         # what would happen?
snap backup /mnt/disk/all ~/docs /etc/hosts  # several sources
snap backup /mnt/disk/me ~ --exclude '*.iso' --exclude-caches
snap backup /mnt/disk/me ~ --if-older 1d     # once a day, tried every hour`,
		Codes: []int{exit.Partial, exit.Refused, exit.Before, exit.NoDest, exit.Locked, exit.Interrupted, exit.Terminated},
		Flags: append(flags{
			{Name: "dry-run", Aliases: []string{"n"}, Usage: "say what would happen and write nothing at all"},
			{Name: "exclude", Kind: cmdline.Strings, Usage: "leave out `PATTERN`, written as in Blacklist.txt; may be repeated"},
			{Name: "include", Kind: cmdline.Strings,
				Usage: "back up `PATTERN` even if another pattern leaves it out, written as in Whitelist.txt; may be repeated"},
			{Name: "exclude-from", Kind: cmdline.Strings,
				Usage: "leave out what `FILE` lists, written as Blacklist.txt; - is standard input; may be repeated"},
			{Name: "include-from", Kind: cmdline.Strings,
				Usage: "back up what `FILE` lists even if a pattern leaves it out, written as Whitelist.txt; - is " +
					"standard input; may be repeated"},
			{Name: "one-file-system", Aliases: []string{"x"}, Usage: "do not enter other file systems"},
			{Name: "exclude-caches", Usage: "leave out what is in folders with a CACHEDIR.TAG"},
			{Name: "exclude-if-present", Kind: cmdline.Strings,
				Usage: "leave out what is in folders that hold a file `NAME`; may be repeated"},
			{Name: "exclude-larger-than", Kind: cmdline.String, Usage: "leave out files larger than `SIZE`, as 500M"},
			{Name: "force", Usage: "make a snapshot even if nothing changed"},
			{Name: "checksum", Usage: "read and hash every file, whatever its times say"},
			{Name: "trust-moves", Usage: "link a renamed file without reading it if inode number, size and time are the same"},
			{Name: "ignore-inode", Usage: "do not compare inode numbers"},
			{Name: "ignore-ctime", Usage: "do not compare the time of the last status change"},
			{Name: "tag", Kind: cmdline.Strings, Usage: "label the snapshot with `TAG`; may be repeated"},
			{Name: "note", Kind: cmdline.String, Usage: "give the snapshot a note, `TEXT`"},
			takeOverFlag(),
			{Name: "time", Kind: cmdline.String, Usage: "record (and name) the snapshot with this `TIME` instead of now"},
			{Name: "if-older", Kind: cmdline.String,
				Usage: "do nothing unless the last snapshot, or the last run that found nothing changed, is older than `AGE`"},
			{Name: "strict",
				Usage: "call a snapshot incomplete also because of a file that grew while it was read, as logs do"},
			{Name: "allow-empty-source", Usage: "accept an empty source"},
			{Name: "source-moved", Usage: "accept other sources than those of the newest snapshot"},
			hereFlag(),
			{Name: "jobs", Kind: cmdline.Int, Usage: "work on `N` files at the same time (default: snap chooses)"},
		}, giveWayFlags()...),
		Run: func(c *call) error {
			if err := c.noneEmpty("DEST", "SRC"); err != nil {
				return err
			}
			if len(c.args) == 1 && c.opts.dest == "" {
				return c.backupNothing(c.abs(c.args[0]))
			}
			err := c.rebuilding(func() (dest string, err error) {
				dest, src, err := c.backupArgs()
				if err == nil {
					err = c.backup(dest, src)
				}
				return dest, err
			})
			return c.events.end(err)
		},
	}
}

// noneEmpty refuses an empty argument, as a script makes it of a variable that is not set: it would be the
// current folder. The last of names is that of all further arguments too.
func (c *call) noneEmpty(names ...string) error {
	for i, arg := range c.args {
		if arg == "" {
			return hint.Usagef("%s is empty", names[min(i, len(names)-1)])
		}
	}
	return nil
}

// abs is a path relative to the working directory as an absolute one.
func (c *call) abs(path string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.env.Dir, path)
	}
	return filepath.Clean(path)
}

func (c *call) backup(dest string, src sources) (err error) {
	done := false // there is a snapshot of what the source holds
	defer func() { err = c.afterwards(done, err) }()
	if err := checkDest(dest); err != nil {
		return err
	}
	s, err := c.readSettings(dest)
	if err != nil {
		return err
	}
	if err := logfile.CheckFolder(dest, s.Logfile); err != nil {
		return err
	}
	if c.events == nil { // else the index was made again, and this is the second try
		c.events = c.newEvents(dest, src, &s)
	}
	if err := c.checkNoIndex(dest, src, s.Format); err != nil {
		return err
	}
	if err := c.checkDisk(dest); err != nil {
		return err
	}
	if why, err := c.notDue(dest); err != nil {
		return err
	} else if why != "" {
		c.noEvents()
		return c.restUntilDue(why)
	}
	if !c.flags.Bool("dry-run") {
		c.user().MakeFolder()
	}
	o, err := c.backupOptions(&s, dest, src)
	if err != nil {
		return err
	}
	if err := checkLayout(&o, dest); err != nil {
		return err
	}
	if err := c.checkStrange(dest, src.all()[0], s.Format); err != nil {
		return err
	}
	if err := c.checkTakeOver(dest, &s); err != nil {
		return err
	}
	d, err := c.openToWrite(dest, destination.Options{Create: true, Mode: destination.ReadOnlyIf(o.DryRun),
		TakeOver: c.flags.Bool("take-over"), LockWait: c.opts.lockWait, Holder: c.holder("backup"), Trust: c.trusted(dest)})
	if err != nil {
		return exit.Hint(err, dest)
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if c.flags.Bool("take-over") {
		for _, line := range c.takenLines(d, dest) {
			c.note("%s", line)
		}
	}
	if why, _ := c.notDue(dest); why != "" { // another run has made one while this one waited for it
		c.noEvents()
		return c.restUntilDue(why)
	}
	logPath := ""
	if !o.DryRun {
		none := ""
		if logPath, none, err = logfile.Path(c.ctx, d, dest, s.Logfile); err != nil {
			return err
		}
		if none != "" {
			c.note("%s", none)
		}
		if _, err := settings.WriteTemplates(dest); err != nil {
			return err
		}
	}
	log, endLog := logfile.Open(logPath, s.Loglevel)
	defer func() { err = errors.Join(err, endLog()) }()
	defer c.keepAwake(dest)()
	if err := c.events.begin(log, logPath, o.DryRun); err != nil {
		logfile.Failed(log, "backup", err)
		return err
	}
	if err := checkLayout(&o, dest); err != nil { // once more: the command before it may have mounted something
		return err
	}
	r := &backupReport{call: c, log: log, taken: d.Taken, line: c.progress(), dryRun: o.DryRun, strict: o.Strict}
	o.Report = r
	log.Info("backup begins", "source", strings.Join(src.all(), ", "))
	o.Scan.Own = c.ownFiles(dest, s.Logfile) // the log's folder is there by now
	if r.behind, err = c.behind(d, o.Time); err != nil {
		return exit.Hint(err, dest)
	}
	res, err := backup.Run(c.ctx, d, o)
	refused := error(nil)
	if o.DryRun && res.Header != nil {
		refused, err = err, nil // at the end, when it is known what there is no room for
	}
	done = !o.DryRun && (res.Skipped || res.Header != nil)
	c.events.done(done, res)
	if err != nil {
		r.line.End()
		if res.Kept {
			err = hint.With(err, "what was copied is kept: the next backup goes on from there")
		}
		logfile.Failed(log, "backup", err)
		return exit.Hint(err, dest)
	}
	var after []error // what was to be done besides, and was not
	if res.Skipped {
		if r.gained, err = c.labelUnchanged(d, res.Previous, &o); err != nil {
			after = append(after, fmt.Errorf("the newest snapshot did not get its labels: %w", err))
		}
	}
	if !o.DryRun {
		// After the backup, never before: on ext4 making files just after many were removed is slow.
		r.pruned, err = c.pruneAfter(d, &s, r.line)
		r.pruned.log(c.ctx, log)
		if err != nil {
			after = append(after, err)
		}
	}
	r.line.End()
	r.tellMore()
	r.idle = o.Scan.Filter.Idle()
	c.tellIdle(r.idle, !c.opts.json && o.DryRun, !c.opts.json && c.opts.verbose > 0)
	c.tellLost(&res.Lost)
	c.tellBehind(r.behind, o.Time, dest, len(r.pruned.why) > 0)
	if r.behind != nil {
		log.Warn("the clock is behind", "snapshot", r.behind.snapshot.Name, "of", r.behind.snapshot.Time)
	}
	r.pruned.tell(c)
	if !o.DryRun {
		if err := c.remember(dest, d.ID, strings.Join(src.all(), ", ")); err != nil {
			c.note("the list of known destinations could not be written: %v", err)
		}
		c.proved(dest, d.DB)
		if err := d.NoteSpace(o.Time); err != nil {
			log.Info("free space was not noted", "why", err)
		}
	}
	after = append(after, res.After...)
	for _, err := range after {
		log.Error(quote.Clean(err.Error()))
	}
	c.summed = true
	if err := r.summary(res, o.Start); err != nil {
		return err
	}
	if err := errors.Join(append(after, refused)...); err != nil {
		return exit.Hint(err, dest)
	}
	if res.Incomplete() || len(r.pruned.why) > 0 {
		return exit.With(exit.Partial, nil)
	}
	return nil
}

// afterwards is how a backup ended. Whatever fails when the snapshot is there, it is there: that is no failure, but a
// success in part.
func (c *call) afterwards(done bool, err error) error {
	code := exit.Code(c.ctx, err)
	if !done || code == 0 || code == exit.Interrupted || code == exit.Terminated {
		return err
	}
	return exit.With(exit.Partial, err)
}

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

// holder is what other runs are told while this one holds the lock.
func (c *call) holder(what string) string {
	host, _ := os.Hostname()
	return quote.Clean(fmt.Sprintf("snap %s (process %d on %s, since %s)", what, os.Getpid(), host,
		c.env.Now().Format("2006-01-02 15:04:05")))
}

// backupOptions puts flags, settings and defaults together, in this order of weight.
func (c *call) backupOptions(s *settings.Settings, dest string, src sources) (backup.Options, error) {
	f := c.flags
	o := s.Backup(c.env.Now().Location())
	for name, on := range map[string]*bool{
		"strict": &o.Strict, "checksum": &o.Rules.Checksum, "trust-moves": &o.Rules.TrustMoves,
		"ignore-inode": &o.Rules.IgnoreInode,
		"ignore-ctime": &o.Rules.IgnoreCtime, "one-file-system": &o.Scan.OneFileSystem, "exclude-caches": &o.Scan.Caches,
	} {
		if f.IsSet(name) {
			*on = f.Bool(name)
		}
	}
	o.Source, o.Scan.Roots, o.SourceMoved = src.top, src.roots, f.Bool("source-moved")
	o.Start, o.DryRun, o.Force, o.AllowEmptySource = c.env.Now(), f.Bool("dry-run"), o.Force || f.Bool("force"),
		f.Bool("allow-empty-source")
	o.Note = strings.ToValidUTF8(f.String("note"), "\ufffd")
	o.Scan.Own = c.ownFiles(dest, s.Logfile)
	o.Scan.IfPresent = append(f.Strings("exclude-if-present"), o.Scan.IfPresent...)
	o.Users, o.Groups = text.UserName, text.GroupName
	o.Host, _ = os.Hostname()
	if u, err := user.Current(); err == nil {
		o.User = u.Username
	}
	if f.IsSet("jobs") {
		if o.Jobs = f.Int("jobs"); o.Jobs < 1 || o.Jobs > 1024 {
			return o, hint.Usagef("--jobs %d: must be a number from 1 to 1024", o.Jobs)
		}
	}
	var err error
	if v := f.String("exclude-larger-than"); f.IsSet("exclude-larger-than") {
		if o.Scan.Larger, err = text.ParseAmount(v); err != nil {
			return o, hint.Usagef("--exclude-larger-than: %s", err)
		}
		if o.Scan.Larger == 0 {
			return o, hint.Usagef("--exclude-larger-than %s: that would leave out every file with something in it; name a "+
				"size, as 500M", quote.Name(v))
		}
	}
	o.Time = c.now()
	if f.IsSet("time") {
		if o.Time, _, err = when.Parse(f.String("time"), c.now()); err != nil {
			return o, hint.Usagef("--time: %s", err)
		}
		if o.Time.IsZero() {
			return o, hint.Usagef("--time %s: no snapshot is that old", quote.Name(f.String("time")))
		}
	}
	if err := c.giveWay(&o, s); err != nil {
		return o, err
	}
	for _, name := range f.Strings("exclude-if-present") {
		if err := settings.CheckMarker(name); err != nil {
			return o, hint.Usagef("--exclude-if-present: %s", err)
		}
	}
	for _, t := range f.Strings("tag") {
		if err := settings.CheckTag(t); err != nil {
			return o, hint.Usagef("--tag: %s", err)
		}
		if !slices.Contains(o.Tags, t) {
			o.Tags = append(o.Tags, t)
		}
	}
	o.Scan.Filter, err = c.filters(dest, src)
	return o, err
}
