package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"snap/backup"
	"snap/backup/source"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/internal/when"
	"snap/query"
)

func backupCommand() *command {
	return &command{
		name: "backup", args: "[DEST [SRC…]]", max: -1, group: groupMake, does: true,
		short: "make a snapshot of SRC in DEST",
		long: `Make a snapshot of the folder SRC in DEST: a folder with a complete copy of SRC, in
which unchanged and moved files are hard links into the snapshot before. When
nothing changed, no snapshot is made, and the newest one gets the tags of --tag and,
if it has none, the note of --note. Without SRC only the settings files and the index
are made, as by snap init.

Several SRC, folders and files, are in one snapshot, below their absolute paths. DEST
remembers them: without arguments, or with -d DEST alone, the destination that other
commands would use gets a snapshot of what its newest one is of. After -d DEST all
arguments are sources. Other sources than before are refused without --source-moved,
which links what is the same file at another path.

What is left out stands in DEST/Blacklist.txt and DEST/Whitelist.txt, lasting
choices in DEST/BackupOptions.txt; the files are made with comments by the first
run. Flags win over them.`,
		examples: `snap backup /mnt/disk/me /home/me            # the first one copies everything
snap backup                                  # the same again
snap backup -n /mnt/disk/me /home/me         # what would happen?
snap backup /mnt/disk/all ~/docs /etc/hosts  # several sources
snap backup /mnt/disk/me ~ --exclude '*.iso' --exclude-caches
snap backup /mnt/disk/me ~ --if-older 1d     # once a day, tried every hour`,
		codes: []int{exitPartial, exitRefused, exitBefore, exitNoDest, exitLocked, exitInterrupted, exitTerminated},
		flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "say what would happen and write nothing at all"},
			&cli.StringSliceFlag{Name: "exclude", Usage: "leave out `PATTERN`, written as in Blacklist.txt; may be repeated"},
			&cli.StringSliceFlag{Name: "include", Usage: "take in `PATTERN` even so, written as in Whitelist.txt; may be repeated"},
			&cli.StringSliceFlag{Name: "exclude-from", Usage: "leave out what `FILE` lists, written as Blacklist.txt; - is standard input; may be repeated"},
			&cli.StringSliceFlag{Name: "include-from", Usage: "take in what `FILE` lists even so, written as Whitelist.txt; - is standard input; may be repeated"},
			&cli.BoolFlag{Name: "one-file-system", Aliases: []string{"x"}, Usage: "do not enter other file systems"},
			&cli.BoolFlag{Name: "exclude-caches", Usage: "leave out what is in folders with a CACHEDIR.TAG"},
			&cli.StringSliceFlag{Name: "exclude-if-present", Usage: "leave out what is in folders that hold a file `NAME`; may be repeated"},
			&cli.StringFlag{Name: "exclude-larger-than", Usage: "leave out files larger than `SIZE`, as 500M"},
			&cli.BoolFlag{Name: "force", Usage: "make a snapshot although nothing changed"},
			&cli.BoolFlag{Name: "checksum", Usage: "trust no time stamps: read and hash every file"},
			&cli.BoolFlag{Name: "trust-moves", Usage: "link a renamed file with equal inode, size and time unread"},
			&cli.BoolFlag{Name: "ignore-inode", Usage: "do not compare inode numbers"},
			&cli.BoolFlag{Name: "ignore-ctime", Usage: "do not compare the time of the last status change"},
			&cli.StringSliceFlag{Name: "tag", Usage: "label the snapshot with `TAG`; may be repeated"},
			&cli.StringFlag{Name: "note", Usage: "give the snapshot a note, `TEXT`"},
			takeOverFlag(),
			&cli.StringFlag{Name: "time", Usage: "record (and name) the snapshot with this `TIME` instead of now"},
			&cli.StringFlag{Name: "if-older", Usage: "do nothing if the last snapshot, or run that found nothing changed, is not older than `AGE`"},
			&cli.BoolFlag{Name: "strict", Usage: "a file that grows while it is read, as a log does, makes the snapshot incomplete too"},
			&cli.BoolFlag{Name: "allow-empty-source", Usage: "accept a source without a single entry"},
			&cli.BoolFlag{Name: "source-moved", Usage: "accept other sources than those of the newest snapshot"},
			hereFlag(),
			&cli.IntFlag{Name: "jobs", Usage: "work on `N` files at the same time (default: as snap thinks best)"},
		}, giveWayFlags()...),
		complete: completeFiles,
		run: func(c *call) error {
			if err := c.noneEmpty("DEST", "SRC"); err != nil {
				return err
			}
			if len(c.args) == 1 && c.opts.dest == "" {
				return c.backupNothing(c.abs(c.args[0]))
			}
			return c.rebuilding(func() (dest string, err error) {
				dest, src, err := c.backupArgs()
				if err == nil {
					err = c.backup(dest, src)
				}
				return dest, err
			})
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
	events := (*events)(nil)
	defer func() { err = events.end(done, c.afterwards(done, err)) }()
	if err := checkDest(dest); err != nil {
		return err
	}
	s, err := c.readSettings(dest)
	if err != nil {
		return err
	}
	if err := checkLogFolder(dest, s.Logfile); err != nil {
		return err
	}
	events = c.newEvents(dest, src, &s)
	if err := c.checkNoIndex(dest, src, s.Format); err != nil {
		return err
	}
	if err := c.checkDisk(dest); err != nil {
		return err
	}
	if why, err := c.notDue(dest); err != nil {
		return err
	} else if why != "" {
		events = events.none()
		return c.restUntilDue(why)
	}
	if !c.flags.Bool("dry-run") {
		c.makeStateFolder()
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
	d, err := c.openToWrite(dest, destination.Options{Create: true, Mode: destination.ReadOnlyIf(o.DryRun), TakeOver: c.flags.Bool("take-over"), LockWait: c.opts.lockWait, Holder: c.holder("backup"), Trust: c.trusted(dest)})
	if err != nil {
		return backupHint(err, dest)
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if c.flags.Bool("take-over") {
		for _, line := range c.takenLines(d, dest) {
			c.note("%s", line)
		}
	}
	if why, _ := c.notDue(dest); why != "" { // another run has made one while this one waited for it
		events = events.none()
		return c.restUntilDue(why)
	}
	logfile := ""
	if !o.DryRun {
		if logfile, err = c.logPath(d, dest, s.Logfile); err != nil {
			return err
		}
		if _, err := settings.WriteTemplates(dest); err != nil {
			return err
		}
	}
	log, endLog := c.openLog(logfile, s.Loglevel)
	defer func() { err = errors.Join(err, endLog()) }()
	defer c.keepAwake(dest)()
	if err := events.begin(log, logfile, o.DryRun); err != nil {
		logEnd(log, "backup", err)
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
		return backupHint(err, dest)
	}
	res, err := backup.Run(c.ctx, d, o)
	events.done(res)
	refused := error(nil)
	if o.DryRun && res.Header != nil {
		refused, err = err, nil // at the end, when it is known what there is no room for
	}
	done = !o.DryRun && (res.Skipped || res.Header != nil)
	if err != nil {
		r.line.End()
		if res.Kept {
			err = hint.With(err, "what was copied is kept: the next backup goes on from there")
		}
		logEnd(log, "backup", err)
		return backupHint(err, dest)
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
		return backupHint(err, dest)
	}
	if res.Incomplete() || len(r.pruned.why) > 0 {
		return withCode(exitPartial, nil)
	}
	return nil
}

// afterwards is how a backup ended. Whatever fails when the snapshot is there, it is there: that is no failure, but a success
// in part.
func (c *call) afterwards(done bool, err error) error {
	code := exitCode(c.ctx, err)
	if !done || code == 0 || code == exitInterrupted || code == exitTerminated {
		return err
	}
	return withCode(exitPartial, err)
}

// checkLayout refuses a source and a destination that lie in each other, and keeps the scan out of dest.
func checkLayout(o *backup.Options, dest string) error {
	never, err := source.CheckLayout(o.Source, o.Scan.Roots, dest, func(rel string) (bool, error) {
		v, err := o.Scan.Filter.Explain(rel, true)
		return !v.Walk, err
	})
	o.Scan.Never = []file.Stat{never}
	return backupHint(err, dest)
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
		return hint.With(fmt.Errorf("destination %s: not a folder", quote.Name(dest)), "name a folder that the snapshots can be made in")
	}
	return nil
}

// holder is what other runs are told while this one holds the lock.
func (c *call) holder(what string) string {
	host, _ := os.Hostname()
	return quote.Clean(fmt.Sprintf("snap %s (process %d on %s, since %s)", what, os.Getpid(), host, c.env.Now().Format("2006-01-02 15:04:05")))
}

// holderGone reports whether a holder names a process of this host that is no more: then somebody else holds
// the lock now, who wrote nothing of himself.
func holderGone(holder string) bool {
	host, _ := os.Hostname()
	var pid int
	_, after, _ := strings.Cut(holder, " (process ")
	if _, err := fmt.Sscanf(after, "%d on", &pid); err != nil || !strings.HasPrefix(after, quote.Clean(fmt.Sprintf("%d on %s, since ", pid, host))) {
		return false
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return true
	}
	return errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

// backupOptions puts flags, settings and defaults together, in this order of weight.
func (c *call) backupOptions(s *settings.Settings, dest string, src sources) (backup.Options, error) {
	f := c.flags
	o := s.Backup(c.env.Now().Location())
	for name, on := range map[string]*bool{
		"strict": &o.Strict, "checksum": &o.Rules.Checksum, "trust-moves": &o.Rules.TrustMoves, "ignore-inode": &o.Rules.IgnoreInode,
		"ignore-ctime": &o.Rules.IgnoreCtime, "one-file-system": &o.Scan.OneFileSystem, "exclude-caches": &o.Scan.Caches,
	} {
		if f.IsSet(name) {
			*on = f.Bool(name)
		}
	}
	o.Source, o.Scan.Roots, o.SourceMoved = src.top, src.roots, f.Bool("source-moved")
	o.Start, o.DryRun, o.Force, o.AllowEmptySource = c.env.Now(), f.Bool("dry-run"), o.Force || f.Bool("force"), f.Bool("allow-empty-source")
	o.Note = strings.ToValidUTF8(f.String("note"), "\ufffd")
	o.Scan.Own = c.ownFiles(dest, s.Logfile)
	o.Scan.IfPresent = append(f.StringSlice("exclude-if-present"), o.Scan.IfPresent...)
	o.Users, o.Groups = userName, groupName
	o.Host, _ = os.Hostname()
	if u, err := user.Current(); err == nil {
		o.User = u.Username
	}
	if f.IsSet("jobs") {
		if o.Jobs = f.Int("jobs"); o.Jobs < 1 || o.Jobs > 1024 {
			return o, hint.Usagef("--jobs %d: it is a number from 1 to 1024", o.Jobs)
		}
	}
	var err error
	if v := f.String("exclude-larger-than"); f.IsSet("exclude-larger-than") {
		if o.Scan.Larger, err = text.ParseAmount(v); err != nil {
			return o, hint.Usagef("--exclude-larger-than: %s", err)
		}
		if o.Scan.Larger == 0 {
			return o, hint.Usagef("--exclude-larger-than %s: that would leave out every file with something in it; name a size, as 500M", quote.Name(v))
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
	for _, name := range f.StringSlice("exclude-if-present") {
		if err := settings.CheckMarker(name); err != nil {
			return o, hint.Usagef("--exclude-if-present: %s", err)
		}
	}
	for _, t := range f.StringSlice("tag") {
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

// backupHint adds to an error of the backup package its exit code and what to do.
func backupHint(err error, dest string) error {
	var guard *destination.GuardError
	var locked *destination.LockedError
	var layout *source.LayoutError
	var missing *source.MissingError
	var owner *destination.OwnerError
	switch {
	case errors.As(err, &owner):
		return withCode(exitRefused, hint.With(fmt.Errorf("%s: belongs to %s, and only the owner writes to a destination", quote.Name(owner.Path), userText(owner.Owner)),
			"%s", hint.Text(ownerHint(owner, dest, os.Geteuid()))))
	case errors.As(err, &guard):
		return withCode(exitRefused, hint.With(err, "%s", hint.Text(guard.Hint)))
	case errors.As(err, new(*destination.StuckError)):
		way := cmp.Or(troubleHint(err, "the destination", dest, os.Geteuid()), "is something mounted there? unmount it")
		return withCode(exitPartial, hint.With(err, "the snapshots are deleted; what is left goes with the next run that can remove it\n%s", hint.Text(way)))
	case errors.As(err, &locked):
		if holderGone(locked.Holder) {
			locked.Holder = ""
		}
		return withCode(exitLocked, hint.With(err, "wait until it is done, or let this run wait: --lock-wait 30min"))
	case errors.As(err, &layout):
		way := "name a destination outside of the source"
		if strings.Contains(layout.Why, "inside the source") {
			way += fmt.Sprintf(", or leave it out with a line in %s", quote.Word(filepath.Join(dest, settings.BlacklistFile)))
		}
		return withCode(exitUsage, hint.With(err, "%s", way))
	case errors.As(err, &missing):
		return hint.With(err, "%s", missingHint(missing))
	case errors.Is(err, destination.ErrNoHardLinks):
		return hint.With(err, "use a destination on ext4, XFS, btrfs, NTFS, APFS or another file system with hard links")
	case errors.Is(err, destination.ErrPurging):
		return hint.With(err, "what was interrupted is finished by the next run that writes there, such as the same snap purge or a backup")
	case errors.Is(err, destination.ErrNotDestination):
		return withCode(exitNoDest, hint.With(err, "a destination holds a folder .snap; to make one: snap init DIR"))
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return hint.With(err, "%s\nall snapshots in it are whole; snap prune frees space", troubleHint(err, "the destination", dest, os.Geteuid()))
	case errors.Is(err, index.ErrMissing), errors.Is(err, index.ErrDamaged), errors.Is(err, index.ErrTruncated), errors.Is(err, index.ErrNewer):
		return query.IndexHint(err, dest)
	}
	if way := troubleHint(err, "the destination", dest, os.Geteuid()); way != "" {
		return hint.With(err, "%s", way)
	}
	return err
}

// ownerHint says what the user me does about a destination of which something is another's.
func ownerHint(e *destination.OwnerError, dest string, me int) string {
	as, name := fmt.Sprintf("sudo -u %s %s", quote.Word(userName(e.Owner)), sameLine), quote.Word(userName(uint32(me)))
	switch {
	case e.Owner == 0:
		as = "sudo " + sameLine
	case userName(e.Owner) == "":
		as = fmt.Sprintf("sudo -u '#%d' %s", e.Owner, sameLine)
	}
	lines := []string{"as its owner: " + as}
	switch {
	case e.Path != dest:
		lines[0] = fmt.Sprintf("another run, as by sudo, has made it; to make it yours: sudo chown %s %s", name, quote.Word(e.Path))
	case me == 0:
		lines = append(lines, fmt.Sprintf("or make it root's, and have the next backup copy everything once: snap init %s --take-over", quote.Word(dest)))
	case userName(e.Owner) == "":
		lines = append(lines, fmt.Sprintf("if this disk is from another machine, where you are user %d: sudo chown -hR --from=%[1]d %s %s", e.Owner, name, quote.Word(dest)))
	}
	return strings.Join(lines, "\n")
}

// userText is a user for people.
func userText(uid uint32) string {
	if name := userName(uid); name != "" {
		return quote.Name(name)
	}
	return fmt.Sprintf("user %d", uid)
}

func userName(uid uint32) string {
	if u, err := user.LookupId(strconv.FormatUint(uint64(uid), 10)); err == nil {
		return u.Username
	}
	return ""
}

func groupName(gid uint32) string {
	if g, err := user.LookupGroupId(strconv.FormatUint(uint64(gid), 10)); err == nil {
		return g.Name
	}
	return ""
}
