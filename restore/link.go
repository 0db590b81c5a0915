package restore

import (
	"context"
	"fmt"

	"snap/index"
	"snap/internal/file"
)

// inode is what the names of one source file have in common.
type inode struct {
	volume uint32
	ino    uint64
	btime  file.Time
}

// group is a source file with several names. The walk gives each its turn; whoever's turn it is owns at,
// stat, there and damage.
type group struct {
	first index.Record
	left  uint32        // names not yet met
	last  chan struct{} // closed when the last name met so far is done

	there  bool      // a name of it is in the target
	at     string    // that name, below the target
	stat   file.Stat // what this run wrote there, or found unchanged
	damage error     // why what is there is not what was backed up
}

// turn makes j, if it is one of several names of a file, wait for the name before it. Records of another
// content under the same inode number are from another time: they are files of their own.
func (w *walker) turn(j *job) *job {
	if j.Nlink < 2 || j.Ino == 0 {
		return j
	}
	key := inode{j.Volume, j.Ino, j.Btime}
	g := w.links[key]
	if g == nil {
		g = &group{first: j.Record, left: j.Nlink}
		w.links[key] = g
	}
	if !g.first.SameContent(&j.Record) || !g.first.SameMeta(&j.Record) {
		return j
	}
	j.group, j.after, j.done = g, g.last, make(chan struct{})
	g.last = j.done
	if g.left--; g.left == 0 {
		delete(w.links, key)
	}
	return j
}

// wait waits for j's turn and reports whether it came.
func (j *job) wait(ctx context.Context) bool {
	if j.after != nil {
		select {
		case <-j.after:
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}

// link makes tmp in d another name of what the group has in the target, and makes sure that it is.
func (w *writer) link(g *group, d *file.Dir, tmp string) error {
	in, name := index.Split(g.at)
	from, err := w.target.Dir(in)
	if err != nil {
		return err
	}
	defer from.Close()
	if err := d.Link(from, name, tmp); err != nil {
		return err
	}
	s, err := d.Lstat(tmp)
	if err == nil && !file.SameFile(&s, &g.stat) {
		err = fmt.Errorf("%q %w", g.at, ErrChanged)
	}
	return err
}
