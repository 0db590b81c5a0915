package job

import (
	"context"
	"errors"
	"fmt"
	"os"

	"snap/backup"
	"snap/backup/source"
	"snap/cli/exit"
	"snap/destination"
	"snap/index"
	"snap/internal/hint"
	"snap/internal/progress"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

// SourceNow finds out what a backup made now would record, and writes nothing: q compares its A with that afterwards.
// o are the options of such a backup, what is its name in errors. partial: not all of the source could be read.
func (p *Place) SourceNow(ctx context.Context, q *query.Diff, o backup.Options, what string) (partial bool, err error) {
	o.DryRun, o.Force, o.AllowEmptySource = true, true, q.B.Files == 0 && len(o.Scan.Roots) == 0
	if err := CheckLayout(&o, p.Dest); err != nil {
		return false, sourceHint(err, q.B, what)
	}
	d, err := destination.Open(ctx, p.Dest,
		destination.Options{Mode: destination.ReadOnly, AnyUser: true, Trust: p.User.Trusted(p.Dest)})
	if err != nil {
		return false, exit.Hint(err, p.Dest)
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if o.Report == nil {
		o.Report = nobody{}
	}
	q.Pending = index.NewPending(q.B.Seq)
	o.Planned = func(e *record.Entry) error { return q.AddPending(ctx, e) }
	res, err := backup.Run(ctx, d, o)
	if err != nil {
		return false, sourceHint(exit.Hint(err, p.Dest), q.B, what)
	}
	return res.Incomplete(), nil
}

// nobody is told what becomes of single files.
type nobody struct{}

func (nobody) Progress(progress.State)            {}
func (nobody) Entry(string, *record.Record, bool) {}
func (nobody) Problem(backup.Problem)             {}

// CheckSource makes sure that the source of the snapshots that q compares is the one that is here.
func CheckSource(q *query.Diff, dest, what string) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	why := ""
	switch {
	case !q.A.SameSources(q.B):
		why = fmt.Sprintf("snapshot %s is of %s, but the newest one is of %s", quote.Name(q.A.Name),
			quote.All(q.A.AllSources()), quote.All(q.B.AllSources()))
	case q.B.Host != host:
		why = fmt.Sprintf("snapshot %s is of %s on %s, and this is %s", quote.Name(q.B.Name), quote.All(q.B.AllSources()),
			quote.Name(q.B.Host), quote.Name(host))
	default:
		return nil
	}
	return hint.With(errors.New(what+": "+why),
		"to compare the newest snapshot with a folder here: snap backup -n %s SRC", quote.Word(dest))
}

// sourceHint says of which snapshot the source is that is not there, or is empty.
func sourceHint(err error, h *record.Header, what string) error {
	if guard := (*destination.GuardError)(nil); errors.As(err, &guard) { // the source is empty, or all of it is left out
		if !errors.Is(guard, source.ErrEmpty) {
			return exit.With(exit.Refused, hint.With(fmt.Errorf("%s: %w", what, guard), "%s", guard.Hint))
		}
		return exit.With(exit.Refused, hint.With(fmt.Errorf("%s: %w", what, guard),
			"is its disk mounted? If it is meant to be empty, everything was removed: snap ls -R %s", quote.Word(h.Name)))
	}
	if missing := (*source.MissingError)(nil); errors.As(err, &missing) {
		return hint.With(fmt.Errorf("%s: %w", what, missing), "it is the source of snapshot %s; is its disk mounted?",
			quote.Name(h.Name))
	}
	return err
}

// SourceOptions are those of a backup of what the newest snapshot is of, as the settings and lists say.
func (p *Place) SourceOptions(h *record.Header) (o backup.Options, err error) {
	s, _, err := p.Settings()
	if err != nil {
		return o, exit.ReadHint(err, p.Dest)
	}
	of := source.ChosenIn(h)
	o = p.BackupOptions(&s, of)
	o.Scan.Filter, err = p.filters(of)
	return o, err
}
