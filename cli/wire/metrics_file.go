package wire

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
)

// WriteMetrics puts them into a file that others read meanwhile: it appears by a rename, with a name that the
// collector does not read before. Whoever may read the folder may read it, as the collector has to.
func WriteMetrics(path string, s *query.Status) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return hint.With(
			hint.Usagef("--prometheus %s: not a file", quote.Name(path)),
			"for standard output: --prometheus -",
		)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // nothing is there after the rename
	_, err = f.Write(Metrics(s))
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
