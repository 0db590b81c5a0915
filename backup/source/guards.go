package source

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"snap/destination"
	"snap/internal/file"
	"snap/record"
	"snap/scan"
)

// CheckSame refuses other sources than those of the snapshot before, unless that is meant: then it is worth a note.
func CheckSame(prev *record.Header, now []string, meant bool) (note, err error) {
	before := prev.AllSources()
	if !Others(prev, now) {
		return nil, nil
	}
	was := fmt.Sprintf("snapshot %s is of %s", prev.Name, strings.Join(before, ", "))
	if meant {
		return fmt.Errorf("%s; this one is of %s", was, strings.Join(now, ", ")), nil
	}
	return nil, &destination.GuardError{
		Why: fmt.Sprintf("%s, and this one would be of %s", was, strings.Join(now, ", ")),
		Hint: "other files belong in a destination of their own\n" +
			"the same files at a new path, or these from now on: --source-moved",
		Err: ErrOther,
	}
}

// ErrOther: a backup was of other sources than those of the snapshot before, without saying that this is meant.
var ErrOther = errors.New("other sources than before")

// OtherError is an error of a backup that was of other sources, whatever it failed of: it is ErrOther.
type OtherError struct{ Err error }

func (e *OtherError) Error() string        { return e.Err.Error() }
func (e *OtherError) Unwrap() error        { return e.Err }
func (e *OtherError) Is(target error) bool { return target == ErrOther }

// Others reports whether these sources are others than those of a snapshot.
func Others(h *record.Header, now []string) bool {
	before := h.AllSources()
	return len(before) > 0 && !sameSources(before, now)
}

// CheckPresent refuses a source that is not there.
func (s *Source) CheckPresent() error {
	for _, root := range s.scan.Roots {
		if _, err := s.Lstat(root); err != nil && root != "" {
			return s.missing(root, err)
		}
	}
	return nil
}

func (s *Source) missing(root string, err error) error {
	return &MissingError{Path: s.abs(root), Err: err, Several: len(s.scan.Roots) > 1}
}

// sameSources reports whether two sets of absolute paths are the same folders and files. One may be spelled in several
// ways: through links, or in other letters where their case does not matter.
func sameSources(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	left := slices.Clone(b)
	for _, s := range a {
		i := slices.Index(left, s)
		if i < 0 {
			i = slices.IndexFunc(left, func(t string) bool { return samePlace(s, t) })
		}
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return true
}

// samePlace reports whether two paths lead to the same folder or file.
func samePlace(a, b string) bool {
	if a, b = filepath.Clean(a), filepath.Clean(b); a == b {
		return true
	}
	realA, err := filepath.EvalSymlinks(a)
	if err != nil {
		return false
	}
	realB, err := filepath.EvalSymlinks(b)
	if err != nil {
		return false
	}
	if realA == realB {
		return true
	}
	infoA, err := os.Lstat(realA)
	if err != nil {
		return false
	}
	infoB, err := os.Lstat(realB)
	return err == nil && os.SameFile(infoA, infoB)
}

// Marked notes a source that holds a marker for leaving a folder out: the marker counts in folders of the source, not
// in the source itself.
func (s *Source) Marked() (notes []error) {
	for _, root := range s.members() {
		d, err := s.tree.Dir(root)
		if err != nil {
			continue // a file, or the scan reports it
		}
		name, err := scan.Marked(d, s.scan)
		d.Close()
		if err == nil && name != "" {
			notes = append(notes, fmt.Errorf("%s holds %s and is backed up all the same, because it is the source itself",
				s.abs(root), name))
		}
	}
	return notes
}

// MissingError: the source cannot be opened.
type MissingError struct {
	Path    string
	Err     error
	Several bool // there are others
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("source %s: %v", e.Path, file.Reason(e.Err))
}

func (e *MissingError) Unwrap() error { return e.Err }
