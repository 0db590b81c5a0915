package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// ErrReplaced: where a source was there is something else now.
var ErrReplaced = errors.New("the source was replaced")

// CheckReplaced refuses sources of the snapshot before that were replaced since: a folder by a file, a file by a
// folder, or either by a symbolic link to something else. A link that was there before leads to the folder that it led
// to, or to one that has something of that.
func CheckReplaced(ctx context.Context, db *index.DB, prev *record.Header) error {
	for _, root := range members(prev.Roots()) {
		was, _, err := db.Lookup(ctx, prev.Seq, root)
		if errors.Is(err, index.ErrNotFound) {
			continue
		} else if err != nil {
			return err
		}
		path := filepath.Join(prev.Source, filepath.FromSlash(root))
		now, err := replaced(ctx, db, prev.Seq, root, path, &was)
		if err != nil {
			return err
		}
		if now != "" {
			return &destination.GuardError{
				Why: fmt.Sprintf("source %s: it is now %s, and was a %s in snapshot %s", path, now,
					destination.KindText(was.Kind), prev.Name),
				Hint: "put back what was there; or, to back up what is there now: --source-moved", Err: ErrReplaced}
		}
	}
	return nil
}

// replaced is what is at the path of a source instead of what was there, "" if it may be that. What cannot be looked at
// is told by whoever reads it.
func replaced(ctx context.Context, db *index.DB, seq uint64, root, path string, was *record.Record) (string, error) {
	info, err := os.Stat(path)
	if err != nil || was.Kind != file.Folder && was.Kind != file.Regular {
		return "", nil
	}
	link, kind := "", "file"
	if info.IsDir() {
		kind = "folder"
	}
	if l, err := os.Lstat(path); err == nil && l.Mode()&os.ModeSymlink != 0 {
		link, _ = filepath.EvalSymlinks(path)
	}
	switch {
	case info.IsDir() != (was.Kind == file.Folder) && link == "":
		return "a " + kind, nil
	case info.IsDir() != (was.Kind == file.Folder), link != "" && !info.IsDir(): // a file is known by its own path
		return fmt.Sprintf("a symbolic link to the %s %s", kind, link), nil
	case link == "":
		return "", nil
	}
	some, err := holdsSome(ctx, db, seq, root, path, was)
	if some || err != nil {
		return "", err
	}
	return fmt.Sprintf("a symbolic link to %s, which has nothing of that", link), nil
}

// looks is how many names of a folder are looked for in the one that is there now.
const looks = 1000

// holdsSome reports whether the folder at path is the one of the record, or has something of what that had.
func holdsSome(ctx context.Context, db *index.DB, seq uint64, root, path string, was *record.Record) (bool, error) {
	dir, err := file.OpenRoot(path)
	if err != nil {
		return true, nil
	}
	defer dir.Close()
	if now, err := dir.Stat(); err != nil || now.Ino == was.Ino {
		return true, nil
	}
	had, _, err := db.Children(ctx, seq, root, "", looks)
	if err != nil || len(had) == 0 {
		return true, err
	}
	for i := range had {
		_, name := record.Split(had[i].Path)
		if _, err := dir.Lstat(name); err == nil {
			return true, nil
		}
	}
	return false, nil
}
