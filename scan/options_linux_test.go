package scan

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"snap/filter"
	"snap/internal/file"
	"snap/record"
)

// filters is a Set of a blacklist and a whitelist, one rule a word.
func filters(t tb, root, exclude, include string) *filter.Set {
	t.Helper()
	c := filter.Context{Source: root}
	parse := func(words string) []*filter.Rule {
		rules, err := filter.Parse("list", strings.NewReader(strings.Join(strings.Fields(words), "\n")), c)
		check(t, err)
		return rules
	}
	return filter.New(parse(exclude), parse(include), c)
}

func TestFilters(t *testing.T) {
	root := plant(t, "a/keep/x", "a/keep/y", "a/other/z", "a/f", "b/c/d/e", "b/c/f", "c.tmp", "d/c.tmp/x", "empty/")
	all := "/ a/ a/f a/keep/ a/keep/x a/keep/y a/other/ a/other/z b/ b/c/ b/c/d/ b/c/d/e b/c/f c.tmp d/ d/c.tmp/ " +
		"d/c.tmp/x empty/"
	for _, c := range []struct{ name, exclude, include, want string }{
		{"no rule", "", "", all},
		{"a rule for nothing", "nothing", "", all},
		{"a folder", "/a", "", "/ b/ b/c/ b/c/d/ b/c/d/e b/c/f c.tmp d/ d/c.tmp/ d/c.tmp/x empty/"},
		{"a name at any depth", "c.tmp", "/a/keep",
			"/ a/ a/f a/keep/ a/keep/x a/keep/y a/other/ a/other/z b/ b/c/ b/c/d/ b/c/d/e b/c/f d/ empty/"},
		{"folders only", "c.tmp/", "",
			"/ a/ a/f a/keep/ a/keep/x a/keep/y a/other/ a/other/z b/ b/c/ b/c/d/ b/c/d/e b/c/f c.tmp d/ empty/"},
		{"everything", "*", "", "/"},
		{"a folder below one that is left out", "/a", "/a/keep",
			"/ a/ a/keep/ a/keep/x a/keep/y b/ b/c/ b/c/d/ b/c/d/e b/c/f c.tmp d/ d/c.tmp/ d/c.tmp/x empty/"},
		{"a file deep below, its carriers with it", "*", "/b/c/d/e", "/ b/ b/c/ b/c/d/ b/c/d/e"},
		{"what is not there: no carriers", "*", "/b/c/d/none /a/none/x", "/"},
		{"a name at any depth below what is left out", "/a /b", "x f",
			"/ a/ a/f a/keep/ a/keep/x b/ b/c/ b/c/f c.tmp d/ d/c.tmp/ d/c.tmp/x empty/"},
		{"an empty folder", "*", "empty/", "/ empty/"},
	} {
		for _, jobs := range []int{1, 4} {
			t.Run(c.name, func(t *testing.T) {
				wantListing(t, walked(t, root, Options{Filter: filters(t, root, c.exclude, c.include), Jobs: jobs}), c.want)
			})
		}
	}
}

const validTag = "Signature: 8a477f597d28d172789f06886806bc55\n# a cache\n"

// TestLeftOut: LeftOut says of every path what a walk does with it.
func TestLeftOut(t *testing.T) {
	root := plant(t, "cache/CACHEDIR.TAG="+validTag, "cache/x", "cache/sub/y", "cache-not/x", "no/.nobackup", "no/x",
		"no/.git/y",
		"large=1234567890", "exact=12345678", "both/CACHEDIR.TAG="+validTag, "both/.nobackup", "both/x", "dest/snapshot/x",
		"in/dest/x", "l>no")
	dir, err := file.OpenRoot(root)
	check(t, err)
	defer dir.Close()
	dest, err := dir.Lstat("dest")
	check(t, err)
	why := map[Cause]int{}
	for _, o := range []Options{
		{}, {Caches: true}, {IfPresent: []string{".nobackup", "none"}}, {Caches: true, IfPresent: []string{".nobackup"}},
		{Larger: 8},
		{Never: []file.Stat{dest}}, {Caches: true, Larger: 8, Never: []file.Stat{dest}, OneFileSystem: true},
		{Follow: true, IfPresent: []string{".nobackup"}},
	} {
		in := map[string]bool{}
		for _, p := range listing(walked(t, root, o)) {
			in[strings.TrimRight(p, "/@")] = true
		}
		for _, p := range listing(walked(t, root, Options{Follow: o.Follow})) {
			path := strings.TrimRight(p, "/@")
			cause, at, err := LeftOut(dir, path, o)
			if err != nil || (cause == TakenIn) != in[path] || cause != TakenIn && !record.Within(path, at) {
				t.Errorf("%+v: %q: %v at %q, %v", o, path, cause, at, err)
			}
			why[cause]++
		}
	}
	for _, c := range []Cause{TakenIn, MarkedCache, MarkedByName, TooLarge, NeverEntered} {
		if why[c] == 0 {
			t.Errorf("nothing was left out by %d", c)
		}
	}
	if _, _, err := LeftOut(dir, "no/none/x", Options{}); err == nil {
		t.Error("what is not there was judged")
	}
}

func TestMarkedFolders(t *testing.T) {
	root := plant(t, "cache/CACHEDIR.TAG="+validTag, "cache/x", "cache/sub/y",
		"exact/CACHEDIR.TAG="+validTag[:43], "exact/x", "short/CACHEDIR.TAG=Signature: 8a", "short/x",
		"fake/CACHEDIR.TAG="+strings.Repeat("x", 100), "fake/x",
		"link/CACHEDIR.TAG>../cache/CACHEDIR.TAG", "link/x", "dir/CACHEDIR.TAG/", "dir/x",
		"no/.nobackup", "no/x", "no/.git/y", "z/.skip/y", "z/x")
	check(t, syscall.Mkfifo(filepath.Join(root, "fifo"), 0o600))
	check(t, os.MkdirAll(filepath.Join(root, "pipe"), 0o755))
	check(t, syscall.Mkfifo(filepath.Join(root, "pipe/CACHEDIR.TAG"), 0o600)) // must not block
	for _, c := range []struct {
		name, drop string
		o          Options
	}{
		{"nothing asked", "", Options{}},
		{"caches", "cache/sub/ cache/sub/y cache/x exact/x", Options{Caches: true}},
		{"if present", "no/.git/ no/.git/y no/x z/x", Options{IfPresent: []string{".nobackup", ".skip"}}},
		{"both", "cache/sub/ cache/sub/y cache/x exact/x no/.git/ no/.git/y no/x",
			Options{Caches: true, IfPresent: []string{".nobackup"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var want []string
			for _, p := range listing(walked(t, root, Options{})) {
				if !strings.Contains(" "+c.drop+" ", " "+p+" ") {
					want = append(want, p)
				}
			}
			wantListing(t, walked(t, root, c.o), strings.Join(want, " "))
		})
	}
}

func TestLargerFilesAreLeftOut(t *testing.T) {
	root := plant(t, "a=12345", "b=123456", "c/d=1234567", "link>"+strings.Repeat("x", 20))
	wantListing(t, walked(t, root, Options{Larger: 5}), "/ a c/ link@")
	wantListing(t, walked(t, root, Options{Larger: 6}), "/ a b c/ link@")
}

func TestNeverIsNeitherEnteredNorListed(t *testing.T) {
	root := plant(t, "a/dest/x", "a/y", "b")
	dest, err := open(t, filepath.Join(root, "a/dest")).Stat()
	check(t, err)
	set := filters(t, root, "*", "/a/dest")
	wantListing(t, walked(t, root, Options{Never: []file.Stat{dest}}), "/ a/ a/y b")
	wantListing(t, walked(t, root, Options{Never: []file.Stat{{}, dest}, Filter: set}), "/")
	check(t, os.Rename(filepath.Join(root, "a/dest"), filepath.Join(root, "moved")))
	wantListing(t, walked(t, root, Options{Never: []file.Stat{dest}}), "/ a/ a/y b")
	check(t, os.Symlink("moved", filepath.Join(root, "link")))
	wantListing(t, walked(t, root, Options{Never: []file.Stat{dest}, Follow: true}), "/ a/ a/y b")
}

func TestFollow(t *testing.T) {
	outside := plant(t, "o/x", "f=123")
	root := plant(t, "a/b/", "a/f=12345", "broken>nowhere", "file>a/f", "folder>a", "itself>.", "knot>knot",
		"a/b/up>../..", "a/mutual>../c", "c/mutual>../a",
		"out>"+outside+"/o", "outfile>"+outside+"/f")
	wantListing(t, walked(t, root, Options{}),
		"/ a/ a/b/ a/b/up@ a/f a/mutual@ broken@ c/ c/mutual@ file@ folder@ itself@ knot@ out@ outfile@")
	for _, jobs := range []int{1, 4} {
		items := walked(t, root, Options{Follow: true, Jobs: jobs})
		wantListing(t, items,
			"/ a/ a/b/ a/b/up@ a/f a/mutual/ a/mutual/mutual@ broken@ c/ c/mutual/ c/mutual/b/ c/mutual/b/up@ c/mutual/f "+
				"c/mutual/mutual@ file folder/ folder/b/ folder/b/up@ folder/f folder/mutual/ folder/mutual/mutual@ itself@ knot@ "+
				"out/ out/x outfile")
		for _, it := range items {
			if it.Path() == "file" && it.Stat.Size != 5 {
				t.Errorf("%+v", it.Stat)
			}
		}
	}
}

// TestFollowAboveTheRoot: a link to a folder that the source is in leads back to the source, which is there already.
func TestFollowAboveTheRoot(t *testing.T) {
	root := plant(t, "in/src/a", "in/src/up>..", "in/b")
	for _, it := range walked(t, filepath.Join(root, "in/src"), Options{Follow: true}) {
		if it.Err != nil {
			t.Errorf("%s: %v", it.Path(), it.Err)
		}
	}
	wantListing(t, walked(t, filepath.Join(root, "in/src"), Options{Follow: true}), "/ a up/ up/b up/src/")
}

func TestARootThatIsGoneIsAnError(t *testing.T) {
	root := plant(t)
	d := open(t, root)
	check(t, os.Remove(root))
	n, last := 0, error(nil)
	for _, err := range Walk(context.Background(), d, Options{Jobs: 2}) {
		n++
		last = err
	}
	if n != 1 || last == nil {
		t.Errorf("%d items, the last with the error %v", n, last)
	}
}
