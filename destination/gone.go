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
func (d *Destination) CheckThere() error {
	if d.Root == nil {
		return nil
	}
	was, err := d.Root.Stat()
	if err != nil {
		return nil // the disk's own error says more
	}
	root, err := file.OpenRoot(d.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", d.Path, ErrGone)
	}
	if err != nil {
		return nil
	}
	defer root.Close()
	if now, err := root.Stat(); err != nil || file.MayBeSame(&was, &now) {
		return nil
	}
	return fmt.Errorf("%s: %w", d.Path, ErrGone)
}
