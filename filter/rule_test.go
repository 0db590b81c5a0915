package filter

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

var home = Context{
	Source: "/home/u",
	Home:   "/home/u",
	Env: func(name string) (string, bool) {
		v, ok := map[string]string{
			"CACHE": "/home/u/.cache", "SLASH": "/home/u/s/", "STAR": "*", "UP": "../x", "WORD": "word",
			"EMPTY": "", "ROOT": "/", "OUT": "/srv/data", "TILDE": "~", "_a1": "under",
		}[name]
		return v, ok
	},
}

func TestParse(t *testing.T) {
	const text = "\ufeff# comment\r\n\r\n  \t\r\n*.tmp\r\n# x\n a \nb\\ \n\\#c\n^/home/u/d$\nlast\r"
	rules, err := Parse("Blacklist.txt", strings.NewReader(text), home)
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		line int
		text string
	}{{4, "*.tmp"}, {6, " a"}, {7, `b\ `}, {8, `\#c`}, {9, "^/home/u/d$"}, {10, "last"}}
	if len(rules) != len(want) {
		t.Fatalf("%d rules, want %d", len(rules), len(want))
	}
	for i, w := range want {
		if r := rules[i]; r.File != "Blacklist.txt" || r.Line != w.line || r.Text != w.text {
			t.Errorf("rule %d is %s:%d: %q, want line %d: %q", i, r.File, r.Line, r.Text, w.line, w.text)
		}
	}
}

func TestParseReadError(t *testing.T) {
	broken := errors.New("broken")
	_, err := Parse("f", io.MultiReader(strings.NewReader("a\n"), iotest.ErrReader(broken)), home)
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

var badLines = []struct{ text, want string }{
	{"!keep", "1: `!keep`: a leading ! is not used here: write the rest of the line into Whitelist.txt"},
	{"a\x00b", `1: "a\x00b": holds a NUL byte`},
	{"/home/u", "1: `/home/u`: names the source itself"},
	{"/home/u/", "names the source itself"},
	{"/", "names the source itself"},
	{"//", "names the source itself"},
	{"~", "names the source itself"},
	{"~/", "names the source itself"},
	{"$ROOT", "names the source itself"},
	{"$ROOT/home", "or a folder around it"},
	{"$ROOT/*", "or a folder around it"},
	{"$ROOT/**", "or a folder around it"},
	{"$ROOT/**/u/", "names the source itself"},
	{"..", "holds the name ..: write the path as it is below the source"},
	{"a/../b", "holds the name .."},
	{"/home/u/../v", "holds the name .."},
	{"$UP", "holds the name .."},
	{"./a", "holds the name .: write the path without it, /name for"},
	{".", "holds the name ."},
	{"a//b", "holds two slashes in a row: write one"},
	{"a//", "holds two slashes in a row"},
	{"[a", "holds a [ without its ]: close it, or write \\[ for the character"},
	{"[", "holds a [ without"},
	{"[!", "holds a [ without"},
	{"[]", "holds a [ without"},
	{`[a\`, "holds a [ without"},
	{`[a-\`, "holds a [ without"},
	{"[[:alpha:", "holds a [ without"},
	{"[[:alpha:]", "holds a [ without"},
	{"[[:word:]]", "holds [:word:], which is no class: write alnum, "},
	{`a\`, `ends with a single backslash: write \\`},
	{`a\/b`, "holds a backslash before a slash: write / alone"},
	{"a**/b", "holds ** beside other characters: write * there, or /**/"},
	{"$NOPE/x", "$NOPE is not set or empty: set it or write the path out"},
	{"${EMPTY}x", "$EMPTY is not set or empty"},
	{"${a", "${ without a name and }: write ${NAME}"},
	{"${}", "${ without a name"},
	{"${1a}", "${ without a name"},
	{"^(foo", "1: `^(foo`: missing closing ): write \\( for the character itself, or close the group"},
	{"^foo)", "unexpected ): write \\) for"},
	{"^[a", "missing closing ]: write \\[ for"},
	{"^a**", "invalid nested repetition operator **: write one repetition"},
	{"^*.tmp", "repeats nothing: write ^.* for anything"},
	{"^(*a)", "missing argument to repetition operator: write .* for"},
	{"^[b-a]", "invalid character class range b-a: write the range from low to high"},
	{`^a\`, `trailing backslash at end of expression: write \\`},
	{"^a{3,2}", "invalid repeat count {3,2}: write {n}, {n,} or {n,m}"},
	{"^(?#a", "holds a comment (?# without its ): close it"},
	{`^[\W]`, `holds \W inside [...], which snap cannot express: write (?:[...]|\W)`},
	{`^(?z)`, "write it as Python's re module has it"},
	{"^\xff", `1: "^\xff": is not UTF-8, which a regular expression must be: write . for`},
	{strings.Repeat("a", maxLine+1), "1: longer than 4096 bytes: write a glob"},
	{"#" + strings.Repeat("a", 4*maxLine), "1: longer than 4096 bytes"},
}

func TestBadLines(t *testing.T) {
	for _, c := range badLines {
		_, err := Parse("Blacklist.txt", strings.NewReader("# one\nok\n"+c.text+"\n"), home)
		var bad *PatternError
		if !errors.As(err, &bad) || bad.File != "Blacklist.txt" || bad.Line != 3 {
			t.Errorf("%.50q: got %v, want a *PatternError at Blacklist.txt:3", c.text, err)
			continue
		}
		want := "Blacklist.txt:" + strings.Replace(c.want, "1:", "3:", 1)
		if !strings.HasPrefix(c.want, "1:") {
			want = c.want
		}
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%.50q: got %v\nwant %s", c.text, err, want)
		}
	}
	for _, text := range []string{"", " ", "#a"} { // no line of a list, but may come from a flag
		if _, err := ParseLine("--exclude", 1, text, home); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
	if _, err := ParseLine("--exclude", 1, "~/a", Context{}); err == nil ||
		!strings.Contains(err.Error(), "--exclude:1: `~/a`: ~ cannot be expanded") {
		t.Errorf("~ without a home: %v", err)
	}
	if _, err := Parse("f", strings.NewReader(strings.Repeat("\n", maxLines+1)), home); err == nil ||
		!strings.HasPrefix(err.Error(), "f:100001: too many lines") {
		t.Errorf("too many lines: %v", err)
	}
}

// TestAnchors says for lines with slashes and expansions what they match in /home/u.
func TestAnchors(t *testing.T) {
	for _, c := range []struct{ line, match, not string }{
		{"/home/u/a", "a a/b", "b/a home/u/a"},
		{"/home/u/*.tmp", "x.tmp", "a/x.tmp"},
		{"/home/u/**/x.tmp", "x.tmp a/b/x.tmp", "x.tmpp"},
		{"/home/u/a/", "a/ a/b", "a"},
		{"/home/u2", "home/u2", "u2"},
		{"/home", "home", "a/home"}, // typed: anchored at the source
		{"/home/*/a", "home/x/a", "a"},
		{"/etc", "etc", "a/etc"},
		{"~/a", "a", "b/a"},
		{"~/**/a", "a b/a", "b"},
		{"~a", "~a x/~a", "a"},
		{"~$*.doc", "~$x.doc a/~$.doc", "x.doc"},
		{"a~", "a~", "a"},
		{`\~`, "~", "a"},
		{"$CACHE", ".cache .cache/x", "a/.cache"},
		{"${CACHE}/x", ".cache/x", ".cache"},
		{"$CACHE/*", ".cache/x", ".cache"},
		{"$SLASH", "s/", "s"},
		{"$SLASH/x", "s/x", "x"},
		{"$STAR", "* a/*", "a"},
		{"$STAR*", "*a *", "a"},
		{"a/$WORD.x", "a/word.x", "word.x"},
		{"a${WORD}b", "awordb x/awordb", "aword"},
		{"${WORD}", "word a/word", "a"},
		{"$_a1", "under", "a"},
		{`\$WORD`, "$WORD", "word"},
		{"[$WORD]", "$ W", "word"},
		{"$", "$", "a"},
		{"a$.b$", "a$.b$", "a"},
		{"$TILDE/a", "~/a", "a"},
		{"$ROOT/home/u/a", "a", "home/u/a b/a"},
		{"$ROOT/*/u/a", "a", "x/u/a"},
		{"$ROOT/*/*/*/a", "x/a", "a"},
		{"$ROOT/**/u/a", "a u/a b/u/a", "b/a"},
		{"$OUT", "", "srv/data data"},
		{"$OUT/*.tmp", "", "a.tmp srv/data/a.tmp"},
	} {
		r, err := ParseLine("f", 1, c.line, home)
		if err != nil {
			t.Errorf("%q: %v", c.line, err)
			continue
		}
		check(t, New([]*Rule{r}, nil, home), c.line, c.match, false)
		check(t, New([]*Rule{r}, nil, home), c.line, c.not, true)
	}
}

// check demands one answer for several paths, separated by spaces, those with a
// slash at the end being folders.
func check(t *testing.T, s *Set, what, paths string, included bool) {
	t.Helper()
	for _, p := range strings.FieldsFunc(paths, func(r rune) bool { return r == ' ' }) {
		p, isDir := strings.CutSuffix(p, "/")
		v, err := s.Explain(p, isDir)
		if err != nil {
			t.Fatal(err)
		}
		if v.Included != included {
			t.Errorf("%q: %q is included: %t, want %t", what, p, v.Included, included)
		}
	}
}

func TestAnchorsAtRoot(t *testing.T) {
	for _, source := range []string{"/", ""} {
		c := Context{Source: source}
		for _, line := range []string{"/home/u", "^/home/u$"} {
			r, err := ParseLine("f", 1, line, c)
			if err != nil {
				t.Fatal(err)
			}
			check(t, New([]*Rule{r}, nil, c), line, "home/u home/u/a", false)
			check(t, New([]*Rule{r}, nil, c), line, "home a/home/u", true)
		}
		if _, err := ParseLine("f", 1, "/", c); err == nil {
			t.Error("/ is accepted")
		}
	}
}
