package backup

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"snap/internal/file"
)

// workFolder is where one run builds: .snap/tmp/<random>.
type workFolder struct {
	d    *Destination
	name string    // "" in a dry run
	dir  *file.Dir // nil in a dry run
	keep bool      // published, or left for the next run to look at
}

func (d *Destination) workFolder(dryRun bool) (*workFolder, error) {
	w := &workFolder{d: d}
	if dryRun {
		return w, nil
	}
	w.name = strings.ToLower(rand.Text()[:16])
	if err := d.tmp.Mkdir(w.name); err != nil {
		return nil, err
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

// drop removes what the run built, unless it is kept.
func (w *workFolder) drop() {
	if w.dir == nil {
		return
	}
	w.dir.Close()
	if !w.keep {
		removeTree(context.Background(), w.d.tmp, w.name, 4)
	}
}

// exists reports whether name is in dir.
func exists(dir *file.Dir, name string) (bool, error) {
	_, err := dir.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// openFile opens a file of the destination's own for reading.
func openFile(dir *file.Dir, name string) (*os.File, error) {
	return os.Open(filepath.Join(dir.Path(), name))
}
