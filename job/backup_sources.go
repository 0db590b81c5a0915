package job

import (
	"context"
	"errors"
	"fmt"
	"os"

	"snap/backup"
	"snap/backup/source"
	"snap/cli/exit"
	"snap/cli/settings"
	"snap/index"
	"snap/internal/file"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
)

// chosen are the sources of the backup. Where none was typed, the newest snapshot names them.
func (r *backing) chosen(ctx context.Context) (s source.Chosen, err error) {
	if len(r.Sources) > 0 {
		s, err = r.Names.Of(r.Sources)
	} else {
		s, err = r.remembered(ctx)
	}
	if errors.As(err, new(*source.MissingError)) {
		err = exit.Hint(err, r.Dest)
	}
	return s, err
}

// remembered are the sources of the newest snapshot.
func (r *backing) remembered(ctx context.Context) (s source.Chosen, err error) {
	db, err := index.Open(index.Path(r.Dest))
	if err != nil {
		return s, exit.ReadHint(query.IndexHint(err, r.Dest), r.Dest)
	}
	db.Trust(r.User.Trusted(r.Dest)...)
	defer r.User.Proved(ctx, r.Dest, db)
	snaps, err := query.ReadSnapshots(ctx, db)
	if err != nil {
		return s, exit.ReadHint(query.IndexHint(err, r.Dest), r.Dest)
	}
	way := fmt.Sprintf("name them once: snap backup %s SRC…", quote.Word(r.Dest))
	if len(snaps) == 0 {
		return s, hint.With(fmt.Errorf("destination %s holds no snapshot yet, so that its sources are not known",
			quote.Name(r.Dest)), "%s", way)
	}
	h := &snaps[snaps.Newest()]
	if h.Source == "" {
		return s, hint.With(fmt.Errorf("the source of snapshot %s is not known", quote.Name(h.Name)), "%s", way)
	}
	on := ""
	if host, err := os.Hostname(); err == nil && h.Host != "" && h.Host != host {
		on = fmt.Sprintf(" (as snapshot %s was made of them on %s)", quote.Name(h.Name), quote.Name(h.Host))
	}
	r.Words.Note("backing up %s to %s%s", quote.All(h.AllSources()), quote.Name(r.Dest), on)
	return r.Names.Of(h.AllSources()) // one may be a link by now
}

// asTyped is err as one of who typed, where that names other sources than the destination has: there is a slip in it,
// or it is for another destination. What is wrong with the settings stays what it is.
func (r *backing) asTyped(ctx context.Context, err error) error {
	if err == nil || len(r.Sources) == 0 || settings.IsWrong(err) || r.SourceMoved {
		return err
	}
	d, openErr := query.Open(ctx, r.Dest, query.Options{Now: r.Now(), Trust: r.User.Trusted(r.Dest)})
	if openErr != nil {
		return err
	}
	defer d.Close()
	var paths []string
	for _, arg := range r.Sources {
		paths = append(paths, r.Names.Abs(arg))
	}
	if h := d.Newest(); h != nil && source.Others(h, paths) {
		return &source.OtherError{Err: err}
	}
	return err
}

// CheckLayout refuses a source and a destination that lie in each other, and keeps the scan out of dest.
func CheckLayout(o *backup.Options, dest string) error {
	never, err := source.CheckLayout(o.Source, o.Scan.Roots, dest, func(rel string) (bool, error) {
		v, err := o.Scan.Filter.Explain(rel, true)
		return !v.Walk, err
	})
	o.Scan.Never = []file.Stat{never}
	return exit.Hint(err, dest)
}
