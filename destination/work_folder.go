package destination

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"syscall"

	"snap/internal/file"
)

// WorkFolder is where one run builds: .snap/tmp/<random>.
type WorkFolder struct {
	d    *Destination
	Name string    // "" in a dry run
	Dir  *file.Dir // nil in a dry run
	Keep bool      // for the next run to look at

	Begun bool // there is a tree and its change set
}

func (d *Destination) NewWorkFolder(dryRun bool) (*WorkFolder, error) {
	w := &WorkFolder{d: d}
	if dryRun {
		return w, nil
	}
	w.Name = strings.ToLower(rand.Text()[:16])
	if err := d.Tmp.Mkdir(w.Name); err != nil {
		return nil, NoRoom(err, SpaceHint)
	}
	var err error
	w.Dir, err = d.Tmp.OpenDir(w.Name)
	return w, err
}

// Path is the folder's path on disk, "" in a dry run.
func (w *WorkFolder) Path() string {
	if w.Dir == nil {
		return ""
	}
	return w.Dir.Path()
}

// Drop removes the folder. Where that fails or is interrupted, the next recovery goes on.
func (w *WorkFolder) Drop(ctx context.Context) {
	w.Dir.Close()
	w.d.removeWork(ctx, w.Name)
}

// Leave clears up after a run that ended with err. What it has copied, and what interrupted runs had before it, stays
// for the next one, unless it is published, of no use, or not to be trusted.
func (w *WorkFolder) Leave(ctx context.Context, err error) {
	if w.Dir == nil {
		return
	}
	w.Dir.Close()
	switch {
	case err == nil || mustNotResume(err, w.Begun):
		w.d.DropInterrupted(ctx)
	case w.Begun:
		w.Keep = true
	}
	if !w.Keep { // where this fails or is interrupted, the next recovery goes on
		w.d.removeWork(ctx, w.Name)
	}
}

// mustNotResume reports whether nothing that was built may stay after a run ended with err: what cannot be made
// durable cannot be trusted, and a full disk needs the room. Once building has begun an error of the source does not
// end a run, so an I/O error is the destination's.
func mustNotResume(err error, begun bool) bool {
	return errors.As(err, new(*syncError)) || full(err) || begun && errors.Is(err, syscall.EIO)
}

// UnpublishedWork is the work folder with a tree whose change set was renamed into its place already, "" if
// there is none, or not just one.
func (d *Destination) UnpublishedWork() (work string, err error) {
	entries, err := d.Tmp.Entries()
	if err != nil {
		return "", err
	}
	for i := range entries {
		name := entries[i].Name
		if folder, err := FolderAt(d.Tmp, name); !folder || err != nil {
			if err != nil {
				return "", err
			}
			continue
		}
		dir, err := d.Tmp.OpenDir(name)
		if err != nil {
			return "", err
		}
		tree, err1 := Exists(dir, TreeName)
		set, err2 := Exists(dir, SetName)
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
	TreeName = "tree"
	SetName  = "changes"
)

const ReindexName = "reindex" // the work folder in .snap/tmp
