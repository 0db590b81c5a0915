package destination

import (
	"errors"
	"io/fs"
	"strings"
	"time"

	"snap/internal/file"
	"snap/record"
)

// Leftovers are what runs have not finished or could not remove. The next run that writes takes care of all of it, as
// far as that can be done.
type Leftovers struct {
	Interrupted []time.Time // when backups began that were interrupted; the next one goes on from what they have copied
	Works       int         // other folders in .snap/tmp
	Deleting    int         // deleted snapshots whose trees are not removed yet
	Stuck       int         // what is left of deleted snapshots and could not be removed
	Purging     bool        // a purge is not at its end
	Holder      Holder      // who holds the lock, or died holding it
}

// FindLeftovers looks for them in the destination root. It reads no more than the beginning of a file.
func FindLeftovers(root *file.Dir) (l Leftovers, err error) {
	meta, err := root.OpenDir(MetaName)
	if err != nil {
		return l, err
	}
	defer meta.Close()
	l.Holder = holderIn(meta.Path() + "/" + lockName)
	if l.Purging, err = Exists(meta, PurgeName); err != nil {
		return l, err
	}
	err = eachEntry(meta, TmpName, func(tmp *file.Dir, name string) {
		if folder, err := FolderAt(tmp, name); err != nil || !folder {
			return // it is gone by now, or the beginning of some file
		}
		if begin := beginOf(tmp, name); begin != nil {
			l.Interrupted = append(l.Interrupted, begin.Time)
		} else {
			l.Works++
		}
	})
	if err != nil {
		return l, err
	}
	return l, eachEntry(meta, TrashName, func(_ *file.Dir, name string) {
		if strings.HasSuffix(name, stuckSuffix) {
			l.Stuck++
		} else {
			l.Deleting++
		}
	})
}

// eachEntry calls f with the names of what is in the folder name of meta, if it is there.
func eachEntry(meta *file.Dir, name string, f func(in *file.Dir, name string)) error {
	in, err := meta.OpenDir(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer in.Close()
	entries, err := in.Entries()
	for i := range entries {
		f(in, entries[i].Name)
	}
	return err
}

// beginOf is the header that the change set in a work folder begins with, nil if there is none, or no tree.
func beginOf(tmp *file.Dir, name string) *record.Header {
	work, err := tmp.OpenDir(name)
	if err != nil {
		return nil
	}
	defer work.Close()
	if folder, err := FolderAt(work, TreeName); err != nil || !folder {
		return nil
	}
	f, err := openFile(work, SetName)
	if err != nil {
		return nil
	}
	defer f.Close()
	c, err := record.NewChangeReader(f)
	if err != nil {
		return nil
	}
	return c.Begin()
}
