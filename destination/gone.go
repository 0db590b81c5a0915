package destination

import (
	"errors"
	"fmt"
	"io/fs"

	"snap/internal/file"
)

// ErrGone: another folder, or none, is where the open destination was. The index is found by its path, and what is
// written there would go to another disk.
var ErrGone = errors.New("is gone")

// CheckThere says with ErrGone that the destination is not where it was opened any more.
func (d *Destination) CheckThere() error { return CheckThere(d.Root, d.Path) }

// CheckThere says with ErrGone that what is at path is not the folder that root was opened as, which may be nil.
func CheckThere(root *file.Dir, path string) error {
	if root == nil {
		return nil
	}
	was, err := root.Stat()
	if err != nil {
		return nil // the disk's own error says more
	}
	now, err := file.OpenRoot(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", path, ErrGone)
	}
	if err != nil {
		return nil
	}
	defer now.Close()
	if is, err := now.Stat(); err != nil || file.MayBeSame(&was, &is) {
		return nil
	}
	return fmt.Errorf("%s: %w", path, ErrGone)
}
