package state

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"snap/internal/file"
)

// Presence is whether a known destination is where it was.
type Presence uint8

// The presences.
const (
	Here       Presence = iota + 1
	Unreadable          // cannot be looked into
	Away                // no destination is there: its disk is elsewhere, or it was emptied
	Gone                // the folder was removed, on a disk that is there
	Replaced            // another destination is there; see TellApart
)

// Place is a known destination as it is now.
type Place struct {
	Known
	Presence  Presence
	Temporary bool // it is below a folder for temporary files
}

// Places are the known destinations, that used last first. is reports whether a folder is a destination.
func (u *User) Places(known []Known, is func(dir string) (bool, error)) []Place {
	all := make([]Place, 0, len(known))
	for _, k := range known {
		p := Place{Known: k, Presence: Here, Temporary: u.temporary(k.Path)}
		switch there, err := is(k.Path); {
		case err != nil:
			p.Presence = Unreadable
		case there:
		case u.gone(&k):
			p.Presence = Gone
		default:
			p.Presence = Away
		}
		all = append(all, p)
	}
	slices.Reverse(all) // of equal times the one noted last comes first
	slices.SortStableFunc(all, func(a, b Place) int { return b.Last.Compare(a.Last) })
	return all
}

// Remembered are those of all that are used without being named: made by init, or named by two backups; while there
// are none, those that were named once. What is temporary, gone or replaced is not remembered.
func Remembered(all []Place) []Place {
	all = slices.DeleteFunc(slices.Clone(all), func(p Place) bool {
		return p.Temporary || p.Presence == Gone || p.Presence == Replaced
	})
	if proved := slices.DeleteFunc(slices.Clone(all), func(p Place) bool { return p.Once }); len(proved) > 0 {
		return proved
	}
	return all
}

// Default is that of all which is used where none is named, nil for none: the last of those that are remembered, unless
// each of several was named only once.
func Default(all []Place) *Place {
	remembered := Remembered(all)
	if len(remembered) == 0 || remembered[0].Once && len(remembered) > 1 {
		return nil
	}
	i := slices.IndexFunc(all, func(p Place) bool { return p.Path == remembered[0].Path && p.ID == remembered[0].ID })
	return &all[i]
}

// temporary reports whether path is, or is below, a folder for temporary files.
func (u *User) temporary(path string) bool {
	return slices.ContainsFunc(u.Temp, func(dir string) bool {
		return filepath.IsAbs(dir) && filepath.Dir(dir) != dir && file.Within(dir, path) != ""
	})
}

// gone reports whether the folder of a destination was removed: it is not there, while the file system that it was on
// is. A disk that is elsewhere leaves its mount point, or another file system where that was.
func (u *User) gone(k *Known) bool {
	if _, err := os.Lstat(k.Path); !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if u.temporary(k.Path) {
		return true
	}
	if k.System == "" {
		return false
	}
	for path := k.Path; path != filepath.Dir(path); {
		path = filepath.Dir(path)
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return SystemOf(path) == k.System
	}
	return false
}

// SystemOf is the file system that a folder is on, "" where that is not known.
func SystemOf(dir string) string {
	d, err := file.OpenRoot(dir)
	if err != nil {
		return ""
	}
	defer d.Close()
	info, err := d.System()
	if err != nil {
		return ""
	}
	return info.ID
}
