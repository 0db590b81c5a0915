package job

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"snap/cli/exit"
	"snap/cli/logfile"
	"snap/cli/settings"
	"snap/cli/state"
	"snap/destination"
	"snap/filter"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
	"snap/scan"
)

// Place is where jobs work, and what they take from the process.
type Place struct {
	Dest    string           // the destination, absolute
	ID      string           // of its index: another disk in its place is refused; "": any will do
	User    *state.User      // whose state and environment it is
	Environ []string         // of the commands around a backup
	Now     func() time.Time // its zone is that of names and rules
}

// open opens the destination for questions.
func (p *Place) open(ctx context.Context) (*query.Reader, error) {
	if there, err := isDestination(p.Dest); err == nil && !there {
		return nil, exit.With(exit.NoDest, hint.With(fmt.Errorf("%s: not a snap destination", quote.Name(p.Dest)),
			"is its disk mounted?"))
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

// remember puts the destination into the list of those that are known, as the one used last.
func (p *Place) remember(id, source string) error {
	known := func() []state.Known {
		list, _ := p.User.Known() // one that cannot be read is a convenience lost
		return list
	}
	return p.User.Remember(known, state.Known{Path: p.Dest, ID: id, Source: source, Last: p.Now(),
		System: state.SystemOf(p.Dest)}, state.Found, isDestination)
}

// Others are the other destinations that this user has backed up to, that used last first. A list that cannot be read
// is a convenience lost.
func (p *Place) Others() []state.Place {
	known, err := p.User.Known()
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(p.User.Places(known, isDestination), func(o state.Place) bool {
		return o.Path == p.Dest || o.Presence == state.Gone || o.Temporary && o.Presence != state.Here
	})
}

// isDestination reports whether dir holds a folder .snap. A folder that cannot be looked into is an error: what it
// holds is not known.
func isDestination(dir string) (bool, error) {
	info, err := os.Lstat(filepath.Join(dir, destination.MetaName))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return false, nil
	}
	return err == nil && info.IsDir(), err
}

// settings reads BackupOptions.txt, and notes what is strange in it.
func (p *Place) settings(w *Watcher) (settings.Settings, error) {
	s, warnings, err := settings.Read(p.Dest, p.filterContext("", nil))
	for _, text := range warnings {
		w.Note(text)
	}
	return s, err
}

// Settings are those of the destination as they stand now, with what is strange in them.
func (p *Place) Settings() (s settings.Settings, warnings []string, err error) {
	return settings.Read(p.Dest, p.filterContext("", nil))
}

// filterContext is what lines of the settings and lists are read with, for these sources.
func (p *Place) filterContext(source string, roots record.Roots) filter.Context {
	return filter.Context{Source: filepath.ToSlash(source), Roots: roots, Home: filepath.ToSlash(p.User.Home()),
		Env: p.User.LookupEnv}
}

// filters are the lists of the destination for the sources of h.
func (p *Place) filters(h *record.Header) (*filter.Set, error) {
	fc := p.filterContext(h.Source, h.Roots())
	lists, err := settings.Lists(p.Dest, fc)
	if err != nil {
		return nil, err
	}
	return filter.New(lists[0], lists[1], fc), nil
}

// ownFiles are the files that snap itself writes and that may lie below a source.
func (p *Place) ownFiles(log string) []scan.OwnFiles {
	return logfile.OwnFiles(p.Dest, log, p.User.Folders(), state.IsFile)
}
