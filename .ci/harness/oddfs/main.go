// oddfs: a FUSE view of a real directory that misbehaves on request; stands in
// for FAT/SMB/NFS/APFS on a kernel that has none of them.
//
//	oddfs [-nolink] [-maxlink N] [-coarse SECONDS] [-randino] [-nocase] [-eio SUBSTR] [-fsyncerr ENOSPC] [-nochown] [-noxattr]
//	      [-zeroroot] [-ino XOR] [-fat] [-nosize SUBSTR] [-blink SUBSTR -blinkat N] [-squash MODE] REAL MOUNT
package main

import (
	"context"
	"flag"
	"math/rand"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

var (
	nolink  = flag.Bool("nolink", false, "link(2) fails with EPERM (FAT, exFAT, some SMB)")
	maxlink = flag.Uint64("maxlink", 0, "EMLINK when st_nlink reaches this")
	coarse  = flag.Uint64("coarse", 0, "timestamps cut to this many seconds (FAT: 2, ext3: 1)")
	randino = flag.Bool("randino", false, "a new inode number at every lookup")
	nocase  = flag.Bool("nocase", false, "names folded to lower case")
	eio     = flag.String("eio", "", "reads of files whose path has this substring fail with EIO")
	fserr   = flag.Bool("fsyncerr", false, "fsync fails with ENOSPC (as NFS reports a full disk late)")
	nochown = flag.Bool("nochown", false, "chown/chmod fail with EPERM (FAT, SMB)")
	noxattr = flag.Bool("noxattr", false, "xattrs fail with EOPNOTSUPP")
	zero    = flag.Bool("zeroroot", false, "the root's inode number is 0 (encrypted vaults)")
	other   = flag.Uint64("ino", 0, "every inode number XOR this one: numbers that are permuted at each mount (exFAT)")
	fat     = flag.Bool("fat", false, "as FAT and exFAT: ctime is a copy of mtime, both in 10 ms; everything is root's and 0755")
	nosize  = flag.String("nosize", "", "files whose path has this substring say that their size is 0, and are read whole (procfs)")
	blink   = flag.String("blink", "", "the path with this substring is not there once, at look -blinkat")
	blinkat = flag.Int64("blinkat", 1, "see -blink")
	squash  = flag.Uint("squash", 0, "every file has this mode, whatever is set; chmod and chown say that they did it (NTFS, CIFS)")
)

var looks atomic.Int64

// gone reports whether path is to be missed this time.
func gone(path string) bool {
	return *blink != "" && strings.Contains(path, *blink) && looks.Add(1) == *blinkat
}

type node struct{ fs.LoopbackNode }

func fold(n string) string {
	if *nocase {
		return strings.ToLower(n)
	}
	return n
}

func attr(path string, a *fuse.Attr) {
	if *coarse > 0 {
		a.Mtime -= a.Mtime % *coarse
		a.Ctime -= a.Ctime % *coarse
		a.Mtimensec, a.Ctimensec = 0, 0
	}
	if *randino {
		a.Ino = rand.Uint64()
	}
	if *fat {
		a.Mtimensec -= a.Mtimensec % 10_000_000
		a.Ctime, a.Ctimensec = a.Mtime, a.Mtimensec
		a.Uid, a.Gid, a.Mode = 0, 0, a.Mode&^0o7777|0o755
	}
	if *squash != 0 && a.Mode&syscall.S_IFMT == syscall.S_IFREG {
		a.Mode = a.Mode&^0o7777 | uint32(*squash)
	}
	if *nosize != "" && strings.Contains(path, *nosize) && a.Mode&syscall.S_IFMT == syscall.S_IFREG {
		a.Size, a.Blocks = 0, 0
	}
}

func (n *node) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	path := n.Path(nil) + "/" + name
	if gone(path) {
		return nil, syscall.ENOENT
	}
	i, e := n.LoopbackNode.Lookup(ctx, fold(name), out)
	if e == 0 && *other != 0 {
		i = n.NewInode(ctx, &node{fs.LoopbackNode{RootData: n.RootData}}, fs.StableAttr{Mode: out.Attr.Mode & syscall.S_IFMT, Ino: out.Attr.Ino ^ *other})
	}
	if e == 0 && *randino {
		i = n.NewInode(ctx, &node{fs.LoopbackNode{RootData: n.RootData}}, fs.StableAttr{Mode: out.Attr.Mode & syscall.S_IFMT, Ino: rand.Uint64() >> 1})
	}
	attr(path, &out.Attr)
	out.SetAttrTimeout(0)
	out.SetEntryTimeout(0)
	return i, e
}
func (n *node) Getattr(ctx context.Context, f fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	e := n.LoopbackNode.Getattr(ctx, f, out)
	attr(n.Path(nil), &out.Attr)
	out.SetTimeout(0)
	return e
}
func (n *node) Setattr(ctx context.Context, f fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if _, ok := in.GetUID(); ok && *nochown {
		return syscall.EPERM
	}
	if _, ok := in.GetMode(); ok && *nochown {
		return syscall.EPERM
	}
	e := n.LoopbackNode.Setattr(ctx, f, in, out)
	attr(n.Path(nil), &out.Attr)
	return e
}
func (n *node) Link(ctx context.Context, target fs.InodeEmbedder, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	if *nolink {
		return nil, syscall.EPERM
	}
	if *maxlink > 0 {
		var a fuse.AttrOut
		if g, ok := target.(fs.NodeGetattrer); ok && g.Getattr(ctx, nil, &a) == 0 && uint64(a.Nlink) >= *maxlink {
			return nil, syscall.EMLINK
		}
	}
	return n.LoopbackNode.Link(ctx, target, fold(name), out)
}
func (n *node) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	return n.LoopbackNode.Create(ctx, fold(name), flags, mode, out)
}
func (n *node) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.LoopbackNode.Mkdir(ctx, fold(name), mode, out)
}

type file struct {
	fs.FileHandle
	bad bool
}

func (n *node) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	fh, fl, e := n.LoopbackNode.Open(ctx, flags)
	if e == 0 && *eio != "" && strings.Contains(n.Path(nil), *eio) {
		return &file{fh, true}, fuse.FOPEN_DIRECT_IO, 0
	}
	if e == 0 && *nosize != "" && strings.Contains(n.Path(nil), *nosize) {
		return fh, fuse.FOPEN_DIRECT_IO, 0
	}
	return fh, fl, e
}
func (f *file) Read(ctx context.Context, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	return nil, syscall.EIO
}
func (n *node) Fsync(ctx context.Context, f fs.FileHandle, flags uint32) syscall.Errno {
	if *fserr {
		return syscall.ENOSPC
	}
	if s, ok := f.(fs.FileFsyncer); ok {
		return s.Fsync(ctx, flags)
	}
	return 0
}
func (n *node) Getxattr(ctx context.Context, a string, d []byte) (uint32, syscall.Errno) {
	if *noxattr {
		return 0, syscall.EOPNOTSUPP
	}
	return n.LoopbackNode.Getxattr(ctx, a, d)
}
func (n *node) Setxattr(ctx context.Context, a string, d []byte, f uint32) syscall.Errno {
	if *noxattr {
		return syscall.EOPNOTSUPP
	}
	return n.LoopbackNode.Setxattr(ctx, a, d, f)
}
func (n *node) Listxattr(ctx context.Context, d []byte) (uint32, syscall.Errno) {
	if *noxattr {
		return 0, syscall.EOPNOTSUPP
	}
	return n.LoopbackNode.Listxattr(ctx, d)
}

func main() {
	flag.Parse()
	var st syscall.Stat_t
	if err := syscall.Stat(flag.Arg(0), &st); err != nil {
		panic(err)
	}
	root := &fs.LoopbackRoot{Path: flag.Arg(0), Dev: uint64(st.Dev)}
	root.NewNode = func(r *fs.LoopbackRoot, parent *fs.Inode, name string, st *syscall.Stat_t) fs.InodeEmbedder {
		return &node{fs.LoopbackNode{RootData: r}}
	}
	rn := root.NewNode(root, nil, "", &st)
	root.RootNode = rn
	o := &fs.Options{MountOptions: fuse.MountOptions{DirectMount: true, FsName: "oddfs", AllowOther: true}}
	if *zero {
		o.RootStableAttr = &fs.StableAttr{}
	}
	srv, err := fs.Mount(flag.Arg(1), rn, o)
	if err != nil {
		panic(err)
	}
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	go func() { <-c; srv.Unmount() }()
	srv.Wait()
}
