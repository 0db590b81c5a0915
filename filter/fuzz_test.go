package filter

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func addSeeds(f *testing.F, add func(line string)) {
	for _, l := range gitLines {
		add(l)
	}
	for _, c := range badLines {
		if len(c.text) < 100 {
			add(c.text)
		}
	}
	for _, c := range regexpLines {
		add(c.line)
	}
}

// FuzzParse: a list is read, or refused with a line of it; what was read reads the same again.
func FuzzParse(f *testing.F) {
	addSeeds(f, func(l string) { f.Add([]byte("\ufeff# x\r\n" + l + "\r\n" + l)) })
	f.Fuzz(func(t *testing.T, list []byte) {
		lines := bytes.Count(list, []byte("\n")) + 1
		rules, err := Parse("f", bytes.NewReader(list), home)
		if err != nil {
			var bad *PatternError
			if !errors.As(err, &bad) || bad.Line < 1 || bad.Line > lines || bad.Why == "" {
				t.Fatalf("not a line of the list: %v", err)
			}
			return
		}
		for _, r := range rules {
			if r.Line < 1 || r.Line > lines {
				t.Fatalf("line %d of %d", r.Line, lines)
			}
			if _, err := ParseLine("f", r.Line, r.Text, home); err != nil {
				t.Fatalf("read once, but then: %v", err)
			}
		}
	})
}

// FuzzMatch: a line leaves out as a blacklist just what it brings back as a whitelist, and the
// walk gets there; plain globs mean what the model says.
func FuzzMatch(f *testing.F) {
	addSeeds(f, func(l string) {
		for _, p := range []string{"a", "a/b/ab", "x.txt/\xff/é"} {
			f.Add(l, p, true)
		}
	})
	all, err := ParseLine("all", 1, "*", home)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, line, path string, isDir bool) {
		r, err := ParseLine("f", 1, line, home)
		if err != nil || strings.Contains("/"+path+"/", "//") || strings.Contains(path, "\x00") ||
			r.re != nil && r.re.re != nil {
			return // nothing to be matched
		}
		out := mustAgree(t, New([]*Rule{r}, nil, home), path, isDir)
		in := mustAgree(t, New([]*Rule{all}, []*Rule{r}, home), path, isDir)
		if out.Included == in.Included || in.Included && in.Rule != out.Rule {
			t.Fatalf("%q: blacklisted %+v, whitelisted %+v", path, out, in)
		}
		if strings.Trim(line, "ab.*?/") != "" || strings.Trim(path, "ab./") != "" {
			return
		}
		for _, s := range strings.Split(line, "/") {
			if strings.Contains(s, "**") && s != "**" {
				return // git's `a**`
			}
		}
		if want := model([]string{line}, nil, path, isDir, home); out.Included != want {
			t.Fatalf("%q: included %t, the model says %t", path, out.Included, want)
		}
	})
}
