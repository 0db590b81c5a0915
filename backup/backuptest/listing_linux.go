package backuptest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"snap/destination"
	"snap/index"
	"snap/internal/file"
	"snap/record"
)

// Entry is what a test knows of one path, read by means that snap does not use.
type Entry struct {
	Mode   fs.FileMode
	uid    uint32
	gid    uint32
	Mtime  time.Time
	Size   int64
	Sum    [32]byte
	Target string
	Ino    uint64
	Links  string // the other names of the inode in the tree, joined
}

// Same compares everything but inode numbers.
func (e Entry) Same(o Entry) bool {
	e.Ino, o.Ino = 0, 0
	return e == o
}

// Listing reads a tree. The root's own entry is left out.
func Listing(t testing.TB, root string) map[string]Entry {
	t.Helper()
	all := map[string]Entry{}
	names := map[uint64][]string{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if p == root {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		e := Entry{Mode: info.Mode(), uid: st.Uid, gid: st.Gid, Mtime: info.ModTime(), Ino: st.Ino}
		rel, _ := filepath.Rel(root, p)
		switch {
		case info.Mode().IsRegular():
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			e.Size, e.Sum = info.Size(), sha256.Sum256(b)
		case info.Mode()&fs.ModeSymlink != 0:
			if e.Target, err = os.Readlink(p); err != nil {
				return err
			}
		}
		if !info.IsDir() {
			names[st.Ino] = append(names[st.Ino], rel)
		}
		all[rel] = e
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for p, e := range all {
		if n := names[e.Ino]; len(n) > 1 {
			e.Links = strings.Join(n, "\n")
			all[p] = e
		}
	}
	return all
}

// Difference says where two listings differ, "" if nowhere.
func Difference(a, b map[string]Entry) string {
	var out []string
	for p, x := range a {
		if y, ok := b[p]; !ok {
			out = append(out, fmt.Sprintf("only in the first: %q", p))
		} else if !x.Same(y) {
			out = append(out, fmt.Sprintf("%q: %+v, %+v", p, x, y))
		}
	}
	for p := range b {
		if _, ok := a[p]; !ok {
			out = append(out, fmt.Sprintf("only in the second: %q", p))
		}
	}
	slices.Sort(out)
	return strings.Join(out[:min(len(out), 10)], "\n")
}

// Without is an entry without the names that share its inode.
func Without(e Entry) Entry {
	e.Links = ""
	return e
}

// Within reports whether path is one of paths, or below one.
func Within(path string, paths []string) bool {
	return slices.ContainsFunc(paths, func(dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") })
}

// Trees are the listings of all snapshots.
func (p *Place) Trees() map[string]map[string]Entry {
	p.T.Helper()
	all := map[string]map[string]Entry{}
	for i := range p.N {
		name := fmt.Sprintf("s%04d", i+1)
		all[name] = Listing(p.T, filepath.Join(p.Dest, name))
	}
	return all
}

func (p *Place) WantTrees(before map[string]map[string]Entry, damaged ...string) {
	p.T.Helper()
	now := p.Trees()
	for name, tree := range before {
		if diff := Difference(tree, now[name]); diff != "" {
			p.T.Fatalf("%s is not what it was:\n%s", name, diff)
		}
		for path, e := range tree {
			if !slices.Contains(damaged, path) && now[name][path].Ino != e.Ino {
				p.T.Fatalf("%s/%s is another inode, although nothing was wrong with it", name, path)
			}
		}
	}
	left, err := os.ReadDir(filepath.Join(p.Dest, ".snap", "tmp"))
	if err != nil || len(left) > 0 {
		p.T.Fatalf("left behind: %v %v", left, err)
	}
}

// Held are the listings of the trees of snapshots by their names.
func (p *Place) Held(names []string) map[string]map[string]Entry {
	all := map[string]map[string]Entry{}
	for _, n := range names {
		all[n] = Listing(p.T, filepath.Join(p.Dest, n))
	}
	return all
}

// with is before with the snapshot made since.
func (p *Place) with(before map[string]map[string]Entry) map[string]map[string]Entry {
	for name, tree := range p.Trees() {
		if before[name] == nil {
			before[name] = tree
		}
	}
	return before
}

// WantNames compares the names that the index knows of every file's inode with those in the trees. It returns how
// often an inode had more names than there are snapshots.
func (p *Place) WantNames(ctx context.Context, d *destination.Destination, what string) (several int) {
	p.T.Helper()
	p.Do(d.DB.Hold(ctx))
	defer func() { p.Do(d.DB.Release()) }()
	heads, err := d.DB.Snapshots(ctx)
	p.Do(err)
	names, inodes := namesInTrees(p.T, p.Dest, heads)
	for _, h := range heads {
		p.wantLinks(ctx, d, &h, what, func(path string) uint64 { return inodes[fmt.Sprintf("%d %q", h.Seq, path)] })
		for e, err := range d.DB.Entries(ctx, h.Seq, "") {
			p.Do(err)
			var got []string
			all, err := d.DB.Names(ctx, h.Seq, e.Path)
			p.Do(err)
			for _, s := range all {
				for _, o := range heads {
					if s.First <= o.Seq && o.Seq <= s.Last {
						got = append(got, fmt.Sprintf("%d %q", o.Seq, s.Path))
					}
				}
			}
			want := names[inodes[fmt.Sprintf("%d %q", h.Seq, e.Path)]]
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				p.T.Fatalf("%s: %q in %d\n the index says %q\nthe trees hold %q", what, e.Path, h.Seq, got, want)
			}
			if len(got) > len(heads) {
				several++
			}
		}
	}
	return several
}

// wantLinks compares which files with several names are one inode: as a restore is told, and in the tree.
func (p *Place) wantLinks(ctx context.Context, d *destination.Destination, h *record.Header, what string,
	inTree func(path string) uint64) {
	p.T.Helper()
	told, has := map[uint64]index.Inode{}, map[index.Inode]uint64{}
	for e, err := range d.DB.LinkedEntries(ctx, h.Seq, "") {
		p.Do(err)
		if e.Kind == file.Folder || e.Nlink < 2 {
			continue
		}
		in := inTree(e.Path)
		if in == 0 {
			continue // damage took it
		}
		if i, ok := told[in]; ok && i != e.Inode {
			p.T.Fatalf("%s: %q in %d is told of another inode than a name that it shares one with", what, e.Path, h.Seq)
		}
		if i, ok := has[e.Inode]; ok && i != in {
			p.T.Fatalf("%s: %q in %d is told of the inode of another file", what, e.Path, h.Seq)
		}
		told[in], has[e.Inode] = e.Inode, in
	}
}

// namesInTrees are the names of each inode that is no folder's in the trees, as snapshot and path, and the inode of
// each name.
func namesInTrees(t testing.TB, dest string,
	heads []record.Header) (names map[uint64][]string, inodes map[string]uint64) {
	t.Helper()
	names, inodes = map[uint64][]string{}, map[string]uint64{}
	for _, h := range heads {
		top := filepath.Join(dest, h.Name)
		err := filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(top, p)
			name, ino := fmt.Sprintf("%d %q", h.Seq, rel), inodeOf(info.Sys().(*syscall.Stat_t))
			names[ino], inodes[name] = append(names[ino], name), ino
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names, inodes
}

// nameTime reads the names that these tests give: s0001, s0002, …
func nameTime(name string) (time.Time, bool) {
	var n int
	_, err := fmt.Sscanf(name, "s%04d", &n)
	return time.Unix(1e9+int64(n)*3600, 0), err == nil
}
