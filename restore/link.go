package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"snap/index"
	"snap/internal/file"
)

// inode is what the names of one source file have in common.
type inode struct {
	volume uint32
	ino    uint64
	btime  file.Time
}

// group is a source file with several names. The walk gives each its turn; whoever's turn it is owns names,
// stat and damage.
type group struct {
	first index.Record
	inode index.Inode   // in the snapshot's tree
	left  uint32        // names not yet met
	last  chan struct{} // closed when the last name met so far is done

	names  []string  // of it below the target, of each folder one; none: it is not there
	stat   file.Stat // what this run wrote there, or found unchanged
	damage error     // why what is there is not what was backed up
}

func (g *group) there() bool { return len(g.names) > 0 }

// begin notes the first name of what is in the target now.
func (g *group) begin(name string, stat file.Stat) { g.names, g.stat = []string{name}, stat }

// also notes another name.
func (g *group) also(name string) {
	before, _ := index.Split(g.names[len(g.names)-1])
	if in, _ := index.Split(name); in != before {
		g.names = append(g.names, name)
	}
}

// turn makes j, if it is one of several names of a file, wait for the name before it; here is its inode in the tree.
// Records of another content under the same inode number are from another time: they are files of their own.
func (w *walker) turn(j *job, here index.Inode) *job {
	if j.Nlink < 2 || j.Ino == 0 {
		return j
	}
	key := inode{j.Volume, j.Ino, j.Btime}
	g := w.links[key]
	if g == nil {
		if g = w.inodes[here]; g == nil {
			g = &group{first: j.Record, left: j.Nlink, inode: here}
			w.inodes[here] = g
		}
		w.links[key] = g
	}
	if !g.first.SameContent(&j.Record) || !g.first.SameMeta(&j.Record) {
		return j
	}
	j.group, j.after, j.done = g, g.last, make(chan struct{})
	g.last = j.done
	if g.left--; g.left == 0 {
		delete(w.links, key)
		delete(w.inodes, g.inode)
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

// link makes tmp in d another name of what the group has in the target. Names in folders that an ordinary user may not
// enter any more are given up while there are others.
func (w *writer) link(g *group, d *file.Dir, tmp string) error {
	for {
		err := w.linkTo(g.names[0], g, d, tmp)
		if len(g.names) == 1 || !errors.Is(err, fs.ErrPermission) {
			return err
		}
		g.names = g.names[1:]
	}
}

// linkTo makes tmp in d another name of the file at path, and makes sure that it is the group's.
func (w *writer) linkTo(path string, g *group, d *file.Dir, tmp string) error {
	in, name := index.Split(path)
	from, err := w.target.Dir(in)
	if err != nil {
		return err
	}
	defer from.Close()
	if err := d.Link(from, name, tmp); err != nil {
		return err
	}
	s, err := d.Lstat(tmp)
	was := &g.stat
	same := !exchanged(was, &s) && s.Btime == was.Btime && s.UID == was.UID && s.GID == was.GID && s.Size == was.Size && s.Mtime == was.Mtime
	if err == nil && !same { // an inode number alone is given again
		err = fmt.Errorf("%q %w", path, ErrChanged)
	}
	return err
}
