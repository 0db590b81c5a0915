package backup

import (
	"fmt"

	"snap/index"
	"snap/internal/file"
)

// volumes numbers the file systems of the source. The numbers are the index's; what a device number
// means is only known within one run.
type volumes struct {
	ids    []string // by number
	number map[string]uint32
	byDev  map[uint64]uint32
}

func newVolumes(prev *index.Header) *volumes {
	v := &volumes{number: map[string]uint32{}, byDev: map[uint64]uint32{}}
	if prev != nil {
		v.ids = append(v.ids, prev.Volumes...)
	} else {
		v.ids = []string{""} // number 0 is no volume
	}
	for i, id := range v.ids {
		v.number[id] = uint32(i)
	}
	return v
}

// of is the number of the file system with this device number; dir finds a folder on it when it is met
// for the first time in this run.
func (v *volumes) of(dev uint64, dir func() (*file.Dir, error)) uint32 {
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
	taken := map[uint32]bool{}
	for _, n := range v.byDev {
		taken[n] = true
	}
	for i, key := 1, id; ; i++ {
		n, ok := v.number[key]
		if ok && !taken[n] {
			v.byDev[dev] = n
			return n
		}
		if !ok {
			n = uint32(len(v.ids))
			v.ids = append(v.ids, key)
			v.number[key], v.byDev[dev] = n, n
			return n
		}
		key = fmt.Sprintf("%s#%d", id, i+1)
	}
}

// known is the number of a file system that this run has met; 0 for one that it has not.
func (v *volumes) known(dev uint64) uint32 { return v.byDev[dev] }
