package filter

import (
	"strings"
	"testing"
)

// TestIdle: the rules that match nothing are known, also where another rule is the one that decides.
func TestIdle(t *testing.T) {
	c := Context{Source: "/src", Home: "/src"}
	parse := func(file, text string) []*Rule {
		rules, err := Parse(file, strings.NewReader(text), c)
		if err != nil {
			t.Fatal(err)
		}
		return rules
	}
	exclude := "*.tmp\nx.tmp\n*.TMP\n*.tmp\n/a/x.tmp\n^/src/a/.*tmp\n" +
		"^/src/.*\\.nothing\nb/\nx.tmp/\n/b/inside\n?.tmp\n/src/a\n/src/nowhere\nnot-there\n/wh*/y.tmp"
	include := "white\n/black\n/b/inside\nnothing*"
	s := New(parse("black", exclude), parse("white", include), c)
	walk := func(dir Dir, names ...string) {
		for i, name := range names {
			v, err := dir.Check(name, i < len(names)-1)
			if err != nil {
				t.Fatal(err)
			}
			if i < len(names)-1 {
				if !v.Walk {
					return
				}
				dir = dir.Enter(name, v)
			}
		}
	}
	if n := len(s.Idle()); n != 18 { // one of the two *.tmp answers for both
		t.Errorf("before the walk %d rules are idle", n)
	}
	for _, p := range []string{"x.tmp", "b/inside", "b/x.tmp", "white/y.tmp"} {
		walk(s.Root(), strings.Split(p, "/")...)
	}
	var idle []string
	for _, r := range s.Idle() {
		idle = append(idle, r.File+": "+r.Text)
	}
	want := "black: *.TMP|black: /a/x.tmp|black: ^/src/a/.*tmp|black: ^/src/.*\\.nothing|black: x.tmp/|black: " +
		"/b/inside|black: /src/a|black: /src/nowhere|" +
		"black: not-there|black: /wh*/y.tmp|white: /black|white: nothing*"
	if got := strings.Join(idle, "|"); got != want {
		t.Errorf("idle\n got %s\nwant %s", got, want)
	}
	walk(s.Root(), "a", "x.tmp")
	if got := len(s.Idle()); got != 11 { // /src/a; what is in it is left out with it
		t.Errorf("%d rules are idle", got)
	}
}
