package cli

import (
	"errors"
	"log/slog"
	"strings"

	"snap/backup"
	"snap/backup/source"
	"snap/cli/exit"
	"snap/cli/logfile"
	"snap/cli/report"
	"snap/cli/settings"
	"snap/cli/text"
	"snap/destination"
	"snap/hooks"
	"snap/internal/hint"
	"snap/query"
)

// backupRun is one backup with what is done around it.
type backupRun struct {
	*call
	dest     string
	src      source.Chosen
	settings settings.Settings
	options  backup.Options
	d        *destination.Destination
	log      *slog.Logger
	logPath  string // "" for none
	line     *text.Progress
	reporter *backupReporter
	behind   *query.Behind // the clock is behind a snapshot; nil: it is not
	came     report.Backup // what it came to
	done     bool          // there is a snapshot of what the source holds
	idle     bool          // another run has made what was to be made
	missing  []string      // snapshots whose folders are gone
	after    []error       // what was to be done besides, and was not
}

// backup makes a backup, if one is due.
func (c *call) backup(dest string, src source.Chosen) (err error) {
	r := &backupRun{call: c, dest: dest, src: src}
	defer func() { err = c.afterwards(r.done, err) }()
	if err := r.check(); err != nil {
		return err
	}
	if why, err := c.notDue(dest); err != nil {
		return err
	} else if why != "" {
		return c.restUntilDue(why)
	}
	if err := r.prepare(); err != nil {
		return err
	}
	r.d, err = c.openToWrite(dest, destination.Options{Create: true, Mode: destination.ReadOnlyIf(r.options.DryRun),
		TakeOver: c.flags.Bool("take-over"), LockWait: c.opts.lockWait, Holder: c.holder("backup"), Trust: c.trusted(dest)})
	if err != nil {
		return exit.Hint(err, dest)
	}
	defer func() { err = errors.Join(err, r.d.Close()) }()
	defer func() { r.noteEnd(err) }()
	defer func() { err = exit.Gone(r.d, err) }()
	if c.flags.Bool("take-over") {
		for _, line := range c.takenLines(r.d, dest) {
			c.note("%s", line)
		}
	}
	if why, _ := c.notDue(dest); why != "" { // another run has made one while this one waited for it
		r.idle = true
		return c.restUntilDue(why)
	}
	end, err := r.openLog()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	defer c.keepAwake(dest)()
	if err := r.begin(); err != nil {
		return err
	}
	refused, err := r.run()
	if err != nil {
		return err
	}
	r.besides()
	return r.tell(refused)
}

// noteEnd leaves in the destination how the run ended, for those who ask how the last ones went.
func (r *backupRun) noteEnd(err error) {
	r.noted = true
	if r.options.DryRun || r.idle || exit.Typed(err) {
		return
	}
	r.past = r.told(r.came.Past(&r.options, r.env.Now().Sub(r.options.Start), err), err)
	r.past.Rules, r.past.Room = strings.Join(r.came.Pruned.Why, "; "), r.came.Pruned.Room
	if err := r.user().NoteRun(r.d.ID, r.past, r.d.NoteRun); err != nil && r.opts.verbose > 0 {
		r.call.note("how the run ended could not be noted: %v", err)
	}
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

// check refuses what cannot be backed up to, before anything is done there.
func (r *backupRun) check() (err error) {
	if err := r.checkDest(r.dest); err != nil {
		return err
	}
	if r.settings, err = r.readSettings(r.dest); err != nil {
		return err
	}
	if err := logfile.CheckFolder(r.ctx, r.dest, r.settings.Logfile); err != nil {
		return err
	}
	r.events.Of(r.src.All())
	if err := r.checkDisk(r.dest, false); err != nil {
		r.noted = true // on another disk this is no news
		return err
	}
	return r.checkStrangers(r.dest, r.src, r.settings.Format)
}

// prepare puts the options together, and refuses those that make no sense.
func (r *backupRun) prepare() (err error) {
	if !r.flags.Bool("dry-run") {
		r.user().MakeFolder()
	}
	if r.options, err = r.backupOptions(&r.settings, r.dest, r.src); err != nil {
		return err
	}
	if err := checkLayout(&r.options, r.dest); err != nil {
		return err
	}
	if err := r.checkStrange(r.dest, r.src.All()[0], r.settings.Format); err != nil {
		return err
	}
	return r.checkTakeOver(r.dest, &r.settings)
}

// openLog opens the log and makes the settings files where they are missing; end closes the log.
func (r *backupRun) openLog() (end func() error, err error) {
	if !r.options.DryRun {
		none := ""
		if r.logPath, none, err = logfile.Path(r.ctx, r.d, r.dest, r.settings.Logfile); err != nil {
			return nil, err
		}
		if none != "" {
			r.note("%s", none)
		}
		made, err := settings.WriteTemplates(r.dest)
		if err != nil {
			return nil, err
		}
		if len(made) > 0 && r.d.DB != nil {
			if all, err := r.d.DB.Snapshots(r.ctx); err == nil && len(all) > 0 {
				r.warn("%s", settings.Lost(made))
			}
		}
	}
	r.log, end = logfile.Open(r.logPath, r.settings.Loglevel)
	return end, nil
}

// begin runs what is to run before a backup, and looks once more whether it can be made.
func (r *backupRun) begin() (err error) {
	var known query.Snapshots
	if r.d.DB != nil {
		if known, err = query.ReadSnapshots(r.ctx, r.d.DB); err != nil {
			return exit.Hint(err, r.dest)
		}
		r.behind = query.ClockBehind(known, r.options.Time)
	}
	// Before anybody is told that a backup begins, unless the command before it may mount what is to be looked at.
	if n := known.Newest(); n >= 0 && r.settings.Events.Commands[hooks.Before] == "" {
		if _, err := source.CheckSame(&known[n], r.src.All(), r.options.SourceMoved); err != nil {
			return exit.Hint(err, r.dest)
		}
	}
	// The newest is told first: nothing can be linked to it, and it may only have another name.
	if n := known.Newest(); n >= 0 {
		if there, err := destination.FolderAt(r.d.Root, known[n].Name); err == nil && !there {
			r.tellMissing()
		}
	}
	if err := r.events.Begin(r.ctx, r.log, r.logPath); err != nil {
		logfile.Failed(r.log, "backup", err)
		return err
	}
	if err := checkLayout(&r.options, r.dest); err != nil { // the command before it may have mounted something
		return err
	}
	r.line = r.progress()
	r.reporter = &backupReporter{call: r.call, log: r.log, line: r.line, dryRun: r.options.DryRun,
		strict: r.options.Strict}
	r.options.Report = r.reporter
	r.log.Info("backup begins", "source", strings.Join(r.src.All(), ", "))
	r.options.Scan.Own = r.ownFiles(r.dest, r.settings.Logfile) // the log's folder is there by now
	return nil
}

// run makes the snapshot. refused is why a dry run could not be followed by a backup: it is told at the end, when it is
// known what there is no room for.
func (r *backupRun) run() (refused, err error) {
	res, err := backup.Run(r.ctx, r.d, r.options)
	r.came.Result = res
	dry := r.options.DryRun
	if dry && res.Header != nil {
		refused, err = err, nil
	}
	r.done = !dry && (res.Skipped || res.Header != nil)
	r.events.Done(r.done, res)
	if err != nil {
		r.line.End()
		if res.Kept {
			err = hint.With(err, "what was copied is kept: the next backup goes on from there")
		}
		logfile.Failed(r.log, "backup", err)
		return nil, r.roomHint(exit.Hint(err, r.dest), r.d, &r.settings)
	}
	r.came = report.Backup{Result: res, DryRun: dry, Strict: r.options.Strict, Counts: r.reporter.counts}
	return refused, nil
}
