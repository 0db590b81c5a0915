package filter

import (
	"strings"
	"testing"
)

// set makes a Set of two lists with one line each line.
func set(t testing.TB, exclude, include string, c Context) *Set {
	t.Helper()
	black, err := Parse("Blacklist.txt", strings.NewReader(exclude), c)
	if err != nil {
		t.Fatal(err)
	}
	white, err := Parse("Whitelist.txt", strings.NewReader(include), c)
	if err != nil {
		t.Fatal(err)
	}
	return New(black, white, c)
}

// TestVerdicts explains paths by both lists. A verdict is written `in` or `out`, `+walk` for an
// excluded folder that must be entered, and where which line decided.
func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		exclude, include string
		paths            [][2]string
	}{
		{"", "", [][2]string{{"", "in"}, {"a/b", "in"}, {"a/", "in"}}},
		{"a\n*.tmp\nb/", "", [][2]string{
			{"", "in"}, {"a", "out a Blacklist.txt:1"}, {"x/a/", "out x/a Blacklist.txt:1"}, {"a/b/c", "out a Blacklist.txt:1"},
			{"x.tmp", "out x.tmp Blacklist.txt:2"}, {"b", "in"}, {"b/", "out b Blacklist.txt:3"},
			{"b/x.tmp", "out b Blacklist.txt:3"},
		}},
		{"a\na\n?", "", [][2]string{{"a", "out a Blacklist.txt:3"}}}, // the last one, as git
		{"/a", "/a/b/*.txt", [][2]string{
			{"a/", "out+walk a Blacklist.txt:1"}, {"a/b/", "out+walk a Blacklist.txt:1"}, {"a/c/", "out a Blacklist.txt:1"},
			{"a/b/x.txt", "in a/b/x.txt Whitelist.txt:1"}, {"a/b/x", "out a Blacklist.txt:1"},
			{"a/b/c/", "out a Blacklist.txt:1"}, {"b/", "in"},
			{"a", "out a Blacklist.txt:1"},
		}},
		{"*", "/a/b", [][2]string{
			{"a/", "out+walk a Blacklist.txt:1"}, {"a/b/", "in a/b Whitelist.txt:1"}, {"a/b/c/d", "in a/b Whitelist.txt:1"},
			{"b/", "out b Blacklist.txt:1"},
		}},
		{"/a\n*.tmp", "keep", [][2]string{ // unanchored: always walk
			{"a/", "out+walk a Blacklist.txt:1"}, {"a/x/y/", "out+walk a Blacklist.txt:1"},
			{"a/x/keep/", "in a/x/keep Whitelist.txt:1"},
			{"a/x/keep/z.tmp", "in a/x/keep Whitelist.txt:1"}, {"z.tmp", "out z.tmp Blacklist.txt:2"},
			{"keep/a/b", "in keep Whitelist.txt:1"},
		}},
		{"/a", "/a/*/c/**/k", [][2]string{
			{"a/", "out+walk a Blacklist.txt:1"}, {"a/x/", "out+walk a Blacklist.txt:1"}, {"a/x/d/", "out a Blacklist.txt:1"},
			{"a/x/c/d/e/", "out+walk a Blacklist.txt:1"}, {"a/x/c/k", "in a/x/c/k Whitelist.txt:1"},
			{"a/x/c/d/k", "in a/x/c/d/k Whitelist.txt:1"},
		}},
		{"/a", "/a/**", [][2]string{{"a/", "out+walk a Blacklist.txt:1"}, {"a/x/", "in a/x Whitelist.txt:1"}}},
		{"/a", "/a/b/", [][2]string{{"a/", "out+walk a Blacklist.txt:1"}, {"a/b", "out a Blacklist.txt:1"},
			{"a/b/", "in a/b Whitelist.txt:1"}}},
		{"/a", "^/home/u/a/b/.*txt", [][2]string{
			{"a/", "out+walk a Blacklist.txt:1"}, {"a/b/", "out+walk a Blacklist.txt:1"}, {"a/c/", "out a Blacklist.txt:1"},
			{"a/bb/", "out a Blacklist.txt:1"},
			{"a/b/c/", "out+walk a Blacklist.txt:1"}, {"a/b/c/d.txt", "in a/b/c/d.txt Whitelist.txt:1"},
			{"a/b/c", "out a Blacklist.txt:1"},
		}},
		{"/a", "^.*/keep$", [][2]string{{"a/x/", "out+walk a Blacklist.txt:1"}, {"a/x/keep", "in a/x/keep Whitelist.txt:1"}}},
		{"^/home/u/[ab]\na", "",
			[][2]string{{"a", "out a Blacklist.txt:2"}, {"b/c", "out b Blacklist.txt:1"}, {"c/a", "out c/a Blacklist.txt:2"}}},
		{"a\n^/home/u/[ab]", "", [][2]string{{"a", "out a Blacklist.txt:2"}}},
		{"a", "a", [][2]string{{"a", "in a Whitelist.txt:1"}}},
	} {
		s := set(t, c.exclude, c.include, home)
		for _, p := range c.paths {
			path, isDir := strings.CutSuffix(p[0], "/")
			v, err := s.Explain(path, isDir)
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(v); got != p[1] {
				t.Errorf("%q %q: %q is %s, want %s", c.exclude, c.include, p[0], got, p[1])
			}
			if v.Included && v.Walk != (isDir || path == "") {
				t.Errorf("%q %q: %q is included and Walk %t", c.exclude, c.include, p[0], v.Walk)
			}
		}
	}
}

func describe(v Verdict) string {
	s := "in"
	if !v.Included {
		s = "out"
		if v.Walk {
			s += "+walk"
		}
	}
	if v.Rule != nil {
		s += " " + v.By + " " + strings.TrimSuffix((&PatternError{File: v.Rule.File, Line: v.Rule.Line}).Error(), ": ")
	}
	return s
}

// TestBounded ends only if matching is not exponential.
func TestBounded(t *testing.T) {
	as := strings.Repeat("a", 4000)
	check(t, set(t, strings.Repeat("a*", 2000)+"b", "", home), "a*a*…b", as, true)
	check(t, set(t, strings.Repeat("?*[a]", 500)+"b", "", home), "?*[a]…b", as, true)
	check(t, set(t, strings.Repeat("**/a/", 500)+"b", "", home), "**/a/…b", strings.Repeat("a/", 1000)+"a", true)
	check(t, set(t, strings.Repeat("**/a*/", 500)+"b", "", home), "**/a*/…b", strings.Repeat("a/", 600)+"b", false)
	check(t, set(t, "^"+strings.Repeat("(a|aa)*", 20)+"b", "", home), "(a|aa)*…b", as, true)
}

// TestNoAllocations holds for Check and, where no line leads into a folder, Enter.
func TestNoAllocations(t *testing.T) {
	s := set(t, typicalExclude, "/docs/keep\n*.important", home)
	d := s.Root()
	if n := testing.AllocsPerRun(100, func() {
		v, _ := d.Check("report.pdf", false)
		if !v.Included {
			t.Error("left out")
		}
		v, _ = d.Check("node_modules", true)
		if v.Included {
			t.Error("not left out")
		}
		d.Enter("photos", Verdict{Included: true, Walk: true})
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

const typicalExclude = `/.cache
/.local/share/Trash
/Downloads/*.iso
/home/u/build/**
node_modules/
__pycache__/
.git/
.venv
target/
.DS_Store
Thumbs.db
*.tmp
*.bak
*.swp
*.o
*.pyc
*.class
*.tar.gz
*~
.#*
core.[0-9]*
`

func BenchmarkCheck(b *testing.B) {
	names := []string{"report.pdf", "IMG_20260102_123456.jpg", "main.go", "README", "a.tar.bz2", "index.html",
		"notes.txt~x", ".profile"}
	many := strings.Builder{}
	for i := range 10_000 {
		many.WriteString("/data/dir/file" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) +
			strings.Repeat("y", i/26) + "\n")
	}
	for _, c := range []struct{ name, exclude, include string }{
		{"empty", "", ""},
		{"typical", typicalExclude, ""},
		{"typical+whitelist", typicalExclude, "/docs/keep\n*.important\n"},
		{"10000exact", many.String(), ""},
		{"regexp", `^.*/tmp/.*\.log$`, ""},
		{"regexp elsewhere", `^/home/u/x/.*\.log$`, ""},
		{"regexp backtracking", `^.*/(?!keep)\w+\.log$`, ""},
	} {
		b.Run(c.name, func(b *testing.B) {
			d := set(b, c.exclude, c.include, home).Root()
			for _, n := range []string{"data", "dir"} {
				v, err := d.Check(n, true)
				if err != nil {
					b.Fatal(err)
				}
				d = d.Enter(n, v)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				v, err := d.Check(names[i%len(names)], false)
				if err != nil || !v.Included {
					b.Fatal(v, err)
				}
				i++
			}
		})
	}
}

func BenchmarkEnter(b *testing.B) {
	for _, c := range []struct{ name, exclude string }{
		{"typical", typicalExclude}, {"doublestar", "/**/a/**/b\n/data/**/c"}, {"regexp", `^.*/tmp/.*\.log$`},
	} {
		b.Run(c.name, func(b *testing.B) {
			d := set(b, c.exclude, "", home).Root()
			b.ReportAllocs()
			for b.Loop() {
				v, _ := d.Check("data", true)
				_ = d.Enter("data", v)
			}
		})
	}
}
