package scan

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"snap/internal/filetest"
)

// What cannot be read is an item with an error, never one left out.
func TestUnreadableFolders(t *testing.T) {
	if !filetest.AsPlainUser(t) {
		return
	}
	root := plant(t, "a/x", "closed/x", "closed/sub/y", "listable/x", "listable/sub/y", "passable/x",
		"tmp/deep/closed/keep", "z")
	for path, mode := range map[string]os.FileMode{"closed": 0, "listable": 0o400, "passable": 0o100,
		"tmp/deep/closed": 0} {
		check(t, os.Chmod(root+"/"+path, mode))
		t.Cleanup(func() { os.Chmod(root+"/"+path, 0o700) })
	}
	rest := " listable/ listable/sub/! listable/x! passable/! "
	for _, jobs := range []int{1, 4} {
		items := walked(t, root, Options{Jobs: jobs})
		wantListing(t, items, "/ a/ a/x closed/!"+rest+"tmp/ tmp/deep/ tmp/deep/closed/! z")
		for _, it := range items {
			if it.Err != nil && (!errors.Is(it.Err, fs.ErrPermission) || !strings.Contains(it.Err.Error(), root+"/"+it.Path())) {
				t.Errorf("%q: error %v", it.Path(), it.Err)
			}
		}
	}
	wantListing(t, walked(t, root, Options{Filter: filters(t, root, "closed", "")}), "/ a/ a/x"+rest+"tmp/ tmp/deep/ z")
	// The whitelist names something that may be in there: nobody can know, so it must be told.
	wantListing(t, walked(t, root, Options{Filter: filters(t, root, "tmp closed", "/tmp/deep/closed/keep")}),
		"/ a/ a/x"+rest+"tmp/ tmp/deep/ tmp/deep/closed/! z")
}
