package backup_test

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

	"snap/backup"
	"snap/index"
)

// entry is what a test knows of one path, read by means that snap does not use.
type entry struct {
	mode   fs.FileMode
	uid    uint32
	gid    uint32
	mtime  time.Time
	size   int64
	sum    [32]byte
	target string
	ino    uint64
	links  string // the other names of the inode in the tree, joined
}

// same compares everything but inode numbers.
func (e entry) same(o entry) bool {
	e.ino, o.ino = 0, 0
	return e == o
}

// listing reads a tree. The root's own entry is left out.
func listing(t testing.TB, root string) map[string]entry {
	t.Helper()
	all := map[string]entry{}
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
		e := entry{mode: info.Mode(), uid: st.Uid, gid: st.Gid, mtime: info.ModTime(), ino: st.Ino}
		rel, _ := filepath.Rel(root, p)
		switch {
		case info.Mode().IsRegular():
			b, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			e.size, e.sum = info.Size(), sha256.Sum256(b)
		case info.Mode()&fs.ModeSymlink != 0:
			if e.target, err = os.Readlink(p); err != nil {
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
		if n := names[e.ino]; len(n) > 1 {
			e.links = strings.Join(n, "\n")
			all[p] = e
		}
	}
	return all
}

// difference says where two listings differ, "" if nowhere.
func difference(a, b map[string]entry) string {
	var out []string
	for p, x := range a {
		if y, ok := b[p]; !ok {
			out = append(out, fmt.Sprintf("only in the first: %q", p))
		} else if !x.same(y) {
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

// place is a source and a destination for one test.
type place struct {
	t    testing.TB
	src  string
	dest string
	n    int
}

func newPlace(t testing.TB) *place {
	dir := t.TempDir()
	t.Cleanup(func() { openUp(dir) })
	p := &place{t: t, src: filepath.Join(dir, "src"), dest: filepath.Join(dir, "dest")}
	for _, d := range []string{p.src, p.dest} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// openUp lets the owner remove everything below dir.
func openUp(dir string) {
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			os.Chmod(path, 0o700)
		}
		return nil
	})
}

func (p *place) path(rel string) string { return filepath.Join(p.src, rel) }

func (p *place) write(rel, text string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.path(rel)), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(p.path(rel), []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// do fails the test on an error of preparing it.
func (p *place) do(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// recorder keeps what a run reports.
type recorder struct {
	changes map[string]index.Record
	kept    map[string]index.Record
}

func (r *recorder) Progress(backup.Progress) {}
func (r *recorder) Problem(p backup.Problem) {}
func (r *recorder) Entry(path string, rec *index.Record, changed bool) {
	if changed {
		r.changes[path] = *rec
	} else {
		r.kept[path] = *rec
	}
}

// start lies so far ahead that nothing a test just wrote counts as racy.
func settled() time.Time { return time.Now().Add(time.Hour) }

// backup runs one backup; change adjusts its options.
func (p *place) backup(change ...func(*backup.Options)) (*backup.Result, *recorder) {
	p.t.Helper()
	res, rec, err := p.try(change...)
	if err != nil {
		p.t.Fatal(err)
	}
	if !p.t.Failed() {
		sound(p.t, p.dest)
	}
	return res, rec
}

func (p *place) try(change ...func(*backup.Options)) (*backup.Result, *recorder, error) {
	p.t.Helper()
	ctx := context.Background()
	rec := &recorder{map[string]index.Record{}, map[string]index.Record{}}
	p.n++
	o := backup.Options{
		Source: p.src, Start: settled(), Report: rec,
		Name: func(time.Time) string { return fmt.Sprintf("s%04d", p.n) },
	}
	for _, f := range change {
		f(&o)
	}
	d, err := backup.Open(ctx, p.dest, backup.OpenOptions{Create: true, ReadOnly: o.DryRun})
	if err != nil {
		return nil, rec, err
	}
	defer func() { p.do(d.Close()) }()
	res, err := backup.Run(ctx, d, o)
	return res, rec, err
}

func force(o *backup.Options) { o.Force = true }

// tree is the folder of a snapshot.
func (p *place) tree(res *backup.Result) string { return filepath.Join(p.dest, res.Header.Name) }

// wantSame checks that a snapshot is the source.
func (p *place) wantSame(res *backup.Result) {
	p.t.Helper()
	if d := difference(listing(p.t, p.src), listing(p.t, p.tree(res))); d != "" {
		p.t.Fatalf("snapshot %s is not the source:\n%s", res.Header.Name, d)
	}
}
