package settings

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"

	"snap/filter"
)

// Lists are the rules of Blacklist.txt and Whitelist.txt of a destination.
func Lists(dest string, fc filter.Context) (lists [2][]*filter.Rule, err error) {
	for i, name := range []string{BlacklistFile, WhitelistFile} {
		path := filepath.Join(dest, name)
		text, err := readText(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return lists, err
		}
		lists[i], err = filter.Parse(path, bytes.NewReader(text), fc)
		if errors.As(err, new(*filter.PatternError)) {
			err = Wrong(err)
		}
		if err != nil {
			return lists, err
		}
	}
	return lists, nil
}
