package filter

import (
	"strings"
	"testing"
	"time"
)

var regexpLines = []struct{ line, match, not string }{
	{`^/home/u/a`, "a ab a/b", "b b/a"}, // re.match needs no end
	{`^/home/u/a$`, "a a/b", "ab"},      // b is in a folder left out
	{`^.*\.tmp$`, "a.tmp b/a.tmp", "a.tmpx"},
	{`^/x|/home/u/b`, "b", "a/home/u/b a"}, // each alternative is anchored
	{`^.*/b\Z`, "b a/b", "bb"},
	{`^/home/u/ab{,2}$`, "a ab abb", "abbb"},
	{`^/home/u/[{,2}]$`, "{ , 2 }", "a"},
	{`^/home/u/a\{,2}$`, "a{,2}", "a"},
	{`^/home/u/a(?#comment)b`, "ab", "a"},
	{`^/home/u/[(?#)]`, "( ? # )", "a"},
	{`^/home/u/\Q{,2}\E$`, "{,2}", "a"},
	{`^/home/u/[]a]$`, "] a", "b"},
	{`^/home/u/[^]\]a]$`, "b", "] a"},
	{`^/home/u/[[:digit:]{,3}]$`, "1 { ,", "a"},
	{`^/home/u/\w+$`, "a é ñ日本 x²", "a-b"},
	{`^/home/u/[\w-]+$`, "a-é", "a.b"},
	{`^/home/u/[^\w]$`, "- +", "é"},
	{`^/home/u/\W$`, "-", "é"},
	{`^/home/u/\d$`, "1 ٣", "² a"},
	{`^/home/u/[\d]$`, "1 ٣", "² a"},
	{`^/home/u/[^\D]$`, "1 ٣", "² a"},
	{`^/home/u/\D$`, "a", "٣"},
	{`^/home/u/a\sb$`, "a\u00a0b", "a_b"},
	{`^/home/u/[\s\S]$`, "a é \u00a0", "ab"},
	{`^/home/u/[\S]$`, "a é 日", "\u00a0 \u2003"},
	{`^/home/u/\S$`, "a é", "\u00a0 \u2003"},
	{`^(?i)/HOME/u/É$`, "é É", "e"},
	{`^/home/u/(?P<n>a|b)$`, "a b", "c"},
	{`^/home/u/a.b$`, "a\xffb aéb", "ab"},
	{`^/home/u/[^a]$`, "\xff b", "a"},
	{`^/home/u/\xff$`, "ÿ", "\xff"},
	// On the backtracking engine:
	{`^/home/u/(?!a)`, "b", "a ab"},
	{`^/home/u/(?P<n>a|b)(?P=n)$`, "aa bb", "ab"},
	{`^/home/u/(a|b)\1$`, "aa bb", "ab"},
	{`^(?=.)x|/home/u/b`, "b", "a/home/u/b"},
	{`^(?=.)/home/u/\w\d\s?[\w]$`, "é٣ñ", "-1a"},
	{`^(?=.)/home/u/a.b$`, "a\xffb", "ab"},
	{`^(?=.)/home/u/ab{,2}\Z`, "a abb", "abbb"},
	{`^/home/u/a++b$`, "aab", "b"},
}

func TestRegexps(t *testing.T) {
	for _, c := range regexpLines {
		r, err := ParseLine("f", 1, c.line, home)
		if err != nil {
			t.Errorf("%q: %v", c.line, err)
			continue
		}
		s := New([]*Rule{r}, nil, home)
		check(t, s, c.line, c.match, false)
		check(t, s, c.line, c.not, true)
	}
}

// TestSpaces compares \s with the 29 characters that Python 3 has.
func TestSpaces(t *testing.T) {
	const python = "\t\n\v\f\r\x1c\x1d\x1e\x1f " +
		"\u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
	for _, expr := range []string{`^/\s$`, `^/[\s]$`, `^/[^\S]$`, `^(?=/)/\s$`, `^(?=/)/[\s]$`, `^(?=/)/[^\S]$`} {
		p, why := compileRegexp(expr)
		if why != "" {
			t.Fatal(expr, why)
		}
		for r := rune(1); r < 0x20000; r++ {
			if r >= 0xd800 && r < 0xe000 {
				continue
			}
			got, err := p.match("/" + string(r))
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.ContainsRune(python, r); got != want {
				t.Errorf("%s and %U: %t, Python says %t", expr, r, got, want)
			}
		}
	}
}

func TestLiteralPrefix(t *testing.T) {
	for expr, want := range map[string]string{
		`^/home/u/.*`:      "/home/u/",
		`^/home/u/\.cache`: "/home/u/.cache",
		`^/homes?/`:        "/home",
		`^/homes*/`:        "/home",
		`^/homes{0}/`:      "/home",
		`^/homes+/`:        "/homes",
		`^/é*`:             "/",
		`^/a\d`:            "/a",
		`^/a|b`:            "",
		`^(?i)/a`:          "",
		`^^/a`:             "",
		`^/a$`:             "/a",
		"^/a\ufffdb":       "/a",
		`^/a\`:             "/a",
		`^`:                "",
	} {
		if got := literalPrefix(expr); got != want {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}

// TestTimeout demands that no answer in time is an error that says where, for both lists.
func TestTimeout(t *testing.T) {
	r, err := ParseLine("Whitelist.txt", 7, `^/home/u/d/(?=a)(a+)+$`, home)
	if err != nil {
		t.Fatal(err)
	}
	r.re.re.MatchTimeout = 20 * time.Millisecond // three seconds show no more
	path := "d/" + strings.Repeat("a", 40) + "!"
	for _, s := range []*Set{New([]*Rule{r}, nil, home), New(nil, []*Rule{r}, home)} {
		_, err := s.Explain(path, false)
		if err == nil {
			t.Fatal("no error")
		}
		for _, part := range []string{"Whitelist.txt:7: `^/home/u/d/(?=a)(a+)+$`: gave no answer for `/home/u/" + path +
			"`: ", "timeout"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%v\nlacks %s", err, part)
			}
		}
		check(t, s, r.Text, "b d", true)
	}
}
