package restore

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize"

	"snap/internal/file"
	"snap/record"
)

// SpaceError says that what is to be restored is more than the target has room for. Nothing was written.
type SpaceError struct {
	Target     string
	Need, Free uint64 // bytes
}

func (e *SpaceError) Error() string {
	return fmt.Sprintf("%s: not enough space: %s are to be restored, %s are free: %s too little", e.Target,
		humanize.IBytes(e.Need), humanize.IBytes(e.Free), humanize.IBytes(e.Need-e.Free))
}

// plainSystems are file systems on which a file takes its bytes. Others may compress them or keep equal ones once, and
// nobody knows what is enough.
var plainSystems = map[string]bool{"ext4": true, "xfs": true, "tmpfs": true}

// looksAhead reports whether a plan shows how much would be written, because nothing in the target gives way to it.
func (r *run) looksAhead() bool { return r.root == nil || r.o.Overwrite == Never && !r.o.Delete }

// fits refuses what cannot fit: a *SpaceError. What it counts are the bytes of files alone, so that nothing is refused
// that has room; where they go to several file systems it does not judge.
func (p *plan) fits() error {
	if !p.run.looksAhead() || p.beyond {
		return nil
	}
	dir := p.run.o.Target
	if p.run.root == nil {
		dir = filepath.Dir(filepath.Clean(dir))
	}
	d, err := file.OpenRoot(dir)
	if err != nil {
		return nil // whoever writes there finds out what is wrong
	}
	info, err := d.System()
	if errors.Join(err, d.Close()) != nil {
		return nil
	}
	free := info.FreeBytes
	if os.Geteuid() == 0 {
		free += info.RootsBytes
	}
	if need := uint64(p.need); plainSystems[info.Type] && p.need < math.MaxInt64 && need > free {
		return &SpaceError{Target: p.run.o.Target, Need: need, Free: free}
	}
	return nil
}

// writes counts a file that would be written.
func (p *plan) writes(r *record.Record) { p.need = record.Plus(p.need, r.OnDisk()) }
