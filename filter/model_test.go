package filter

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"snap/internal/long"
)

// modelMatch is the meaning of a line by the book: a glob of letters, dots, ?, * and / becomes a
// regular expression over the whole path.
func modelMatch(line, path string, isDir bool, c Context) bool {
	if line[0] == '^' {
		return regexp.MustCompile(`\A(?:` + line + `)`).MatchString(c.Source + "/" + path)
	}
	line, folders := strings.CutSuffix(line, "/")
	if folders && !isDir {
		return false
	}
	expr := "^"
	if !strings.Contains(line, "/") {
		expr += "(.*/)?"
	}
	line = strings.TrimPrefix(strings.TrimPrefix(line, c.Source+"/"), "/")
	segs := strings.Split(line, "/")
	for i, s := range segs {
		last := i == len(segs)-1
		if s == "**" && !last {
			expr += "([^/]+/)*"
			continue
		}
		if s == "**" {
			s = "*/**"
		}
		s = regexp.QuoteMeta(s)
		s = strings.ReplaceAll(s, `\*/\*\*`, "[^/]+(/.*)?")
		s = strings.ReplaceAll(s, `\*`, "[^/]*")
		s = strings.ReplaceAll(s, `\?`, "[^/]")
		expr += s
		if !last {
			expr += "/"
		}
	}
	return regexp.MustCompile(expr + "$").MatchString(path)
}

// model is the meaning of two lists: what is whitelisted, itself or by a folder above, is in; of
// the rest, what is blacklisted in the same way is out.
func model(exclude, include []string, path string, isDir bool, c Context) bool {
	hit := func(lines []string) bool {
		for i := range len(path) + 1 {
			if i < len(path) && path[i] != '/' {
				continue
			}
			for _, l := range lines {
				if modelMatch(l, path[:i], isDir || i < len(path), c) {
					return true
				}
			}
		}
		return false
	}
	return hit(include) || !hit(exclude)
}

// universe is every path of up to three names.
var universe = func() (all []string) {
	names := []string{"a", "b", "ab", "c.x"}
	above := []string{""}
	for range 3 {
		var next []string
		for _, p := range above {
			for _, n := range names {
				next = append(next, strings.TrimPrefix(p+"/"+n, "/"))
			}
		}
		all = append(all, next...)
		above = next
	}
	return all
}()

// TestModel demands for random lists and all paths: Explain is what the model says, and what a
// walk with Check and Enter finds that enters only folders with Walk; By is where Rule matches.
func TestModel(t *testing.T) {
	c := Context{Source: "/src"}
	segment := rapid.SampledFrom([]string{"a", "a", "b", "ab", "c.x", "*", "?", "a*", "*b", "*.x", "?b", "**",
		"**", "*?*"})
	line := rapid.Custom(func(t *rapid.T) string {
		if rapid.IntRange(0, 5).Draw(t, "regexp") == 0 {
			return rapid.SampledFrom([]string{"^/src/a", "^/src/a/b$", "^.*b$", "^/src/(a|b)/a", "^/src/a?b/c", `^/src/b/.*\.x`,
				"^/src|b", "^/src/c"}).Draw(t, "expr")
		}
		l := rapid.SampledFrom([]string{"", "/", "/src/"}).Draw(t, "start")
		l += strings.Join(rapid.SliceOfN(segment, 1, 4).Draw(t, "segments"), "/")
		return l + rapid.SampledFrom([]string{"", "", "/"}).Draw(t, "end")
	})
	lists := rapid.SliceOfN(line, 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		exclude, include := lists.Draw(t, "exclude"), lists.Draw(t, "include")
		rules := func(lines []string) []*Rule {
			rules, err := Parse("f", strings.NewReader(strings.Join(lines, "\n")), c)
			if err != nil {
				t.Fatal(err)
			}
			return rules
		}
		s := New(rules(exclude), rules(include), c)
		for _, path := range universe {
			for _, isDir := range []bool{true, false} {
				want := model(exclude, include, path, isDir, c)
				v := mustAgree(t, s, path, isDir)
				if v.Included != want {
					t.Fatalf("%q: included %t, the model says %t", path, v.Included, want)
				}
				if v.Rule == nil {
					continue
				}
				if !modelMatch(v.Rule.Text, v.By, isDir || v.By != path, c) || !strings.HasPrefix(path+"/", v.By+"/") {
					t.Fatalf("%q: line %q does not match %q", path, v.Rule.Text, v.By)
				}
			}
		}
	})
}

// mustAgree demands that Explain says what a walk finds, and that the walk gets to all that is
// included.
func mustAgree(t interface{ Fatalf(string, ...any) }, s *Set, path string, isDir bool) Verdict {
	want, err := s.Explain(path, isDir)
	if err != nil {
		t.Fatalf("%v", err)
	}
	d := s.Root()
	names := strings.Split(path, "/")
	for i, name := range names {
		last := i == len(names)-1
		v, err := d.Check(name, isDir || !last)
		if err != nil {
			t.Fatalf("%v", err)
		}
		switch {
		case last:
			if v.Included != want.Included || v.Walk != want.Walk || v.Rule != want.Rule {
				t.Fatalf("%q: Explain says %+v, the walk %+v", path, want, v)
			}
		case !v.Walk:
			if want.Included || want.Walk || want.Rule != v.Rule {
				t.Fatalf("%q: not reached, as %q is not entered, but %+v", path, strings.Join(names[:i+1], "/"), want)
			}
			return want
		}
		d = d.Enter(name, v)
	}
	return want
}

// TestEachSourceByItself: with several sources a list says of each what it says of it alone, and never leaves out a
// source or a folder around one.
func TestEachSourceByItself(t *testing.T) {
	roots := []string{"other/a", "src"}
	segment := rapid.SampledFrom([]string{"a", "b", "ab", "c.x", "src", "other", "*", "?b", "a*", "**"})
	line := rapid.Custom(func(t *rapid.T) string {
		if rapid.IntRange(0, 5).Draw(t, "regexp") == 0 {
			return rapid.SampledFrom([]string{"^/src/a", "^.*b$", "^/other/a/(a|b)", "^/", "^/src$",
				`^.*/c[.]x`}).Draw(t, "expr")
		}
		l := rapid.SampledFrom([]string{"", "", "/src/"}).Draw(t, "start") +
			strings.Join(rapid.SliceOfN(segment, 1, 3).Draw(t, "segments"), "/")
		return l + rapid.SampledFrom([]string{"", "/"}).Draw(t, "end")
	})
	long.Check(t, 40, func(t *rapid.T) {
		exclude, include := rapid.SliceOfN(line, 0, 3).Draw(t, "exclude"), rapid.SliceOfN(line, 0, 2).Draw(t, "include")
		set := func(c Context) *Set {
			parse := func(lines []string) []*Rule {
				rules, err := Parse("f", strings.NewReader(strings.Join(lines, "\n")), c)
				if err != nil {
					t.Fatal(err)
				}
				return rules
			}
			return New(parse(exclude), parse(include), c)
		}
		all := set(Context{Source: "/", Roots: roots})
		for _, path := range []string{"", "other", "other/a", "src"} {
			if v, err := all.Explain(path, true); err != nil || !v.Included || !v.Walk {
				t.Fatalf("%q: %+v, %v", path, v, err)
			}
		}
		for _, root := range roots {
			if root != "src" && strings.Contains(strings.Join(append(exclude, include...), "\n"), "/src/") {
				continue // alone it would mean a folder src in the source
			}
			alone := set(Context{Source: "/" + root})
			for _, path := range universe {
				for _, isDir := range []bool{true, false} {
					want, err := alone.Explain(path, isDir)
					got, gotErr := all.Explain(root+"/"+path, isDir)
					if err != nil || gotErr != nil || got.Included != want.Included || got.Walk != want.Walk ||
						(got.Rule == nil) != (want.Rule == nil) {
						t.Fatalf("%s: %q: %+v %v, alone %+v %v", root, path, got, gotErr, want, err)
					}
					if got.Rule != nil && (got.Rule.Line != want.Rule.Line || got.By != root+"/"+want.By) {
						t.Fatalf("%s: %q: decided by %+v, alone by %+v", root, path, got, want)
					}
				}
			}
		}
	})
}
