package backup

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"syscall"

	"snap/internal/file"
)

// workFolder is where one run builds: .snap/tmp/<random>.
type workFolder struct {
	d    *Destination
	name string    // "" in a dry run
	dir  *file.Dir // nil in a dry run
	keep bool      // for the next run to look at

	begun bool // there is a tree and its change set
}

func (d *Destination) workFolder(dryRun bool) (*workFolder, error) {
	w := &workFolder{d: d}
	if dryRun {
		return w, nil
	}
	w.name = strings.ToLower(rand.Text()[:16])
	if err := d.tmp.Mkdir(w.name); err != nil {
		return nil, noRoom(err, spaceHint)
	}
	var err error
	w.dir, err = d.tmp.OpenDir(w.name)
	return w, err
}

// path is the folder's path on disk, "" in a dry run.
func (w *workFolder) path() string {
	if w.dir == nil {
		return ""
	}
	return w.dir.Path()
}

// drop removes the folder. Where that fails or is interrupted, the next recovery goes on.
func (w *workFolder) drop(ctx context.Context) {
	w.dir.Close()
	w.d.removeWork(ctx, w.name)
}

// leave clears up after a run that ended with err. What it has copied, and what dead runs had before it,
// stays for the next one, unless it is published, of no use, or not to be trusted.
func (w *workFolder) leave(ctx context.Context, err error) {
	if w.dir == nil {
		return
	}
	w.dir.Close()
	switch {
	case err == nil || spoils(err, w.begun):
		w.d.dropDead(ctx)
	case w.begun:
		w.keep = true
	}
	if !w.keep { // where this fails or is interrupted, the next recovery goes on
		w.d.removeWork(ctx, w.name)
	}
}

// spoils reports whether nothing that was built may stay after a run ended with err: what cannot be made
// durable is not to be trusted, and a full disk needs the room. Once building has begun no source's error
// ends a run, so an error of input and output is the destination's.
func spoils(err error, begun bool) bool {
	return errors.As(err, new(*syncError)) || full(err) || begun && errors.Is(err, syscall.EIO)
}

// unpublished is the work folder with a tree whose change set was renamed into its place already, "" if
// there is none, or not just one.
func (d *Destination) unpublished() (work string, err error) {
	entries, err := d.tmp.Entries()
	if err != nil {
		return "", err
	}
	for i := range entries {
		name := entries[i].Name
		if folder, err := folderAt(d.tmp, name); !folder || err != nil {
			if err != nil {
				return "", err
			}
			continue
		}
		dir, err := d.tmp.OpenDir(name)
		if err != nil {
			return "", err
		}
		tree, err1 := exists(dir, treeName)
		set, err2 := exists(dir, setName)
		if err := errors.Join(err1, err2, dir.Close()); err != nil {
			return "", err
		}
		if !tree || set {
			continue
		}
		if work != "" {
			return "", nil
		}
		work = name
	}
	return work, nil
}

// The names in a work folder.
const (
	treeName = "tree"
	setName  = "changes"
)

const reindexName = "reindex" // the work folder in .snap/tmp
