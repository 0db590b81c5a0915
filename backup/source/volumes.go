package source

import (
	"fmt"

	"snap/internal/file"
	"snap/record"
)

// Volumes numbers the file systems of the source. The numbers are the index's; what a device number
// means is only known within one run. No number is given twice, because records of older snapshots name
// file systems by them.
type Volumes struct {
	number map[string]uint32 // by id
	last   uint32            // the highest number that was given; 0 is no file system
	byDev  map[uint64]uint32
	met    map[uint32]bool // the numbers in byDev
}

func newVolumes(prev *record.Header) *Volumes {
	v := &Volumes{number: map[string]uint32{}, byDev: map[uint64]uint32{}, met: map[uint32]bool{}}
	if prev != nil {
		for n, id := range prev.Volumes {
			v.number[id] = max(v.number[id], n)
			v.last = max(v.last, n)
		}
	}
	return v
}

// Kept is what the next run has to know: the file systems that this one has met, and which number was the last.
// Others are forgotten, else a source that is a new one each time, such as a snapshot of btrfs, would make the header
// longer with each run. Nothing of them is in the newest snapshot but what --ignore-inode takes for unchanged.
func (v *Volumes) Kept() record.Volumes {
	kept := record.Volumes{}
	for id, n := range v.number {
		if v.met[n] || n == v.last {
			kept[n] = id
		}
	}
	return kept
}

// of is the number of the file system with this device number; dir finds a folder on it when it is met
// for the first time in this run.
func (v *Volumes) of(dev uint64, dir func() (*file.Dir, error)) uint32 {
	if n, ok := v.byDev[dev]; ok {
		return n
	}
	id := ""
	if d, err := dir(); err == nil {
		if info, err := d.System(); err == nil {
			if id = info.ID; id == "" {
				id = info.Type // FUSE and the like: told apart by the order they are met in
			}
		}
		d.Close()
	}
	if id == "" {
		id = "unknown"
	}
	key := id
	for i := 2; v.met[v.number[key]]; i++ {
		key = fmt.Sprintf("%s#%d", id, i)
	}
	n, ok := v.number[key]
	if !ok {
		v.last++
		n = v.last
		v.number[key] = n
	}
	v.byDev[dev], v.met[n] = n, true
	return n
}

// ID is that of the file system with this number, "" if there is none.
func (v *Volumes) ID(number uint32) string {
	for id, n := range v.number {
		if n == number {
			return id
		}
	}
	return ""
}

// Known is the number of a file system that this run has met; 0 for one that it has not.
func (v *Volumes) Known(dev uint64) uint32 { return v.byDev[dev] }

// Number is the number of the file system with this id; 0 for one that neither this run nor the one before has met.
func (v *Volumes) Number(id string) uint32 { return v.number[id] }

// Last is the highest number that was given.
func (v *Volumes) Last() uint32 { return v.last }
