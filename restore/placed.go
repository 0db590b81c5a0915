package restore

import (
	"fmt"

	"snap/internal/file"
)

// A target may take two names for one, because it does not distinguish case or Unicode forms. Which file a name leads
// to, and not the name, then says whether something is in the way, or surplus.

// fileID is which file something is.
type fileID struct{ dev, ino uint64 }

// put notes that name in f is what is restored there. In a folder that this run made, where a file never takes the
// place of another, only folders need be known.
func (f *folder) put(name string, s *file.Stat) {
	if s.Ino == 0 || f.made && s.Kind != file.Folder {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.placed == nil {
		f.placed = map[fileID]string{}
	}
	f.placed[fileID{s.Dev, s.Ino}] = name
}

// free returns ErrFolds if have, which the target has as name in f, is what was restored there under another name; d is
// the handle of f.
func (f *folder) free(d *file.Dir, name string, have *file.Stat) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	other, there := f.placed[fileID{have.Dev, have.Ino}]
	if !there || other == name || have.Kind != file.Folder && have.Nlink > 1 && f.lists(d, name) {
		return nil
	}
	return fmt.Errorf("%w: %q", ErrFolds, other)
}

// lists reports whether a listing of f, whose handle is d, has exactly this name. f.mu is held.
func (f *folder) lists(d *file.Dir, name string) bool {
	if f.listed == nil {
		entries, err := d.Entries()
		if err != nil {
			return true // nothing is known of case there
		}
		f.listed = make(map[string]bool, len(entries))
		for i := range entries {
			f.listed[entries[i].Name] = true
		}
	}
	return f.listed[name]
}

// restoredAs reports whether s, which a listing of f has as name, was restored there under a name that is the same to
// the target; d is the handle of f.
func (f *folder) restoredAs(d *file.Dir, name string, s *file.Stat) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	other, there := f.placed[fileID{s.Dev, s.Ino}]
	if !there || other == name {
		return there
	}
	return s.Kind == file.Folder || s.Nlink <= 1 || !f.lists(d, other)
}
