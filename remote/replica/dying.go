package replica

import (
	"fmt"
	"sync/atomic"

	"snap/internal/file"
)

// failing is how many files one after the other a disk cannot read before it counts as dying: then the rest is not
// taken for lost.
const failing = 100

// ErrDying: a disk cannot read file after file.
var ErrDying = fmt.Errorf("%d files one after the other could not be read: the disk may be dying", failing)

// Disk counts what a disk could not read, one file after the other.
type Disk struct{ failed atomic.Int64 }

// Read says that a file was read to its end.
func (d *Disk) Read() { d.failed.Store(0) }

// Failed is why nothing more is to be read after an error of one file: ErrDying, or that this process has no room for
// one more open file. nil: it concerns this file alone.
func (d *Disk) Failed(err error) error {
	if file.BlameOf(err, file.Source) == file.WholeRun {
		return err
	}
	if file.DiskFailed(err) && d.failed.Add(1) >= failing {
		return fmt.Errorf("%w: %w", ErrDying, err)
	}
	return nil
}
