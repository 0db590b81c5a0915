package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"snap/internal/file"
	"snap/scan"
)

// A source that is a subvolume of btrfs can be backed up as it was at one moment: a read-only copy of it is made beside
// it, read in its place, and removed in the end.

// Moment says whether a source is taken at one moment.
type Moment uint8

// The choices.
const (
	NoMoment Moment = iota
	AutoMoment
	RequiredMoment
)

var momentNames = [...]string{"off", "auto", "required"}

// Moments are the names of the choices.
func Moments() []string { return momentNames[:] }

// ParseMoment is the choice with this name.
func ParseMoment(name string) (Moment, error) {
	for m, n := range momentNames {
		if n == name {
			return Moment(m), nil
		}
	}
	return 0, errors.New("must be auto, off or required")
}

// MomentError says why a source cannot be taken at one moment.
type MomentError struct{ Why string }

func (e *MomentError) Error() string { return "the source cannot be taken at one moment: " + e.Why }

// Freeze has all that is read from now on be as it is now, where that can be. id names the destination, so that what a
// run left that was killed is removed by the next one. The note says why that is not so, if auto asks for it and
// something stands in the way; where the source is no subvolume there is nothing to note.
func (s *Source) Freeze(how Moment, id string) (note, err error) {
	is, err := s.root.IsSubvolume()
	if err != nil || !is {
		if how == RequiredMoment {
			return nil, &MomentError{s.path + " is no subvolume of btrfs"}
		}
		return nil, nil
	}
	beside, err := file.OpenRoot(filepath.Dir(s.path))
	if err == nil {
		defer beside.Close()
		if err = dropMoment(beside, momentName(id)); err == nil && how != NoMoment {
			err = s.freeze(beside, momentName(id))
		}
	}
	switch {
	case err == nil || how == NoMoment:
		return nil, nil
	case !errors.As(err, new(*MomentError)):
		err = &MomentError{err.Error()}
	}
	if how == RequiredMoment {
		return nil, err
	}
	return err, nil
}

func momentName(id string) string { return ".snap-moment-" + id[:min(len(id), 12)] }

func (s *Source) freeze(beside *file.Dir, name string) error {
	if has, err := s.root.HasSubvolumes(); err != nil {
		return err
	} else if has {
		return &MomentError{"other subvolumes are in it, which are not of the same moment"}
	}
	if s.root.HasMounts() {
		return &MomentError{"something is mounted in it, which is not of the same moment"}
	}
	if err := mayRemove(beside, name); err != nil {
		return err
	}
	if err := beside.FreezeSubvolume(s.root, name); err != nil {
		return err
	}
	root, err := beside.OpenDir(name)
	if err != nil {
		return errors.Join(err, dropMoment(beside, name))
	}
	s.tree.Close()
	s.live, s.moment = s.root, name
	s.root, s.tree = root, scan.SourceTree(root, 256, s.scan)
	return nil
}

// mayRemove makes sure that the copy can be removed: an ordinary user may not everywhere.
func mayRemove(beside *file.Dir, name string) error {
	if os.Geteuid() == 0 {
		return nil
	}
	if err := beside.MakeSubvolume(name); err != nil {
		return err
	}
	err := beside.RemoveSubvolume(name)
	if err != nil {
		_ = beside.Rmdir(name)
		return &MomentError{"this user may not remove subvolumes there, without the mount option user_subvol_rm_allowed"}
	}
	return nil
}

// thaw removes the copy.
func (s *Source) thaw() error {
	if s.live == nil {
		return nil
	}
	s.live.Close()
	beside, err := file.OpenRoot(filepath.Dir(s.path))
	if err != nil {
		return err
	}
	defer beside.Close()
	return dropMoment(beside, s.moment)
}

// dropMoment removes a copy that was made for a moment, if it is there.
func dropMoment(beside *file.Dir, name string) error {
	d, err := beside.OpenDir(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	if is, err := d.IsSubvolume(); err != nil || !is {
		return errors.Join(err, fmt.Errorf("%s is not what an earlier run has left", d.Path()))
	}
	if err := d.Seal(false); err != nil {
		return err
	}
	if err := beside.RemoveSubvolume(name); err != nil {
		return fmt.Errorf("the copy of the source cannot be removed again: %w", err)
	}
	return nil
}
