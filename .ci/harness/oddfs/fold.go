package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// Names that fold to the same are one name in a folder, as on NTFS and APFS: what is there keeps the name that it was made with, and is
// found under each.

// pathAttr asks a node for its path in the real folder.
const pathAttr = "oddfs.path"

func (n *node) pathInto(d []byte) (uint32, syscall.Errno) { return uint32(copy(d, n.Path(nil))), 0 }

// composed are the letters that -norm knows.
var composed = strings.NewReplacer("a\u0308", "ä", "o\u0308", "ö", "u\u0308", "ü", "A\u0308", "Ä", "O\u0308", "Ö", "U\u0308", "Ü", "e\u0301", "é")

func fold(name string) string {
	if *norm {
		name = composed.Replace(name)
	}
	if *nocase {
		name = strings.ToLower(name)
	}
	return name
}

// folding gives each request the name that is there for the one that it has.
type folding struct {
	fuse.RawFileSystem
	real string
}

// stored is the name that is there in the folder of h for name, else name.
func (f *folding) stored(h *fuse.InHeader, name string) string {
	path := make([]byte, 4096)
	n, _ := f.RawFileSystem.GetXAttr(nil, h, pathAttr, path)
	entries, _ := os.ReadDir(filepath.Join(f.real, string(path[:n])))
	for _, e := range entries {
		if fold(e.Name()) == fold(name) {
			return e.Name()
		}
	}
	return name
}

func (f *folding) Lookup(c <-chan struct{}, h *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	return f.RawFileSystem.Lookup(c, h, f.stored(h, name), out)
}

func (f *folding) Mknod(c <-chan struct{}, in *fuse.MknodIn, name string, out *fuse.EntryOut) fuse.Status {
	return f.RawFileSystem.Mknod(c, in, f.stored(&in.InHeader, name), out)
}

func (f *folding) Mkdir(c <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	return f.RawFileSystem.Mkdir(c, in, f.stored(&in.InHeader, name), out)
}

func (f *folding) Unlink(c <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	return f.RawFileSystem.Unlink(c, h, f.stored(h, name))
}

func (f *folding) Rmdir(c <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	return f.RawFileSystem.Rmdir(c, h, f.stored(h, name))
}

// Rename to another form of its own name gives an entry that form.
func (f *folding) Rename(c <-chan struct{}, in *fuse.RenameIn, old, name string) fuse.Status {
	old = f.stored(&in.InHeader, old)
	if in.NodeId != in.Newdir || fold(old) != fold(name) {
		to := in.InHeader
		to.NodeId = in.Newdir
		name = f.stored(&to, name)
	}
	return f.RawFileSystem.Rename(c, in, old, name)
}

func (f *folding) Link(c <-chan struct{}, in *fuse.LinkIn, name string, out *fuse.EntryOut) fuse.Status {
	return f.RawFileSystem.Link(c, in, f.stored(&in.InHeader, name), out)
}

func (f *folding) Symlink(c <-chan struct{}, h *fuse.InHeader, target, name string, out *fuse.EntryOut) fuse.Status {
	return f.RawFileSystem.Symlink(c, h, target, f.stored(h, name), out)
}

func (f *folding) Create(c <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	return f.RawFileSystem.Create(c, in, f.stored(&in.InHeader, name), out)
}
