package query

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"snap/record"
)

var matchPaths = []string{
	"", "a[1].txt", "build", "build/out.o", "docs", "docs/Report.TXT", "docs/deep", "docs/deep/report.txt",
	"docs/report.txt", "docs2",
	"src", "src/[", "src/[/x", "src/build", "src/build/out.o", "src/main.go", "{x}", "Ä.txt", "\xff.txt",
}

func TestPatterns(t *testing.T) {
	inside := &locator{sources: []string{"/home/me"}, snaps: refSnapshots(), dests: []string{"/mnt"}, here: "docs",
		inside: true}
	outside := &locator{sources: []string{"/home/me"}, snaps: refSnapshots(), dests: []string{"/mnt"}}
	for _, c := range []struct {
		l       *locator
		flags   string // i: ignore case, r: regex
		pattern string
		want    string // joined by bars; "!" for an error
	}{
		{outside, "", "report.txt", "docs/deep/report.txt|docs/report.txt"},
		{outside, "i", "report.txt", "docs/Report.TXT|docs/deep/report.txt|docs/report.txt"},
		{outside, "i", "ä.TXT", "Ä.txt"},
		{outside, "", "build", "build|build/out.o|src/build"}, // the path with what is below, and the name
		{outside, "", "build/", "build|build/out.o"},
		{outside, "", "docs/deep", "docs/deep|docs/deep/report.txt"},
		{outside, "", "/home/me/docs/deep", "docs/deep|docs/deep/report.txt"},
		{outside, "", "/mnt/back~1/docs/deep", "docs/deep|docs/deep/report.txt"},
		{outside, "", "/home/you/x", "!"},
		{outside, "", "/mnt/nothing/x", "!"},
		{outside, "", "*.txt", "a[1].txt|docs/deep/report.txt|docs/report.txt|Ä.txt|\xff.txt"},
		{outside, "", "docs/*.txt", "docs/report.txt"},
		{outside, "", "docs/**/*.txt", "docs/deep/report.txt|docs/report.txt"},
		{outside, "", "**/out.o", "build/out.o|src/build/out.o"},
		{outside, "", "/home/me/*/main.go", "src/main.go"},
		{outside, "", "[ds]*2", "docs2"},
		{outside, "", "????2", "docs2"},
		{outside, "", "a[1].txt", "a[1].txt"}, // a name, although it looks like a glob
		{outside, "", "{x}", "{x}"},
		{outside, "", "{src,docs}", ""},
		{outside, "", "\xff*", "\xff.txt"},
		{outside, "", "*", strings.Join(matchPaths[1:], "|")},
		{outside, "", "**/deep/**", "docs/deep/report.txt"}, // as in a list: what is in it
		{outside, "", "?.txt", "Ä.txt|\xff.txt"},
		{outside, "i", "ä.*", "Ä.txt"},
		{outside, "i", "[[:upper:]]*.TXT", "a[1].txt|docs/Report.TXT|docs/deep/report.txt|docs/report.txt|Ä.txt"},
		{outside, "i", "\xfe.txt", ""},
		{outside, "", "{d,s}*", ""},
		{outside, "", "docs**/report.txt", "!"}, // neither is what it looks like
		{outside, "", "[[:letter:]]", "!"},
		{outside, "", "[", "src/["}, // no glob
		{outside, "", "src/[", "src/[|src/[/x"},
		{outside, "", "/home/me/src/[", "src/[|src/[/x"},
		{outside, "", "*[", ""},
		{inside, "", "../src/[", "src/[|src/[/x"},
		{outside, "", "../x", "!"},
		{outside, "r", `^docs/.*\.txt$`, "docs/deep/report.txt|docs/report.txt"},
		{outside, "ri", `report\.txt$`, "docs/Report.TXT|docs/deep/report.txt|docs/report.txt"},
		{outside, "r", "(", "!"},
		{inside, "", "deep/report.txt", "docs/deep/report.txt"},
		{inside, "", "./report.txt", "docs/report.txt"},
		{inside, "", "../src/main.go", "src/main.go"},
		{inside, "", ".", "docs|docs/Report.TXT|docs/deep|docs/deep/report.txt|docs/report.txt"},
		{inside, "", "./*.txt", "docs/report.txt"},
		{inside, "", "src/main.go", "src/main.go"}, // from the source down works everywhere
		{inside, "", "../../x", "!"},
	} {
		m, err := newMatcher([]string{c.pattern}, strings.Contains(c.flags, "r"), strings.Contains(c.flags, "i"), c.l)
		got := "!"
		if err == nil {
			var found []string
			for _, p := range matchPaths {
				matches := m.Matches([]byte(p))
				if matches {
					found = append(found, p)
				}
				if matches && !slices.ContainsFunc(m.roots(), func(root string) bool { return record.Within(p, root) }) {
					t.Errorf("%s: matches %q, which is below none of %q", c.pattern, p, m.roots())
				}
			}
			got = strings.Join(found, "|")
		}
		if got != c.want {
			t.Errorf("%s (%s)\n got %q\nwant %q", c.pattern, c.flags, got, c.want)
		}
	}
}

func TestRootsAreAsFewAsCanBe(t *testing.T) {
	l := &locator{}
	for _, c := range []struct{ patterns, want string }{
		{"docs/a", "docs/a"}, {"docs/a docs", ""}, {"docs/a docs/a/b docs/c", "docs/a docs/c"}, {"docs/*.txt", "docs"},
		{"a/b*/c", "a"}, {"a/[b]/c", "a"}, {"*/x", ""}, {"b/ a/", "a b"},
	} {
		m, err := newMatcher(strings.Fields(c.patterns), false, false, l)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(m.roots(), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.patterns, got, c.want)
		}
	}
}

func TestTheWorkingDirectoryCounts(t *testing.T) {
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	source, link := filepath.Join(base, "source"), filepath.Join(base, "link")
	dest := filepath.Join(base, "dest")
	for _, dir := range []string{filepath.Join(source, "docs"), filepath.Join(dest, "back~1", "docs"),
		filepath.Join(dest, "other")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(source, link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ cwd, recorded, here string }{ // "!" for outside
		{source + "/docs", source, "docs"}, {link + "/docs", source, "docs"}, {source + "/docs", link, "docs"},
		{source, source, ""}, {base, source, "!"},
		{dest + "/back~1/docs", source, "docs"}, {dest + "/other", source, "!"}, {dest, source, "!"}, {"", source, "!"},
	} {
		d := &Reader{Dir: dest, Snapshots: Snapshots{{Name: "back~1", Source: c.recorded}}, options: Options{WorkDir: c.cwd}}
		l := d.locator()
		got := l.here
		if !l.inside {
			got = "!"
		}
		if got != c.here {
			t.Errorf("in %s with the source %s: %q, want %q", c.cwd, c.recorded, got, c.here)
		}
	}
}

// The quick look says no only where the whole one does: also where a name stands for the source, or is in its path.
func TestAQuickLookLosesNothing(t *testing.T) {
	for _, l := range []*locator{{}, {sources: []string{"/home/Mask"}, dir: "/home"},
		{sources: []string{"/home/Mask"}, dir: "/home/Mask/docs", here: "docs", inside: true}} {
		quickLook(t, l)
	}
}

func quickLook(t *testing.T, l *locator) {
	t.Helper()
	paths := append([]string{"*.txt", "*.txt/below", "x/a*b/*.txt/c", "a*b/*.txt", "x.txt/y", "a", "txt", "MASK",
		"maſ\u212a", "x/mas\u212a.TXT", "MÄSK", "ma", "MA"}, matchPaths...)
	for _, typed := range []string{"*.txt", "a*b/*.txt", "**/deep/**", "[ds]*2", "a[1].txt", "docs/", "*", "x/*", `\*.txt`,
		"*.TXT", "*mask*", "*MaSk*", "mask", "*mäsk", "*ma*", "*a[sx]k*", "?a*", "*k*", "x/mask.txt", "*\xff*",
		"report.txt", "Mask", "Ma*"} {
		for _, fold := range []bool{false, true} {
			m, err := newMatcher([]string{typed}, false, fold, l)
			if err != nil {
				t.Fatal(err)
			}
			for _, wide := range []bool{false, true} {
				for _, p := range paths {
					plain := p
					if fold {
						plain = folded(p)
					}
					if want := m.patterns[0].matches(p, plain); m.Matches([]byte(p)) != want {
						t.Errorf("%s in %q, fold %v, wide %v: %q: want %v", typed, l.dir, fold, wide, p, want)
					}
				}
				if err := m.widen(func(*Matcher) (bool, error) { return false, nil }); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
