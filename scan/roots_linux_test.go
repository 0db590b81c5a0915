package scan

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"snap/filter"
	"snap/internal/file"
	"snap/internal/filetest"
	"snap/internal/long"
	"snap/record"
)

// TestRootsAreAPartOfTheWalk: a walk of some of a tree's paths yields what a walk of all yields in them, and the
// folders that lead there; LeftOut says the same.
func TestRootsAreAPartOfTheWalk(t *testing.T) {
	long.Check(t, 30, func(t *rapid.T) {
		root := drawTree(t)
		all := walked(t, root, Options{})
		var paths []string
		for range rapid.IntRange(1, 5).Draw(t, "roots") {
			paths = append(paths, filepath.Join(root, all[rapid.IntRange(0, len(all)-1).Draw(t, "root")].Path()))
		}
		o := Options{Roots: record.RootsOf(root, paths), Jobs: rapid.IntRange(1, 4).Draw(t, "jobs")}
		var want []Item
		for _, it := range all {
			if o.Roots.Place(it.Path()) != record.Outside {
				want = append(want, it)
			}
		}
		if got := walked(t, root, o); !slices.Equal(got, want) {
			t.Fatalf("%q: got %q, want %q", o.Roots, listing(got), listing(want))
		}
		dir := open(t, root)
		for _, it := range all {
			why, _, err := LeftOut(dir, it.Path(), o)
			if check(t, err); (why == OutsideSources) != (o.Roots.Place(it.Path()) == record.Outside) {
				t.Fatalf("%q: %q is left out by %d", o.Roots, it.Path(), why)
			}
		}
	})
}

func TestRoots(t *testing.T) {
	root := plant(t, "home/ann/docs/a", "home/ann/docs/sub/b", "home/ann/x", "home/ann-b/y", "home/bob/docs/c",
		"etc/fstab", "etc/hosts", "srv/", "l>home")
	for _, c := range []struct{ roots, want string }{
		{"home/ann/docs", "/ home/ home/ann/ home/ann/docs/ home/ann/docs/a home/ann/docs/sub/ home/ann/docs/sub/b"},
		{"etc/fstab srv", "/ etc/ etc/fstab srv/"},
		{"home/bob home/ann-b", "/ home/ home/ann-b/ home/ann-b/y home/bob/ home/bob/docs/ home/bob/docs/c"},
		{"home home/ann", "/ home/ home/ann/ home/ann/docs/ home/ann/docs/a home/ann/docs/sub/ home/ann/docs/sub/b " +
			"home/ann/x home/ann-b/ home/ann-b/y home/bob/ home/bob/docs/ home/bob/docs/c"},
		// what is not there is passed over, and what leads there with it
		{"none etc/none etc/fstab/none home/none/x l/ann", ""},
		{"none etc/hosts", "/ etc/ etc/hosts"},
		{"l", "/ l@"},
	} {
		var roots []string
		for r := range strings.FieldsSeq(c.roots) {
			roots = append(roots, filepath.Join(root, r))
		}
		for _, jobs := range []int{1, 4} {
			wantListing(t, walked(t, root, Options{Roots: record.RootsOf(root, roots), Jobs: jobs}), c.want)
		}
	}
}

// TestTheWayToARootIsNotListed: a folder that leads to a source need only be one that can be entered.
func TestTheWayToARootIsNotListed(t *testing.T) {
	if !filetest.AsPlainUser(t) {
		return
	}
	root := plant(t, "way/on/src/x", "way/other", "shut/src/y")
	for path, mode := range map[string]os.FileMode{"way": 0o300, "shut": 0o600} {
		check(t, os.Chmod(root+"/"+path, mode))
		t.Cleanup(func() { os.Chmod(root+"/"+path, 0o700) })
	}
	wantListing(t, walked(t, root, Options{Roots: record.Roots{"way/on/src"}, Jobs: 2}),
		"/ way/ way/on/ way/on/src/ way/on/src/x")
	wantListing(t, walked(t, root, Options{Roots: record.Roots{"shut/src"}}), "/ shut/ shut/src?!")
	wantListing(t, walked(t, root, Options{Roots: record.Roots{"shut/src/y"}}), "/ shut/ shut/src?!")
}

// TestRootsAreEnteredWhateverTheOptionsSay: the options are about what is in a source.
func TestRootsAreEnteredWhateverTheOptionsSay(t *testing.T) {
	root := plant(t, "c/CACHEDIR.TAG="+validTag, "c/x", "c/d/CACHEDIR.TAG="+validTag, "c/d/y",
		"big="+strings.Repeat("x", 100), "m/")
	filetest.Mount(t, "tmpfs", root+"/m", "")
	check(t, os.MkdirAll(root+"/m/in", 0o755))
	filetest.Mount(t, "tmpfs", root+"/m/in", "")
	check(t, os.WriteFile(root+"/m/in/z", nil, 0o644))
	o := Options{Roots: record.Roots{"big", "c", "m"}, Caches: true, Larger: 80, OneFileSystem: true}
	o.Filter = several(t, root, o.Roots, "c big m", "")
	wantListing(t, walked(t, root, o), "/ big c/ c/CACHEDIR.TAG c/d/ c/d/CACHEDIR.TAG c/x m/ m/in/")
	o.Roots = record.Roots{"c", "c/d", "m", "m/in"}
	o.Filter = nil
	wantListing(t, walked(t, root, o), "/ c/ c/CACHEDIR.TAG c/d/ c/d/CACHEDIR.TAG c/d/y c/x m/ m/in/ m/in/z")
	for path, want := range map[string]Cause{"c/d/y": TakenIn, "m/in/z": TakenIn, "big": OutsideSources, "c/x": TakenIn} {
		if why, _, err := LeftOut(open(t, root), path, o); why != want || err != nil {
			t.Errorf("%s: %d %v", path, why, err)
		}
	}
	// With one source the marker in it does not count either.
	wantListing(t, walked(t, root+"/c", Options{Caches: true}), "/ CACHEDIR.TAG d/ d/CACHEDIR.TAG x")
}

// TestASourceThatIsMountedFromAbove: what leads to a source is none of the folders that it lies in.
func TestASourceThatIsMountedFromAbove(t *testing.T) {
	root := plant(t, "m/b/", "x")
	filetest.Bind(t, root, root+"/m/b")
	wantListing(t, walked(t, root, Options{Roots: record.Roots{"m/b"}}), "/ m/ m/b/ m/b/m/ m/b/m/b/ m/b/x")
}

// several is filters for the roots.
func several(t tb, root string, roots record.Roots, exclude, include string) *filter.Set {
	t.Helper()
	c := filter.Context{Source: root, Roots: roots}
	parse := func(words string) []*filter.Rule {
		rules, err := filter.Parse("list", strings.NewReader(strings.Join(strings.Fields(words), "\n")), c)
		check(t, err)
		return rules
	}
	return filter.New(parse(exclude), parse(include), c)
}

// TestFiltersOfRoots: a line that starts at the source starts at each, an absolute one is what it says.
func TestFiltersOfRoots(t *testing.T) {
	root := plant(t, "a/x/y", "a/b/x/y", "a/docs/z", "c/docs/x/y", "c/docs/docs/z", "f")
	roots := record.Roots{"a", "c/docs", "f"}
	for _, c := range []struct{ exclude, include, want string }{
		{"", "", "/ a/ a/b/ a/b/x/ a/b/x/y a/docs/ a/docs/z a/x/ a/x/y c/ c/docs/ c/docs/docs/ c/docs/docs/z c/docs/x/ " +
			"c/docs/x/y f"},
		{"docs", "", "/ a/ a/b/ a/b/x/ a/b/x/y a/x/ a/x/y c/ c/docs/ c/docs/x/ c/docs/x/y f"},
		{"x/y", "", "/ a/ a/b/ a/b/x/ a/b/x/y a/docs/ a/docs/z a/x/ c/ c/docs/ c/docs/docs/ c/docs/docs/z c/docs/x/ f"},
		{"*", "", "/ a/ c/ c/docs/ f"},
		{"*", "x/y", "/ a/ a/x/ a/x/y c/ c/docs/ c/docs/x/ c/docs/x/y f"},
		{root + "/a/*", root + "/a/b/x",
			"/ a/ a/b/ a/b/x/ a/b/x/y c/ c/docs/ c/docs/docs/ c/docs/docs/z c/docs/x/ c/docs/x/y f"},
		{root + "/*/docs/x /x ^" + root + "/a/b", "",
			"/ a/ a/docs/ a/docs/z a/x/ a/x/y c/ c/docs/ c/docs/docs/ c/docs/docs/z f"},
	} {
		set := several(t, root, roots, c.exclude, c.include)
		items := walked(t, root, Options{Roots: roots, Filter: set})
		wantListing(t, items, c.want)
		in := listing(items)
		for _, it := range walked(t, root, Options{Roots: roots}) { // Explain says the same
			v, err := set.Explain(it.Path(), it.Stat.Kind == file.Folder)
			if check(t, err); (v.Included || slices.Contains(in, it.Path()+"/") && v.Walk) != slices.ContainsFunc(items,
				func(i Item) bool { return i.Path() == it.Path() }) {
				t.Errorf("%+v: %s: %+v", c, it.Path(), v)
			}
		}
	}
	for _, line := range []string{root + "/a", root + "/*", root + "/c/", root + "/c/docs", root + "/f", root + "/**"} {
		c := filter.Context{Source: root, Roots: roots}
		if _, err := filter.ParseLine("list", 1, line, c); err == nil ||
			!strings.Contains(err.Error(), "itself or a folder around it") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// TestOwnFilesAreLeftOut: by the folder that they are in, wherever it is met.
func TestOwnFilesAreLeftOut(t *testing.T) {
	root := plant(t, "state/own.json", "state/own.json.tmp", "state/other", "copy/own.json")
	dir := open(t, root)
	in, err := dir.Lstat("state")
	check(t, err)
	o := Options{Own: []OwnFiles{{in, func(name string) bool { return name == "own.json" }},
		{in, func(name string) bool { return strings.HasSuffix(name, ".tmp") }}}}
	wantListing(t, walked(t, root, o), "/ copy/ copy/own.json state/ state/other")
	for path, want := range map[string]Cause{"state/own.json": OwnFile, "state/own.json.tmp": OwnFile,
		"state/other": TakenIn, "copy/own.json": TakenIn, "state": TakenIn} {
		if why, _, err := LeftOut(dir, path, o); why != want || err != nil {
			t.Errorf("%s: %d %v", path, why, err)
		}
	}
}
