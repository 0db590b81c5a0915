package job

import (
	"context"
	"strings"

	"snap/backup"
	"snap/backup/source"
	"snap/cli/exit"
	"snap/cli/locate"
	"snap/cli/logfile"
	"snap/cli/settings"
	"snap/destination"
	"snap/hooks"
	"snap/internal/hint"
	"snap/query"
)

// check refuses what cannot be backed up to, before anything is done there.
func (r *backing) check(ctx context.Context) (err error) {
	if err := locate.CheckDest(ctx, r.Dest); err != nil {
		return err
	}
	warnings := []string(nil)
	r.settings, warnings, err = settings.Read(r.Dest, r.settingsContext())
	for _, w := range warnings {
		r.Words.Warn("%s", w)
	}
	if err != nil {
		return exit.ReadHint(err, r.Dest)
	}
	if err := logfile.CheckFolder(ctx, r.Dest, r.settings.Logfile); err != nil {
		return err
	}
	r.events.Of(r.src.All())
	if err := r.Front.SameDisk(ctx); err != nil {
		r.noted = exit.Code(ctx, err) == exit.Refused // on another disk this is no news
		return err
	}
	return r.Front.Guard(&r.settings, r.src)
}

// prepare puts the options together, and refuses those that make no sense.
func (r *backing) prepare() (err error) {
	if !r.DryRun {
		r.User.MakeFolder()
	}
	if r.options, err = r.Front.Options(&r.settings, r.src); err != nil {
		return err
	}
	r.options.DryRun, r.options.SourceMoved = r.DryRun, r.SourceMoved
	if err := CheckLayout(&r.options, r.Dest); err != nil {
		return err
	}
	return r.Front.GuardMaking(&r.settings, r.src)
}

// openLog opens the log and makes the settings files where they are missing; end closes the log.
func (r *backing) openLog(ctx context.Context) (end func() error, err error) {
	if !r.DryRun {
		none := ""
		if r.logPath, none, err = logfile.Path(ctx, r.d, r.Dest, r.settings.Logfile); err != nil {
			return nil, err
		}
		if none != "" {
			r.Words.Note("%s", none)
		}
		made, err := settings.WriteTemplates(r.Dest)
		if err != nil {
			return nil, err
		}
		if len(made) > 0 && r.d.DB != nil {
			if all, err := r.d.DB.Snapshots(ctx); err == nil && len(all) > 0 {
				r.Words.Warn("%s", settings.Lost(made))
			}
		}
	}
	r.log, end = logfile.Open(r.logPath, r.settings.Loglevel)
	return end, nil
}

// begin runs what is to run before a backup, and looks once more whether it can be made.
func (r *backing) begin(ctx context.Context) (err error) {
	var known query.Snapshots
	if r.d.DB != nil {
		if known, err = query.ReadSnapshots(ctx, r.d.DB); err != nil {
			return exit.Hint(err, r.Dest)
		}
		r.came.Behind = query.ClockBehind(known, r.options.Time)
	}
	// Before anybody is told that a backup begins, unless the command before it may mount what is to be looked at.
	if n := known.Newest(); n >= 0 && r.settings.Events.Commands[hooks.Before] == "" {
		if _, err := source.CheckSame(&known[n], r.src.All(), r.SourceMoved); err != nil {
			return exit.Hint(err, r.Dest)
		}
	}
	// The newest is told first: nothing can be linked to it, and it may only have another name.
	if n := known.Newest(); n >= 0 {
		if there, err := destination.FolderAt(r.d.Root, known[n].Name); err == nil && !there {
			r.tellMissing(ctx)
		}
	}
	if err := r.events.Begin(ctx, r.log, r.logPath); err != nil {
		logfile.Failed(r.log, "backup", err)
		return err
	}
	if err := CheckLayout(&r.options, r.Dest); err != nil { // the command before it may have mounted something
		return err
	}
	r.log.Info("backup begins", "source", strings.Join(r.src.All(), ", "))
	r.options.Scan.Own = r.OwnFiles(r.settings.Logfile) // the log's folder is there by now
	return nil
}

// run makes the snapshot. refused is why a dry run could not be followed by a backup: it is told at the end, when it is
// known what there is no room for.
func (r *backing) run(ctx context.Context) (refused, err error) {
	ear := &ear{Front: r.Front, show: r.show, log: r.log, strict: r.options.Strict}
	r.options.Report = ear
	res, err := backup.Run(ctx, r.d, r.options)
	r.came.Result = res
	if r.DryRun && res.Header != nil {
		refused, err = err, nil
	}
	r.done = !r.DryRun && (res.Skipped || res.Header != nil)
	r.events.Done(r.done, res)
	if err != nil {
		r.endLine()
		if res.Kept {
			err = hint.With(err, "what was copied is kept: the next backup goes on from there")
		}
		logfile.Failed(r.log, "backup", err)
		return nil, r.roomHint(ctx, exit.Hint(err, r.Dest))
	}
	r.came.DryRun, r.came.Strict, r.came.Counts = r.DryRun, r.options.Strict, ear.counts
	return refused, nil
}
