package backup

import (
	"cmp"
	"slices"
	"sync"

	"snap/internal/file"
	"snap/record"
)

// Lost is what the destination's file system, or this user, could not give to the entries that a backup made. The index
// has it, and a restore brings it back.
type Lost struct {
	Owner, Mode, Xattrs, Times int64
	Setuid                     int64      // of those without their owner, how many had setuid or setgid
	Paths                      []LostPath // the first lostKept of them, in key order
}

// LostPath is an entry that lacks some of its attributes in the tree.
type LostPath struct {
	Path string
	What file.Lost
}

// lostKept bounds the memory that the names of a whole tree could take.
const lostKept = 1000

// Any reports whether something lacks.
func (l *Lost) Any() bool { return l.Owner+l.Mode+l.Xattrs+l.Times > 0 }

// lossLog collects what workers find.
type lossLog struct {
	mu  sync.Mutex
	all Lost
}

func (l *lossLog) add(path string, what file.Lost) {
	if what == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range []struct {
		part  file.Lost
		count *int64
	}{{file.LostOwner, &l.all.Owner}, {file.LostMode, &l.all.Mode}, {file.LostSetuid, &l.all.Setuid},
		{file.LostXattrs, &l.all.Xattrs}, {file.LostTimes, &l.all.Times}} {
		if what&c.part != 0 {
			*c.count++
		}
	}
	if len(l.all.Paths) < lostKept {
		l.all.Paths = append(l.all.Paths, LostPath{path, what})
	}
}

// lost is all of it.
func (l *lossLog) lost() Lost {
	slices.SortFunc(l.all.Paths, func(a, b LostPath) int {
		return cmp.Or(record.Compare(a.Path, b.Path), cmp.Compare(a.What, b.What))
	})
	return l.all
}
