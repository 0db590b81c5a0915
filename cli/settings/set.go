package settings

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"snap/internal/file"
)

// Set gives a key of BackupOptions.txt in dest, which must be there, another value: in the line that sets it, or in a
// new one at the end. All else stays as the user has written it.
func Set(dest, key, value string) error {
	path := filepath.Join(dest, OptionsFile)
	text, err := readText(path)
	if err != nil {
		return err
	}
	lines := strings.SplitAfter(string(text), "\n")
	at := -1
	for i, line := range lines {
		name, _, ok := strings.Cut(line, "=")
		if ok && strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))) == key {
			at = i // the last one counts
		}
	}
	set := fmt.Sprintf("%s = %s\n", key, value)
	switch {
	case at >= 0:
		lines[at] = set
	case len(text) > 0 && !strings.HasSuffix(string(text), "\n"):
		lines = append(lines, "\n"+set)
	default:
		lines = append(lines, set)
	}
	return replace(path, strings.Join(lines, ""))
}

// replace puts text in the place of the file at path, whole or not at all. It keeps its owner and mode; what a link
// leads to is replaced, not the link.
func replace(path, text string) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	dir, err := file.OpenRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	name := filepath.Base(path)
	was, err := dir.Lstat(name)
	if err != nil {
		return err
	}
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := writeNew(fresh, text); err != nil {
		return err
	}
	meta := &file.Meta{Kind: file.Regular, Mode: was.Mode, UID: was.UID, GID: was.GID, Mtime: was.Mtime}
	f, err := dir.Open(name + ".new")
	if err == nil {
		_, err = f.SetMeta(meta)
		err = errors.Join(err, f.Close())
	}
	if err == nil {
		err = dir.Replace(name+".new", dir, name)
	}
	if err != nil {
		os.Remove(fresh)
		return err
	}
	return dir.Sync()
}
