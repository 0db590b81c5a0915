package job

import (
	"context"
	"fmt"
	"io"
	"time"

	"snap/backup"
	"snap/cli/events"
	"snap/cli/exit"
	"snap/cli/logfile"
	"snap/cli/settings"
	"snap/destination/retention"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/record"
)

// BackupOptions are what a backup is asked for, besides the settings of the destination.
type BackupOptions struct {
	Tags  []string
	Note  string
	Force bool // make a snapshot although nothing changed
}

// BackupResult is what a backup did.
type BackupResult struct {
	*backup.Result
	Took time.Duration

	// What keeping to the destination's rules came to afterwards.
	Removed []string // the snapshots that were deleted
	Freed   int64    // bytes
	Stops   []retention.Stop
	Unknown []string // settings that snap does not know, beside which no rule runs
}

// Backup makes a snapshot of what the newest snapshot is of, as `snap backup` does without arguments: with the commands
// before and after it, the log, the rules afterwards, and who is told. nice and ionice are for processes of their own
// and do not count here.
func (p *Place) Backup(ctx context.Context, w *Watcher, o BackupOptions) (*BackupResult, error) {
	for _, t := range o.Tags {
		if err := settings.CheckTag(t); err != nil {
			return nil, hint.Usagef("tag: %s", err)
		}
	}
	begin := p.Now()
	s, err := p.settings(w) // what can be read of them says who is told of an error
	b := &backupRun{p: p, w: w, s: &s, said: io.Discard}
	if b.events = events.New(b.caller(), p.Dest, &s); b.events != nil {
		b.said = b.events.Listen(io.Discard)
	}
	if err == nil {
		err = logfile.CheckFolder(ctx, p.Dest, s.Logfile)
	}
	if err == nil {
		b.like, err = p.like(ctx)
		b.noted = exit.Code(ctx, err) == exit.Refused // it is another disk
	}
	if err == nil {
		b.events.Of(b.like.AllSources())
		err = b.run(ctx, &o)
	}
	if err != nil && !b.noted {
		past := b.res.Past(&backup.Options{Start: begin}, p.Now().Sub(begin), err)
		_ = p.User.NoteRefused(context.WithoutCancel(ctx), p.Dest, past) // that it failed is told anyway
	}
	if code := exit.Code(ctx, err); b.made && code != 0 && code != exit.Interrupted {
		err = exit.With(exit.Partial, err) // the snapshot is there
	}
	err = b.events.End(ctx, err)
	if b.res.Result == nil {
		return nil, err
	}
	return &b.res, err
}

// like is the newest snapshot, whose sources are backed up again.
func (p *Place) like(ctx context.Context) (*record.Header, error) {
	d, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	way := fmt.Sprintf("name them once: snap backup %s SRC…", quote.Word(p.Dest))
	if len(d.Snapshots) == 0 {
		return nil, hint.With(fmt.Errorf("destination %s holds no snapshot yet, so that its sources are not known",
			quote.Name(p.Dest)), "%s", way)
	}
	h := d.Snapshots[d.Snapshots.Newest()]
	if h.Source == "" {
		return nil, hint.With(fmt.Errorf("nobody knows the source of snapshot %s", quote.Name(h.Name)), "%s", way)
	}
	return &h, nil
}
