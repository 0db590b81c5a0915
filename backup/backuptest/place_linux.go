package backuptest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"snap/backup"
	"snap/index"
	"snap/internal/file"
	"snap/internal/filetest"
)

// Place is a source and a destination for one test.
type Place struct {
	T    testing.TB
	Src  string
	Dest string
	N    int
}

func NewPlace(t testing.TB) *Place {
	dir := t.TempDir()
	t.Cleanup(func() { openUp(dir) })
	p := &Place{T: t, Src: filepath.Join(dir, "src"), Dest: filepath.Join(dir, "dest")}
	for _, d := range []string{p.Src, p.Dest} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// CopyOf is a copy of a tree with its times.
func (p *Place) CopyOf(dir string) string {
	to := filepath.Join(p.T.TempDir(), "copy")
	filetest.Must(p.T, "cp", "-a", dir, to)
	return to
}

// Do fails the test on an error of preparing it.
func (p *Place) Do(err error) {
	p.T.Helper()
	if err != nil {
		p.T.Fatal(err)
	}
}

// Grow makes a source of 150 entries that a run cuts into several tasks, since a large file ends one: 20
// small files and a large one in each of six folders, hard links across them, links, an empty folder.
func (p *Place) Grow() {
	p.T.Helper()
	for i := range 6 {
		for j := range 20 {
			p.Write(fmt.Sprintf("d%d/f%02d", i, j), strings.Repeat(fmt.Sprint(i), 3*j))
		}
		p.Write(fmt.Sprintf("d%d/large", i), fmt.Sprint("large ", i))
		p.Do(os.Truncate(p.Path(fmt.Sprintf("d%d/large", i)), 4<<20+int64(i)))
	}
	p.Do(os.Link(p.Path("d0/f10"), p.Path("d4/other")))
	p.Do(os.Link(p.Path("d1/large"), p.Path("d3/another")))
	p.Do(os.Symlink("f10", p.Path("d0/link")))
	p.Do(os.Mkdir(p.Path("d2/empty"), 0o750))
	p.Do(os.Chmod(p.Path("d3"), 0o500))
	p.T.Cleanup(func() { os.Chmod(p.Path("d3"), 0o700) })
}

// In is a path in a snapshot.
func (p *Place) In(snap, path string) string { return filepath.Join(p.Dest, snap, path) }

// Lose removes the index, and of the change sets what is named.
func (p *Place) Lose(paths ...string) {
	p.T.Helper()
	for _, path := range append(paths, index.Path(p.Dest), index.Path(p.Dest)+".old") {
		p.Do(RemoveAll(path))
	}
}

func (p *Place) Meta(name ...string) string {
	return filepath.Join(append([]string{p.Dest, ".snap"}, name...)...)
}

func (p *Place) Path(rel string) string { return filepath.Join(p.Src, rel) }

func (p *Place) Read(rel string) string {
	p.T.Helper()
	b, err := os.ReadFile(p.Path(rel))
	p.Do(err)
	return string(b)
}

// Rewrite replaces a file's bytes and keeps its time.
func (p *Place) Rewrite(rel, text string) {
	p.T.Helper()
	info, err := os.Lstat(p.Path(rel))
	p.Do(err)
	p.Write(rel, text)
	p.Do(os.Chtimes(p.Path(rel), info.ModTime(), info.ModTime()))
}

func (p *Place) Set(seq int) string { return p.Meta("changes", fmt.Sprintf("%010d", seq)) }

// Snapshots are the folders that can be seen.
func (p *Place) Snapshots() []string {
	all, err := filepath.Glob(filepath.Join(p.Dest, "[0-9s]*"))
	p.Do(err)
	return all
}

// Sparse makes a file of 64 MiB with one MiB of data in the middle.
func (p *Place) Sparse(rel string, fill byte) {
	p.T.Helper()
	f, err := os.Create(p.Path(rel))
	p.Do(err)
	data := make([]byte, 1<<20)
	for i := range data {
		data[i] = fill
	}
	_, err = f.WriteAt(data, 32<<20)
	p.Do(err)
	p.Do(f.Truncate(64 << 20))
	p.Do(f.Close())
	p.Do(os.Chtimes(p.Path(rel), Fixed, Fixed))
	s, err := os.Stat(p.Path(rel))
	if p.Do(err); s.Sys().(*syscall.Stat_t).Blocks > 2<<20/512 {
		p.T.Skip("the temporary folder's file system keeps no holes")
	}
}

// Tree is the folder of a snapshot.
func (p *Place) Tree(res *backup.Result) string { return filepath.Join(p.Dest, res.Header.Name) }

// Works are the work folders that are there.
func (p *Place) Works() []string {
	p.T.Helper()
	all, err := filepath.Glob(filepath.Join(p.Dest, ".snap/tmp/*"))
	p.Do(err)
	return all
}

func (p *Place) Write(rel, text string) {
	p.T.Helper()
	if err := os.MkdirAll(filepath.Dir(p.Path(rel)), 0o755); err != nil {
		p.T.Fatal(err)
	}
	if err := os.WriteFile(p.Path(rel), []byte(text), 0o644); err != nil {
		p.T.Fatal(err)
	}
}

// openUp lets the owner remove everything below dir.
func openUp(dir string) {
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			Unseal(path)
			os.Chmod(path, 0o700)
		}
		return nil
	})
}

// Unseal makes a tree that is a read-only subvolume one that can be written to.
func Unseal(dir string) {
	d, err := file.OpenRoot(dir)
	if err != nil {
		return
	}
	defer d.Close()
	if sealed, err := d.Sealed(); err == nil && sealed {
		d.Seal(false)
	}
}

// RemoveAll is os.RemoveAll for what may hold snapshots that are read-only.
func RemoveAll(dir string) error {
	openUp(dir)
	return os.RemoveAll(dir)
}

var Fixed = time.Unix(499162500, 0) // 1985-10-26, the time npm gives every file
