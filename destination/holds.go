package destination

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"snap/internal/file"
	"snap/record"
)

// RemotesName is the folder in .snap that has a folder for each remote of the destination.
const RemotesName = "remotes"

// holdFile says from which snapshot the next copy to a remote goes on.
const holdFile = "hold"

// Hold is the newest snapshot that a remote has: the next copy goes on from it, so that it stays.
type Hold struct {
	Remote string    `json:"-"`
	Seq    uint64    `json:"seq"`
	Name   string    `json:"name"`
	Copied time.Time `json:"copied"`
	Work   string    `json:"work,omitempty"`  // of a run that reads trees: its command; "" for a copy
	Place  string    `json:"place,omitempty"` // of a copy that has no name of the user's: its folder or URL
}

// Doing says what the run does with a snapshot that it holds.
func (h *Hold) Doing() string {
	if h.Work == "" {
		return "is being copied to " + h.Called()
	}
	return "is being read by a " + h.Work + " of " + h.Called()
}

// Called is what people call the copy.
func (h *Hold) Called() string { return cmp.Or(h.Place, h.Remote) }

// RemoteDir is the folder of what is known of a remote of dest.
func RemoteDir(dest, name string) string { return filepath.Join(dest, MetaName, RemotesName, name) }

// SetHold notes what a remote has. It needs no lock: it is of that remote's copies alone, which hold one of their own.
func SetHold(dest, remote string, h Hold) error {
	return setNote(RemoteDir(dest, remote), holdFile, &h)
}

// setNote writes v into the file name of the folder of a remote, durable, in place of what is there.
func setNote(path, name string, v any) error {
	dir, err := file.OpenRoot(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	text, err := sealed(v)
	if err != nil {
		return err
	}
	made := name + "-new"
	if err := remove(dir, made); err != nil {
		return err
	}
	return replaceBy(dir, made, text, dir, name)
}

// HoldOf is what is noted of a remote; an error where nothing is.
func HoldOf(dest, remote string) (h Hold, err error) {
	dir, err := file.OpenRoot(RemoteDir(dest, remote))
	if err != nil {
		return h, err
	}
	defer dir.Close()
	return h, readSealed(dir, holdFile, &h)
}

// Release lets a remote's snapshot go: the next copy to it sends a whole listing.
func Release(dest, remote string) error {
	err := os.Remove(filepath.Join(RemoteDir(dest, remote), holdFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Holds are the holds of all remotes, in the order of their names. One that is damaged holds nothing: its remote's next
// copy writes it again.
func Holds(root *file.Dir) ([]Hold, error) { return holdsIn(root, holdFile) }

// holdsIn are those in the files of this name.
func holdsIn(root *file.Dir, name string) ([]Hold, error) {
	return notes(root, name, func(h *Hold, remote string) { h.Remote = remote })
}

// notes reads the files of this name in the folders of all remotes, in the order of these. One that is damaged is
// passed over. of is told whose a note is.
func notes[T any](root *file.Dir, name string, of func(v *T, remote string)) ([]T, error) {
	meta, err := root.EnterDir(MetaName)
	if err != nil {
		return nil, err
	}
	defer meta.Close()
	remotes, err := meta.OpenDir(RemotesName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer remotes.Close()
	entries, err := remotes.Entries()
	if err != nil {
		return nil, err
	}
	var all []T
	for i := range entries {
		dir, err := remotes.OpenDir(entries[i].Name)
		if err != nil {
			continue // no folder
		}
		var v T
		err = readSealed(dir, name, &v)
		dir.Close()
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, record.ErrDamaged):
		case err != nil:
			return nil, err
		default:
			of(&v, entries[i].Name)
			all = append(all, v)
		}
	}
	return all, nil
}
