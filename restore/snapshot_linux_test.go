package restore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"snap/index"
	"snap/internal/file"
	"snap/internal/filetest"
	"snap/record"
)

const snapName = "20261122-134510"

// stamp is the modification time of what mk makes.
var stamp = time.Unix(1_600_000_000, 123_456_789)

// dest is a destination with one snapshot.
type dest struct {
	t      *testing.T
	dir    string
	db     *index.DB
	header record.Header
}

// work is a new folder that every user can reach. At the end it goes whatever the modes of folders in it.
func work(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() {
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, _ error) error {
			if d != nil && d.IsDir() {
				os.Chmod(path, 0o700)
			}
			return nil
		})
	})
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// snapshot makes a destination whose one snapshot is what build puts into the folder it is given.
// mend may change the records before they are imported.
func snapshot(t *testing.T, build func(tree string), mend ...func(e *record.Entry)) *dest {
	t.Helper()
	d := &dest{t: t, dir: filepath.Join(work(t), "dest")}
	must(t, os.MkdirAll(filepath.Join(d.dir, ".snap"), 0o700))
	must(t, os.Mkdir(d.tree(), 0o700))
	build(d.tree())
	path := index.Path(d.dir)
	must(t, index.Create(path, "test"))
	db, err := index.Open(path)
	must(t, err)
	d.db = db
	d.header = record.Header{Name: snapName, Seq: 1, Source: "/src"}
	ctx := context.Background()
	must(t, db.Import(ctx, 1, d.entries(mend), func() (*record.Header, error) { return &d.header, nil }))
	d.header.State = record.Complete
	must(t, db.SetHeader(ctx, &d.header))
	return d
}

func (d *dest) tree() string { return filepath.Join(d.dir, snapName) }

// entries are the records of the tree, as a backup makes them.
func (d *dest) entries(mend []func(*record.Entry)) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		top, err := file.OpenRoot(d.tree())
		if err != nil {
			yield(nil, err)
			return
		}
		defer top.Close()
		each(top, "", func(e *record.Entry, err error) bool {
			for _, f := range mend {
				if err == nil {
					f(e)
				}
			}
			return yield(e, err)
		})
	}
}

// each yields the folder d and what is in it. Few handles are open at a time, however deep it is.
func each(d *file.Dir, path string, yield func(*record.Entry, error) bool) bool {
	s, err1 := d.Stat()
	x, err2 := d.Xattrs()
	names, err3 := d.Entries()
	if err := errors.Join(err1, err2, err3); err != nil {
		return yield(nil, err)
	}
	e := record.Entry{Path: path, Record: record.Record{Stat: s, Xattrs: x, Change: record.Added, Stored: record.Made}}
	if !yield(&e, nil) {
		return false
	}
	for _, n := range names {
		s, err := d.Lstat(n.Name)
		if err != nil {
			return yield(nil, err)
		}
		if s.Kind == file.Folder {
			sub, err := d.OpenDir(n.Name)
			if err != nil {
				return yield(nil, err)
			}
			more := each(sub, record.Join(path, n.Name), yield)
			sub.Close()
			if !more {
				return false
			}
			continue
		}
		e := record.Entry{Path: record.Join(path, n.Name),
			Record: record.Record{Stat: s, Change: record.Added, Stored: record.Made}}
		if err := fill(d, n.Name, &e.Record); err != nil {
			return yield(nil, err)
		}
		if !yield(&e, nil) {
			return false
		}
	}
	return true
}

func fill(d *file.Dir, name string, r *record.Record) (err error) {
	if r.Kind == file.Symlink {
		if r.Target, err = d.Readlink(name); err != nil {
			return err
		}
	}
	if r.Kind != file.Regular {
		r.Xattrs, err = d.XattrsOf(name)
		return err
	}
	f, err := d.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := file.Hash(context.Background(), f, r.Size, h, make([]byte, 64<<10)); err != nil {
		return err
	}
	r.Hash, r.Flags, r.Stored = [32]byte(h.Sum(nil)), record.Hashed, record.Copied
	r.Xattrs, err = f.Xattrs()
	return err
}

// restore restores all of the snapshot, or o.Items, to target and checks that nothing was left over.
func (d *dest) restore(target string, o Options) (Result, error) {
	d.t.Helper()
	o.Target = target
	if o.Items == nil {
		o.Items = []Item{{}}
	}
	res, err := Run(context.Background(), d.db, &d.header, d.tree(), o)
	noTemps(d.t, target)
	return res, err
}

// clean is restore without an error and without problems.
func (d *dest) clean(target string, o Options) Result {
	d.t.Helper()
	res, err := d.restore(target, o)
	if err != nil || res.Errors != 0 {
		d.t.Fatalf("restore: %v, problems %v", err, res.Problems)
	}
	return res
}

// noTemps fails if a temporary file is anywhere below dir.
func noTemps(t *testing.T, dir string) {
	t.Helper()
	filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(e.Name(), ".snap-") {
			t.Errorf("left over: %s", path)
		}
		return nil
	})
}

// text is a tree as text, a line a path: mode, owner, time, content or target, and the first path that
// shares its inode. The top folder is left out.
func text(t *testing.T, dir string) string {
	t.Helper()
	first := map[uint64]string{}
	var b strings.Builder
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		info, err := e.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		what := ""
		switch {
		case info.Mode().IsRegular():
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if what = fmt.Sprintf("%q", data); len(data) > 100 {
				what = fmt.Sprintf("%x", sha256.Sum256(data))
			}
		case info.Mode()&fs.ModeSymlink != 0:
			what, _ = os.Readlink(path)
		}
		if !info.IsDir() && st.Nlink > 1 {
			if first[st.Ino] == "" {
				first[st.Ino] = rel
			}
			what += " = " + first[st.Ino]
		}
		fmt.Fprintf(&b, "%s %v %d:%d %s %s\n", rel, info.Mode(), st.Uid, st.Gid,
			info.ModTime().UTC().Format(time.RFC3339Nano), what)
		return nil
	}))
	return b.String()
}

// same fails if the trees a and b differ, or share an inode.
func same(t *testing.T, a, b string) {
	t.Helper()
	if x, y := text(t, a), text(t, b); x != y {
		t.Errorf("trees differ:\n--- %s\n%s--- %s\n%s", a, x, b, y)
	}
	disjoint(t, a, b)
}

// disjoint fails if a file of b is an inode of a.
func disjoint(t *testing.T, a, b string) {
	t.Helper()
	in := func(dir string) map[uint64]string {
		m := map[uint64]string{}
		filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err == nil {
				m[filetest.Inode(t, path)] = path
			}
			return nil
		})
		return m
	}
	x := in(a)
	for ino, p := range in(b) {
		if x[ino] != "" {
			t.Errorf("%s is the inode of %s", p, x[ino])
		}
	}
}

// mk makes entries: "d/" a folder, "l -> target" a link, "a = b" another name of b, else a file with its
// own path as content.
func mk(t *testing.T, dir string, specs ...string) {
	t.Helper()
	for _, s := range specs {
		if name, target, ok := strings.Cut(s, " -> "); ok {
			must(t, os.Symlink(target, filepath.Join(dir, name)))
		} else if name, old, ok := strings.Cut(s, " = "); ok {
			must(t, os.Link(filepath.Join(dir, old), filepath.Join(dir, name)))
		} else if name, ok := strings.CutSuffix(s, "/"); ok {
			must(t, os.Mkdir(filepath.Join(dir, name), 0o755))
		} else {
			put(t, filepath.Join(dir, s), s)
		}
	}
	for _, s := range slices.Backward(specs) {
		name, _, _ := strings.Cut(strings.ReplaceAll(s, " -> ", " = "), " = ")
		if info, err := os.Lstat(filepath.Join(dir, name)); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			must(t, os.Chtimes(filepath.Join(dir, name), stamp, stamp))
		}
	}
}

// put makes a file with the time stamp.
func put(t *testing.T, path, content string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(content), 0o644))
	must(t, os.Chtimes(path, stamp, stamp))
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return string(b)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
