package store_test

import (
	"testing"

	"snap/internal/filetest"
	"snap/remote/store"
)

// TestFolderOnFAT: where there are no links, as on most disks that are carried around.
func TestFolderOnFAT(t *testing.T) {
	filetest.NeedRoot(t)
	keep(t, func(t *testing.T) store.Store {
		mnt, _ := filetest.Image(t, "vfat", "64M")
		return open(t, "vault:"+mnt, store.Options{})
	})
}

// TestFolderWithoutLinks is the same on a kernel without FAT.
func TestFolderWithoutLinks(t *testing.T) {
	keep(t, func(t *testing.T) store.Store {
		mnt := filetest.Oddfs(t, t.TempDir(), "-nolink", "-fat", "-coarse", "2", "-nochown")
		return open(t, "vault:"+mnt, store.Options{})
	})
}
