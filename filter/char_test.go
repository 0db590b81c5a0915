package filter

import (
	"strings"
	"testing"
)

// TestCharacters: a wildcard takes a character, whatever bytes it has, and a byte that is no UTF-8 is one too.
func TestCharacters(t *testing.T) {
	const names = "ö oe für fuer fur äöÜ übrig Ö o\u0308 \xff a\xff ÿ \xf6 日本 😀 a \u0660 ٣x — \u00a0 ß ẞ K \u212a"
	for _, c := range []struct{ glob, want string }{
		{"[ö]*", "ö"}, {"f?r", "für fur"}, {"[ä]*", "äöÜ"}, {"[!ö]", "Ö \xff ÿ \xf6 😀 a \u0660 — \u00a0 ß ẞ K \u212a"},
		{"?", "ö Ö \xff ÿ \xf6 😀 a \u0660 — \u00a0 ß ẞ K \u212a"}, {"??", "oe o\u0308 a\xff 日本 ٣x"}, {"*ö", "ö"},
		{"o?", "oe o\u0308"},
		{"[ä-ü]", "ö"}, {"[Ä-ü]*", "ö äöÜ übrig Ö ß"}, {`\ö`, "ö"}, {`[\ö]`, "ö"}, {`[\ä-\ü]`, "ö"}, {"[ü-ä]", ""},
		{"[あ-鿿]*", "日本"},
		{"\xff", "\xff"}, {"?\xff", "a\xff"}, {"[\x80-\xff]", "\xff \xf6"}, {"[\xf6]", "\xf6"},
		{"[a-\xff]", "ö Ö \xff ÿ \xf6 😀 a \u0660 — \u00a0 ß ẞ \u212a"},
		{"\xc3*", ""}, {"*\xb6", ""}, {"\xc3?", ""}, // no half of a character
		{"[[:alpha:]]", "ö Ö ÿ a ß ẞ K \u212a"}, {"[[:upper:]]", "Ö ẞ K \u212a"}, {"[[:lower:]]", "ö ÿ a ß"},
		{"[[:digit:]]", ""}, {"[[:alnum:]]", "ö Ö ÿ a \u0660 ß ẞ K \u212a"},
		{"[[:punct:]]", "😀 —"}, {"[[:space:]]", "\u00a0"}, {"[![:alpha:]]*", "\xff \xf6 😀 \u0660 ٣x — \u00a0"},
		{"[[:print:]]", "ö Ö ÿ 😀 a \u0660 — \u00a0 ß ẞ K \u212a"},
		{"[[:graph:]]", "ö Ö ÿ 😀 a \u0660 — ß ẞ K \u212a"}, {"[[:cntrl:]]", ""},
	} {
		set := New([]*Rule{mustParse(t, c.glob)}, nil, Context{})
		glob, err := ParseGlob(c.glob, false)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, name := range strings.Split(names, " ") {
			v, err := set.Explain(name, false)
			if err != nil {
				t.Fatal(err)
			}
			if !v.Included {
				got = append(got, name)
			}
			if v.Included == glob.Match(name) {
				t.Errorf("%q, name %q: a list and find do not agree", c.glob, name)
			}
		}
		if got := strings.Join(got, " "); got != c.want {
			t.Errorf("%q\n got %q\nwant %q", c.glob, got, c.want)
		}
	}
}

func mustParse(t *testing.T, line string) *Rule {
	t.Helper()
	r, err := ParseLine("list", 1, line, Context{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestGlobs: a glob of find matches the whole path that the same line with a slash before it matches in a list.
func TestGlobs(t *testing.T) {
	n := 0
	for _, line := range gitLines {
		if strings.HasPrefix(line, "/") || strings.HasSuffix(line, "/") || strings.HasSuffix(line, " ") || line == "" {
			continue
		}
		glob, err := ParseGlob(line, false)
		rule, err2 := ParseLine("list", 1, "/"+line, Context{})
		if (err == nil) != (err2 == nil) {
			t.Errorf("%q: %v and %v", line, err, err2)
		}
		if err != nil || err2 != nil {
			continue
		}
		for _, p := range append([]string{"[a]", "é", "aé/b", "\xff", "a/\xff"}, universe...) {
			l := newList([]*Rule{rule})
			at, names := l.start(), strings.Split(p, "/")
			for _, name := range names[:len(names)-1] {
				at = l.enter(at, name)
			}
			r, err := l.match(at, "", names[len(names)-1], true)
			if err != nil {
				t.Fatal(err)
			}
			if glob.Match(p) != (r != nil) {
				t.Errorf("%q, path %q: %v, in a list %v", line, p, glob.Match(p), r != nil)
			}
			n++
		}
	}
	if n < 1000 {
		t.Errorf("only %d compared", n)
	}
}

func TestGlobsFold(t *testing.T) {
	for _, c := range []struct {
		glob, path string
		want       bool
	}{
		{"Ä*", "äöü", true}, {"[Ä]?", "äÖ", true}, {"[[:upper:]]*", "abc", true}, {"[A-_]", "b", true},
		{"straße", "STRASSE", false}, {"ẞ", "ß", true},
		{"K", "\u212a", true}, {"*.JPG", "a/b.jpg", false}, {"**/*.JPG", "a/b.jpg", true}, {"\xff", "\xfe", false},
		{"\xff*", "\xffA", true}, {"\xe4", "\xc4", false},
		{"σ", "ς", true}, {"[!a]", "A", false}, {"[!a]", "b", true},
	} {
		glob, err := ParseGlob(c.glob, true)
		if err != nil {
			t.Fatal(err)
		}
		if got := glob.Match(c.path); got != c.want {
			t.Errorf("%q, %q: %v", c.glob, c.path, got)
		}
	}
}
