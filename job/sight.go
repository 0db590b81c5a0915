package job

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"path/filepath"

	"snap/internal/file"
)

// sight is what a look has seen at the places that a restore would write to: which they are, and which file would be
// replaced at each. It is good for that alone. What is left as it is may change meanwhile.
type sight struct {
	sum   [4]uint64         // of all of them, in whatever order they came
	first map[string]uint64 // some of them, to name one that has changed

	dir  *file.Dir // the folder of the last one, which is mostly that of the next
	path string
}

// sightKept is how many can be named.
const sightKept = 10_000

// add notes what would happen to a place, and reports whether something is there.
func (s *sight) add(what byte, place string) (there bool) {
	now, there := s.lstat(place)
	says := fmt.Appendf(nil, "%c %t %s", what, there, place)
	if what == 'r' && there {
		says = fmt.Appendf(says, "\x00%d %d %d %d %v %v", now.Kind, now.Mode, now.Size, now.Ino, now.Mtime, now.Ctime)
	}
	h := sha256.Sum256(says)
	for i := range s.sum {
		s.sum[i] += binary.LittleEndian.Uint64(h[8*i:])
	}
	if s.first == nil {
		s.first = map[string]uint64{}
	}
	if len(s.first) < sightKept {
		s.first[place] = binary.LittleEndian.Uint64(h[:])
	}
	return there
}

func (s *sight) lstat(place string) (file.Stat, bool) {
	if dir := filepath.Dir(place); s.dir == nil || s.path != dir {
		s.close()
		d, err := file.OpenRoot(dir)
		if err != nil { // it would be made
			return file.Stat{}, false
		}
		s.dir, s.path = d, dir
	}
	now, err := s.dir.Lstat(filepath.Base(place))
	return now, err == nil
}

func (s *sight) close() {
	if s.dir != nil {
		s.dir.Close() // it was only read
		s.dir = nil
	}
}

// changed is a place that is no longer what was seen, "" where none can be named.
func (s *sight) changed(now *sight) string {
	least := ""
	note := func(place string) {
		if least == "" || place < least {
			least = place
		}
	}
	for place, was := range s.first {
		if is, ok := now.first[place]; ok && is != was || !ok && len(now.first) < sightKept {
			note(place)
		}
	}
	for place := range now.first {
		if _, ok := s.first[place]; !ok && len(s.first) < sightKept {
			note(place)
		}
	}
	return least
}
