package wire

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
)

// metricsBegin is how metrics of every version begin.
const metricsBegin = "# HELP snap_"

// WriteMetrics puts them into a file that others read meanwhile: it appears by a rename, with a name that the
// collector does not read before. Whoever may read the folder may read it, as the collector has to. A file that holds
// something else is not one of ours.
func WriteMetrics(path string, s *query.Status) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return hint.With(hint.Usagef("--prometheus %s: not a file", quote.Name(path)), "for standard output: --prometheus -")
	}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(old) > 0 && !bytes.HasPrefix(old, []byte(metricsBegin)) {
		return hint.With(hint.Usagef("--prometheus %s: the file holds something else", quote.Name(path)),
			"name a file of its own, as snap.prom, or remove it")
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
