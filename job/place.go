package job

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"snap/backup/source"
	"snap/cli/exit"
	"snap/cli/locate"
	"snap/cli/logfile"
	"snap/cli/report"
	"snap/cli/settings"
	"snap/cli/state"
	"snap/cli/text"
	"snap/destination"
	"snap/destination/reindex"
	"snap/filter"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/scan"
)

// Place is where jobs work, and what they take from the process.
type Place struct {
	Dest    string               // the destination, absolute
	ID      string               // of its index: another disk in its place is refused; "": any will do
	User    *state.User          // whose state and environment it is
	Environ []string             // of the commands around a backup
	Now     func() time.Time     // its zone is that of names
	Known   func() []state.Known // the known destinations; nil: as User has them
}

// open opens the destination for questions.
func (p *Place) open(ctx context.Context) (*query.Reader, error) {
	if err := p.there(); err != nil {
		return nil, err
	}
	d, err := query.Open(ctx, p.Dest, query.Options{Now: p.Now(), Trust: p.User.Trusted(p.Dest)})
	if err != nil {
		return nil, exit.ReadHint(err, p.Dest)
	}
	id, err := d.DB.ID(ctx)
	if err == nil && p.ID != "" && id != p.ID {
		err = exit.With(exit.Refused, hint.With(
			fmt.Errorf("destination %s: another one than before: is this another disk?", quote.Name(p.Dest)),
			"connect the right disk"))
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Remember puts the destination into the list of those that are known, as the one used last. source may be "" for none
// yet.
func (p *Place) Remember(id, source string, how state.How) error {
	return p.User.Remember(p.known, state.Known{Path: p.Dest, ID: id, Source: source, Last: p.Now(),
		System: state.SystemOf(p.Dest), Mount: state.MountOf(p.Dest)}, how, locate.IsDestination)
}

// known are the known destinations.
func (p *Place) known() []state.Known {
	if p.Known != nil {
		return p.Known()
	}
	list, _ := p.User.Known() // one that cannot be read is a convenience lost
	return list
}

// Others are the other destinations that this user has backed up to, that used last first.
func (p *Place) Others() []state.Place {
	return slices.DeleteFunc(p.User.Places(p.known(), locate.IsDestination), func(o state.Place) bool {
		return o.Path == p.Dest || o.Presence == state.Gone || o.Temporary && o.Presence != state.Here
	})
}

// there is the error that there is no destination.
func (p *Place) there() error {
	if there, err := locate.IsDestination(p.Dest); err == nil && !there {
		return exit.With(exit.NoDest, hint.With(fmt.Errorf("%s: not a snap destination", quote.Name(p.Dest)),
			"is its disk mounted?"))
	}
	return nil
}

// Settings are those of the destination as they stand now, with what is strange in them.
func (p *Place) Settings() (s settings.Settings, warnings []string, err error) {
	return settings.Read(p.Dest, p.settingsContext())
}

// settingsContext is what the settings are read with.
func (p *Place) settingsContext() filter.Context {
	return filter.Context{Home: filepath.ToSlash(p.User.Home()), Env: p.User.LookupEnv}
}

// FilterContext is what lines of the lists are read with for these sources.
func (p *Place) FilterContext(of source.Chosen) filter.Context {
	fc := p.settingsContext()
	fc.Source, fc.Roots = filepath.ToSlash(of.Top), of.Roots
	return fc
}

// filters are the lists of the destination for these sources.
func (p *Place) filters(of source.Chosen) (*filter.Set, error) {
	fc := p.FilterContext(of)
	lists, err := settings.Lists(p.Dest, fc)
	if err != nil {
		return nil, exit.ReadHint(err, p.Dest)
	}
	return filter.New(lists[0], lists[1], fc), nil
}

// OwnFiles are the files that snap itself writes and that may lie below a source: what it knows for this user, and
// the log of the destination. They are no change of the source.
func (p *Place) OwnFiles(log string) []scan.OwnFiles {
	return logfile.OwnFiles(p.Dest, log, p.User.Folders(), state.IsFile)
}

// NamesOf knows the snapshots of a destination by their names, which have the format of its settings or the default
// one. zone is the local one.
func NamesOf(format string, zone *time.Location) *reindex.Names {
	return &reindex.Names{Formats: []string{format, settings.Default().Format}, Zone: zone}
}

// ReindexOptions are those of a reindex that takes for snapshots what has the name of one.
func (p *Place) ReindexOptions(s *settings.Settings, wait time.Duration) reindex.Options {
	return reindex.Options{LockWait: wait, Holder: destination.NewHolder("reindex", p.Now()), Jobs: s.Jobs,
		Users: text.UserName, Groups: text.GroupName, Time: NamesOf(s.Format, p.Now().Location()).Time}
}

// TakenLines say whose the destination was and whose it is now, and what follows.
func TakenLines(ctx context.Context, d *destination.Destination, dest string) []string {
	snapshots := 0
	if d.Taken != nil && d.DB != nil {
		all, _ := d.DB.Snapshots(ctx) // what cannot be read is told by what follows
		snapshots = len(all)
	}
	return report.TakenOver(dest, d.Taken, uint32(os.Geteuid()), snapshots)
}
