package job

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"snap/backup"
	"snap/backup/source"
	"snap/cli/events"
	"snap/cli/exit"
	"snap/cli/report"
	"snap/cli/settings"
	"snap/cli/state"
	"snap/destination"
	"snap/filter"
	"snap/internal/progress"
	"snap/query"
)

// BackupRun is one backup with all that is done around it: the guards before it, the commands before and after it, the
// log, the rules, who is told, and what is remembered of it. The command line and the page make theirs by it.
type BackupRun struct {
	*Place
	Front  Front
	Words  *report.Printer // what there is to know goes to its Warn and Note
	Caller events.Caller   // who asks, for the commands around the backup

	Sources     []string // as they were typed; none: what the newest snapshot is of
	Names       source.Names
	SourceMoved bool // other sources than those of the newest snapshot are meant
	DryRun      bool // decide everything and write nothing
	TakeOver    bool // become the owner of the destination
	KeepAwake   bool // keep the computer from going to sleep
	LockWait    time.Duration
	How         state.How // how the destination came to be chosen
	TimeTyped   bool      // somebody has said which time the snapshot is to have
	Verbose     int       // as -v says
	Silent      bool      // the result is no text for people
}

// BackupResult is what a backup came to, with what was done besides.
type BackupResult struct {
	report.Backup
	NotDue  string         // why there was none
	Behind  *query.Behind  // the clock is behind a snapshot; nil: it is not
	Missing []string       // snapshots whose folders are gone
	Idle    []*filter.Rule // patterns that fit nothing
	Taken   *destination.Taken
}

// backing is the state of a backup.
type backing struct {
	*BackupRun
	src      source.Chosen
	settings settings.Settings
	options  backup.Options
	d        *destination.Destination
	events   *events.Events // nil for none
	log      *slog.Logger
	logPath  string // "" for none
	came     BackupResult
	show     func(progress.State)
	endLine  func()
	heard    bool    // the settings have said what is to happen around the backup
	done     bool    // there is a snapshot of what the source holds
	summed   bool    // what it came to is told
	after    []error // what was to be done besides, and was not

	past  destination.PastRun // what is noted of it in the destination
	noted bool                // or is not to be
}

// Run makes a backup, if one is due. The result is nil where it did not come so far.
func (b *BackupRun) Run(ctx context.Context) (*BackupResult, error) {
	r := &backing{BackupRun: b}
	begin := b.Now()
	err := r.rebuilding(ctx, func() error { return r.backUp(ctx) })
	r.noteRefused(ctx, begin, err)
	if r.done && r.summed && !r.DryRun && ctx.Err() == nil {
		err = errors.Join(err, r.copyOn(ctx))
	}
	err = r.events.End(ctx, err)
	if why := r.events.Trouble(); why != "" && r.past.End != "" {
		_ = destination.NoteAfter(b.Dest, r.past, why) // the backup has failed anyway
	}
	if r.came.Result == nil && r.came.NotDue == "" {
		return nil, err
	}
	return &r.came, err
}

// backUp is a try: where the index is made again there is a second one.
func (r *backing) backUp(ctx context.Context) error {
	r.hear()
	if err := destination.CheckOwner(r.Dest); errors.As(err, new(*destination.OwnerError)) && !r.TakeOver {
		return exit.Hint(err, r.Dest)
	}
	src, err := r.chosen(ctx)
	if err == nil {
		r.src = src
		err = r.backup(ctx)
	}
	if code := exit.Code(ctx, err); r.done && code != 0 && code != exit.Interrupted && code != exit.Terminated {
		err = exit.With(exit.Partial, err) // whatever fails when the snapshot is there, it is there
	}
	return r.asTyped(ctx, err)
}

// hear makes what is to happen around the backup, and who is told of it, as far as the settings can be read: what is
// wrong with them is told, too.
func (r *backing) hear() {
	if r.heard {
		return
	}
	r.heard = true
	s, _, _ := settings.Read(r.Dest, r.settingsContext()) // an error is told by who reads them next
	if r.events = events.New(r.Caller, r.Dest, &s); r.events != nil {
		r.Front.Listen(r.events.Listen)
	}
}

func (r *backing) backup(ctx context.Context) (err error) {
	if err := r.check(ctx); err != nil {
		return err
	}
	if why, err := r.Front.NotDue(ctx); err != nil {
		return err
	} else if why != "" {
		return r.rest(why)
	}
	if err := r.prepare(); err != nil {
		return err
	}
	r.d, err = destination.Open(ctx, r.Dest, destination.Options{Create: true, Mode: destination.ReadOnlyIf(r.DryRun),
		TakeOver: r.TakeOver, LockWait: r.LockWait, Holder: destination.NewHolder(string(Backup), r.Now()),
		Trust: r.User.Trusted(r.Dest)})
	if err != nil {
		return exit.Hint(err, r.Dest)
	}
	defer func() { err = errors.Join(err, r.d.Close()) }()
	defer func() { r.noteEnd(ctx, err) }()
	defer func() { err = exit.Gone(r.d, err) }()
	if r.d.Stuck != nil {
		r.Words.Warn("%v", r.d.Stuck)
	}
	if r.TakeOver {
		for _, line := range TakenLines(ctx, r.d, r.Dest) {
			r.Words.Note("%s", line)
		}
	}
	if why, _ := r.Front.NotDue(ctx); why != "" { // another run has made one while this one waited for it
		return r.rest(why)
	}
	endLog, err := r.openLog(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, endLog()) }()
	if r.KeepAwake && !r.DryRun {
		defer keepAwake(r.Dest, r.Words.Note)()
	}
	if err := r.begin(ctx); err != nil {
		return err
	}
	ctx, r.show, r.endLine = r.Front.Line(ctx)
	refused, err := r.run(ctx)
	if err != nil {
		return err
	}
	r.besides(ctx)
	return r.tell(ctx, refused)
}

// rest leaves it at no backup: there is nothing that could be told.
func (r *backing) rest(why string) error {
	r.came.NotDue, r.noted = why, true
	r.events.Cancel()
	r.events = nil
	return nil
}
