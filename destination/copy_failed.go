package destination

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"snap/internal/file"
)

// failedFile says why the last copy to a remote did not go well. It is there only then.
const failedFile = "failed"

// CopyFailure is a copy to a remote that did not go well, and after which none did.
type CopyFailure struct {
	Remote string    `json:"-"`
	Time   time.Time `json:"time"`
	Why    string    `json:"why"`
}

// NoteCopyFailed notes that a copy did not go well.
func NoteCopyFailed(dest string, f CopyFailure) error {
	f.Why = inShort(f.Why)
	dir := RemoteDir(dest, f.Remote)
	if err := os.MkdirAll(dir, 0o700); err != nil { // a section may be written by hand, and the rest have been lost
		return err
	}
	return setNote(dir, failedFile, &f)
}

// NoteCopyWell forgets that a copy before did not go well.
func NoteCopyWell(dest, remote string) error {
	err := os.Remove(filepath.Join(RemoteDir(dest, remote), failedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// CopyFailures are those of all remotes, in the order of their names.
func CopyFailures(root *file.Dir) ([]CopyFailure, error) {
	return notes(root, failedFile, func(f *CopyFailure, remote string) { f.Remote = remote })
}
