package file

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// What a path leads to that nothing can be found at.

// maxLinks is how many links a path may go through, as on Linux.
const maxLinks = 40

// DeadLink is the first symbolic link on the way to path that leads to what is not there, and where to; "" for none.
func DeadLink(path string) (link, to string) {
	path = filepath.Clean(path)
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		return "", ""
	}
	if up := filepath.Dir(path); up != path {
		if link, to = DeadLink(up); link != "" {
			return link, to
		}
	}
	at := path
	for range maxLinks {
		leads, err := os.Readlink(at)
		if err != nil {
			break
		}
		if !filepath.IsAbs(leads) {
			leads = filepath.Join(filepath.Dir(at), leads)
		}
		link, to, at = path, leads, leads
	}
	return link, to
}

// remote is how rsync, scp, borg and restic write a place on another machine.
var remote = regexp.MustCompile(`^([a-z][a-z0-9+.-]*:)?([\pL\pN._-]+:/|[\pL\pN._-]+@[\pL\pN._-]+:)`)

// Remote is path as it may have been typed for a place on another machine, HOST:/… or USER@HOST:…, where the working
// directory has nothing of the name that it begins with; "" if it is no such path. path is absolute.
func Remote(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return ""
	}
	typed := filepath.ToSlash(Within(here, path))
	if !remote.MatchString(typed) {
		return ""
	}
	first, _, _ := strings.Cut(typed, "/")
	if _, err := os.Lstat(filepath.Join(here, first)); !os.IsNotExist(err) {
		return ""
	}
	return typed
}
