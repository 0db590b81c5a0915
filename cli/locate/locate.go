// Package locate finds the destination that a command line is about: the one that it names, that of $SNAP_DEST, the one
// that the working directory is in, or the one that was backed up to last.
package locate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"snap/cli/exit"
	"snap/cli/state"
	"snap/destination"
	"snap/internal/hint"
	"snap/internal/quote"
)

// Asked is what the choice depends on.
type Asked struct {
	Dest    string                 // as the command line names it, "" for not at all
	Env     string                 // $SNAP_DEST
	WorkDir string                 // absolute
	Places  func() []state.Place   // what is remembered, that used last first
	Lost    func(dir string) error // says that dir has snapshots and no folder .snap any more; nil: that is not so
}

// Found is a destination, and how it was found.
type Found struct {
	Dir      string // absolute; with an error: the one that would have been it, if any
	Obvious  bool   // it was typed, or is around the working directory: nobody needs to be told which it is
	Recalled bool   // it is the one of those remembered that was used last
	Others   int    // so many others are remembered, and there
}

// ErrNoneKnown says that no destination is named, and none is known.
var ErrNoneKnown = errors.New("no destination named, and none is known")

// Find is the destination. That there is none ends in exit.NoDest.
func (a *Asked) Find() (Found, error) {
	if a.Dest != "" {
		dir, err := a.named(a.Dest, "-d")
		return Found{Dir: dir, Obvious: true}, err
	}
	if a.Env != "" {
		dir, err := a.named(a.Env, "$SNAP_DEST")
		return Found{Dir: dir}, err
	}
	for dir := a.WorkDir; dir != ""; dir = filepath.Dir(dir) {
		if there, _ := IsDestination(dir); there { // a parent that cannot be looked into is none of ours
			return Found{Dir: dir, Obvious: true}, nil
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	return a.recall()
}

// recall is the remembered destination that was used last.
func (a *Asked) recall() (found Found, err error) {
	all := a.Places()
	const name = "name it with -d DIR or $SNAP_DEST"
	remembered := state.Remembered(all)
	if len(remembered) == 0 {
		err := exit.With(exit.NoDest, ErrNoneKnown)
		if i := slices.IndexFunc(all, func(p state.Place) bool { return p.Temporary && p.Presence == state.Here }); i >= 0 {
			return found, hint.With(err, name+"; one below a folder for temporary files is not remembered, as is %s",
				quote.Name(all[i].Path))
		}
		return found, hint.With(err, name+"; to make one: snap backup DEST SRC")
	}
	newest := remembered[0]
	if newest.Once && len(remembered) > 1 {
		return found, exit.With(exit.NoDest, hint.With(fmt.Errorf("no destination named, and each of %d known ones was "+
			"named only once: %s", len(remembered), quote.All(Paths(remembered))),
			name+"; one that is made by snap init, or named by a second backup, is remembered"))
	}
	others := slices.DeleteFunc(slices.Clone(remembered), func(p state.Place) bool {
		return p.Path == newest.Path || p.Presence == state.Away
	})
	found = Found{Dir: newest.Path, Recalled: true, Others: len(others)}
	switch newest.Presence {
	case state.Unreadable:
		_, err := IsDestination(newest.Path)
		return found, exit.ReadHint(err, newest.Path)
	case state.Away:
		if err := a.Lost(newest.Path); err != nil {
			return found, exit.With(exit.NoDest, err)
		}
		err := exit.With(exit.NoDest, hint.With(fmt.Errorf("%s: the last destination is not there",
			quote.Name(newest.Path)), "connect its disk, or name another with -d DIR; if there is no such destination any "+
			"more: snap destinations --forget %s", quote.Word(newest.Path)))
		if len(others) > 0 {
			return found, hint.With(err, "there is %s; all that are known: snap destinations", quote.All(Paths(others)))
		}
		return found, err
	}
	return found, nil
}

// named checks a destination that somebody named.
func (a *Asked) named(dest, how string) (string, error) {
	dir := dest
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(a.WorkDir, dir)
	}
	dir = filepath.Clean(dir)
	if there, err := IsDestination(dir); err != nil {
		return "", exit.ReadHint(err, dir)
	} else if !there {
		if err := a.Lost(dir); err != nil {
			return "", exit.With(exit.NoDest, err)
		}
		err := exit.With(exit.NoDest, fmt.Errorf("%s: not a snap destination (from %s)", quote.Name(dest), how))
		if a.WentThere(dir) {
			return "", hint.With(err, "backups went there before: is its disk mounted?")
		}
		if lead := destination.CheckLead(dir); lead != nil {
			return "", exit.With(exit.NoDest, exit.Hint(lead, dir))
		}
		return "", hint.With(err, "a destination holds a folder .snap; to make one: snap backup DEST SRC")
	}
	return dir, nil
}

// WentThere reports whether dir is a known destination, and is empty or not there now.
func (a *Asked) WentThere(dir string) bool {
	entries, err := os.ReadDir(dir)
	return len(entries) == 0 && (err == nil || errors.Is(err, fs.ErrNotExist)) &&
		slices.ContainsFunc(a.Places(), func(p state.Place) bool { return p.Path == dir })
}

// Paths are the folders of places.
func Paths(all []state.Place) []string {
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Path
	}
	return names
}

// IsDestination reports whether dir holds a folder .snap. A folder that cannot be looked into is an error: what it
// holds is not known.
func IsDestination(dir string) (bool, error) {
	info, err := os.Lstat(filepath.Join(dir, ".snap"))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return false, nil
	}
	return err == nil && info.IsDir(), err
}
