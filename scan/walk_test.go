package scan

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"snap/internal/file"
	"snap/record"
)

type tb interface {
	Helper()
	Fatal(args ...any)
	Cleanup(func())
}

func check(t tb, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func tempDir(t tb) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "snap-scan-")
	check(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// plant makes a tree of its lines: "dir/", "file", "file=content", "link>target", parents as needed.
func plant(t tb, lines ...string) string {
	t.Helper()
	root := tempDir(t)
	for _, line := range lines {
		path := filepath.Join(root, strings.FieldsFunc(line, func(r rune) bool { return r == '=' || r == '>' })[0])
		if strings.HasSuffix(line, "/") {
			check(t, os.MkdirAll(path, 0o755))
			continue
		}
		check(t, os.MkdirAll(filepath.Dir(path), 0o755))
		if _, target, ok := strings.Cut(line, ">"); ok {
			check(t, os.Symlink(target, path))
			continue
		}
		_, text, _ := strings.Cut(line, "=")
		check(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return root
}

func open(t tb, root string) *file.Dir {
	t.Helper()
	d, err := file.OpenRoot(root)
	check(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

// walked is what a walk yields, copied: an item is valid until the next one.
func walked(t tb, root string, o Options) (items []Item) {
	t.Helper()
	for it, err := range Walk(context.Background(), open(t, root), o) {
		check(t, err)
		items = append(items, *it)
	}
	return items
}

// mark is how an item of this kind ends in a listing.
var marks = map[file.Kind]string{file.None: "?", file.Folder: "/", file.Symlink: "@", file.FIFO: "|",
	file.CharDevice: "%"}

// listing is a walk in short: paths with a mark for their kind, and "!" for an error.
func listing(items []Item) (all []string) {
	for i := range items {
		s := items[i].Path() + marks[items[i].Stat.Kind]
		if items[i].Err != nil {
			s += "!"
		}
		all = append(all, s)
	}
	return all
}

func wantListing(t *testing.T, got []Item, want string) {
	t.Helper()
	if s := strings.Join(listing(got), " "); s != want {
		t.Errorf("got  %q\nwant %q", s, want)
	}
}

// independent is the same by other means, in the order of record.Compare.
func independent(t tb, root string) (items []Item) {
	check(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, p)
		it := Item{Stat: file.Stat{Kind: file.Regular}}
		if rel != "." {
			it.Dir, it.Name = record.Split(rel)
		}
		switch info, err := d.Info(); {
		case err != nil:
			return err
		case d.IsDir():
			it.Stat.Kind = file.Folder
		case d.Type() == fs.ModeSymlink:
			it.Stat.Kind, it.Stat.Size = file.Symlink, info.Size()
		default:
			it.Stat.Size = info.Size()
		}
		items = append(items, it)
		return nil
	}))
	slices.SortFunc(items, func(a, b Item) int { return record.Compare(a.Path(), b.Path()) })
	return items
}

var oddNames = []string{"a", "b", "a-b", "a.b", "a\x01", "\xff", "ü", "d\n", " ", "-", "...", strings.Repeat("n", 255)}

// drawTree makes a random tree.
func drawTree(t *rapid.T) string {
	root := tempDir(t)
	dirs := []string{root}
	for range rapid.IntRange(0, 40).Draw(t, "entries") {
		dir := rapid.SampledFrom(dirs).Draw(t, "dir")
		path := dir + "/" + rapid.SampledFrom(oddNames).Draw(t, "name")
		if _, err := os.Lstat(path); err == nil {
			continue
		}
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			check(t, os.WriteFile(path, make([]byte, rapid.IntRange(0, 20).Draw(t, "size")), 0o644))
		case 1:
			check(t, os.Symlink(".", path))
		default:
			check(t, os.Mkdir(path, 0o755))
			dirs = append(dirs, path)
		}
	}
	return root
}

func TestAWalkIsTheTreeInKeyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root := drawTree(t)
		want := independent(t, root)
		var first []Item
		for jobs := range 9 {
			got := walked(t, root, Options{Jobs: jobs})
			for i := range got {
				if i > 0 && record.Compare(got[i-1].Path(), got[i].Path()) >= 0 {
					t.Fatalf("%q comes after %q", got[i].Path(), got[i-1].Path())
				}
			}
			if jobs == 0 {
				first = got
			}
			if !slices.Equal(got, first) {
				t.Fatalf("with %d jobs: %q", jobs, listing(got))
			}
		}
		if !slices.EqualFunc(first, want, func(a, b Item) bool {
			return a.Path() == b.Path() && a.Stat.Kind == b.Stat.Kind && a.Stat.Size == b.Stat.Size && a.Err == nil
		}) {
			t.Fatalf("got  %q\nwant %q", listing(first), listing(want))
		}
	})
}

func TestAWalkOfSpecialNamesAndKinds(t *testing.T) {
	root := plant(t, "a/x", "a-b", "a.b/", "empty/", "link>a", "broken>nowhere", "loop>.", "f=12345")
	items := walked(t, root, Options{})
	wantListing(t, items, "/ a/ a/x a-b a.b/ broken@ empty/ f link@ loop@")
	for _, it := range items {
		info, err := os.Lstat(filepath.Join(root, it.Path()))
		check(t, err)
		if it.Stat.Mtime != file.At(info.ModTime()) || it.Stat.Kind == file.Regular && it.Stat.Size != info.Size() {
			t.Errorf("%q: %+v", it.Path(), it.Stat)
		}
	}
}

// Deeper than a path may be long, and than handles may be open at a time.
func TestADeepTree(t *testing.T) {
	const depth = 2000
	root := tempDir(t)
	d := open(t, root)
	for i := range depth {
		check(t, d.Mkdir("folder"))
		sub, err := d.OpenDir("folder")
		check(t, err)
		if i > 0 {
			d.Close()
		}
		d = sub
	}
	check(t, d.Symlink("end", "end"))
	d.Close()
	for _, jobs := range []int{1, 4} {
		items := walked(t, root, Options{Jobs: jobs})
		last := items[len(items)-1]
		if len(items) != depth+2 || last.Name != "end" || last.Dir != strings.Repeat("folder/", depth-1)+"folder" {
			t.Errorf("%d jobs: %d items, the last is %d bytes deep", jobs, len(items), len(last.Dir))
		}
		for i := range items {
			check(t, items[i].Err)
		}
	}
}

// What is too deep for the index is an error where it begins, and nothing below it is walked.
func TestATreeTooDeepForTheIndex(t *testing.T) {
	name := strings.Repeat("n", 250)
	d := open(t, tempDir(t))
	root := d.Path()
	for range record.MaxPath/250 + 5 {
		check(t, d.Mkdir(name))
		sub, err := d.OpenDir(name)
		check(t, err)
		d = sub
		t.Cleanup(func() { sub.Close() })
	}
	items := walked(t, root, Options{Jobs: 3})
	last := &items[len(items)-1]
	if last.Err == nil || !strings.Contains(last.Err.Error(), "longer than") || !record.ValidPath(last.Path()) ||
		len(last.Path()) < record.MaxPath-600 {
		t.Errorf("the last of %d items has %d bytes and the error %.80v", len(items), len(last.Path()), last.Err)
	}
}
