package filter

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"snap/internal/long"
)

// git's globs know bytes, those of snap characters. So that git can judge them, its files have their names in
// Latin-1, and so has its list: there a byte is a character. Where no character is meant, a byte is one in both.
func latin1(s string) string {
	var b []byte
	for s != "" {
		c, n := firstChar(s)
		b, s = append(b, byte(c)), s[n:]
	}
	return string(b)
}

// repo is a tree of real files and folders that git judges.
type repo struct {
	dir   string
	paths []string // of all there is, folders included, in the spelling of snap
	isDir map[string]bool
}

func newRepo(t *testing.T, dirs, names []string) *repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs git: its check-ignore is what the globs are compared with")
	}
	r := &repo{dir: t.TempDir(), isDir: map[string]bool{}}
	if out, err := r.git("init", "-q").CombinedOutput(); err != nil {
		t.Fatalf("git init: %v\n%s", err, out)
	}
	for _, d := range dirs {
		if err := os.MkdirAll(filepath.Join(r.dir, latin1(d)), 0o755); err != nil {
			t.Fatal(err)
		}
		for p := d; p != "."; p = filepath.Dir(p) {
			r.isDir[p] = true
		}
	}
	for d := range r.isDir {
		r.paths = append(r.paths, d)
	}
	for _, n := range names {
		for _, d := range append([]string{""}, dirs...) {
			p := filepath.Join(d, n)
			if r.isDir[p] {
				continue
			}
			if err := os.WriteFile(filepath.Join(r.dir, latin1(p)), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			r.paths = append(r.paths, p)
		}
	}
	slices.Sort(r.paths)
	return r
}

func (r *repo) git(args ...string) *exec.Cmd {
	c := exec.Command("git", args...)
	c.Dir = r.dir
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C")
	return c
}

// ignored returns for each path the number of the line that git says decides, or nothing.
func (r *repo) ignored(t *testing.T, list []byte) []string {
	t.Helper()
	file := filepath.Join(r.dir, ".git", "list")
	if err := os.WriteFile(file, []byte(latin1(string(list))), 0o644); err != nil {
		t.Fatal(err)
	}
	c := r.git("-c", "core.excludesFile="+file, "check-ignore", "--no-index", "--stdin", "-z", "-v", "-n")
	// Without ./ a path that starts with : would be a pathspec.
	c.Stdin = strings.NewReader(latin1("./" + strings.Join(r.paths, "\x00./") + "\x00"))
	out, err := c.Output()
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("git check-ignore: %v", err)
	}
	fields := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") // source, line, pattern, path
	if len(fields) != 4*len(r.paths) {
		t.Fatalf("git check-ignore gave %d fields for %d paths", len(fields), len(r.paths))
	}
	var lines []string
	for f := range slices.Chunk(fields, 4) {
		lines = append(lines, f[1])
	}
	return lines
}

// compare checks every path of r against git: whether a line of the list matches and which. Lines
// that snap refuses are left out. It returns the number of paths compared.
func (r *repo) compare(t *testing.T, lines []string) int {
	t.Helper()
	list := []byte(strings.Join(lines, "\n") + "\n")
	rules, err := Parse("list", bytes.NewReader(list), Context{})
	if err != nil {
		t.Fatal(err)
	}
	ignored := r.ignored(t, list)
	set := New(rules, nil, Context{})
	n := 0
	for i, path := range r.paths {
		if bytes.Contains(list, []byte("[:")) && strings.Contains(path, "é") {
			continue // the classes of git are those of ASCII
		}
		n++
		v, err := set.Explain(path, r.isDir[path])
		if err != nil {
			t.Fatal(err)
		}
		line := ""
		if v.Rule != nil {
			line = fmt.Sprint(v.Rule.Line)
		}
		if want := ignored[i]; line != want || v.Included != (want == "") {
			t.Errorf("list %q\npath %q (folder: %t): line %q, git says line %q", lines, path, r.isDir[path], line, want)
		}
	}
	return n
}

// usable splits off the lines that snap refuses. Lines that mean something else here are dropped.
func usable(lines []string) (good, refused []string) {
	for _, l := range lines {
		if strings.TrimSpace(l) == "" || l[0] == '#' || l[0] == '^' {
			continue
		}
		if _, err := ParseLine("list", 1, l, Context{}); err != nil {
			refused = append(refused, l)
			continue
		}
		good = append(good, l)
	}
	return good, refused
}

var gitLines = []string{
	"a", "/a", "a/", "/a/", "a/b", "/a/b", "a/b/", "a/*", "a/**", "/a/**", "**/a", "**/a/b", "a/**/b", "a/**/b/",
	"**", "**/", "*", "*/", "/*", "/*/", "*/*", "**/*", "*/**", "***", "a/***/b", "a/**/**/b", "**/**/a", "/**/a", "/**",
	"*.txt", "*.tar.gz", "*.", "*~", ".*", "*.*", "a*", "*a*", "a*b", "a**", "**a", "x/**a", "a/b**", "?", "??",
	"a?", "?b",
	"[ab]", "[!a]", "[^a]", "[a-c]", "[!a-c]b", "[]a]", "[!]a]", "[]-a]", "[a-]", "[-a]", "[--a]", "[a-b-z]", `[\]]`,
	`[\a-\c]`, `[a\]b]`,
	"[[:alpha:]]", "[[:digit:]]*", "[![:alnum:]]", "[[:upper:][:digit:]]", "[[:alpha]", "[[:]", "[[]", "[[]a[]]",
	"[a-[:alpha:]]", "[[:alpha:]-z]",
	"a[/]b", "a[a/]b", "[/a]", "[!/]b", `\a`, `\*`, `\?`, `\[a]`, `\[a\]`, `\\`, `a\b`, `\!a`, `\#a`, "#a", `\ `, `a\ `,
	"a ", `a\  `, " a", "a b", "{a,b}", "{a}",
	"é", "?é", "[é]", "??b", "\xff", "?\xff", "[é-ü]", "[!é]", "[a-é]", "é*", "*é", "[\xff]", "[!a-z]", "*b/", "a/*.txt",
	"/*.txt", "a/*/b", "*/b", "/*/b", "a/b/a", "b/a", "a/?", "a/[ab]/b", "A", "[A-z]", "[a-B]",
	"~", "a~", "$", "a$", "*$", "$.a", "(", "a|b", "a.b", "*b*", "*.t?t", "*.[tz]*", "**/*.txt", "a/**/*.txt", "**/b/*",
	"**/b/**", "a/**/b/**/a", "*a*a*a*b", "a/b*/", "?/",
}

// TestGitTable compares each line alone.
func TestGitTable(t *testing.T) {
	r := newRepo(t, []string{"a/b/a", "a/ab", "b/a/b", "A", "x/y.txt/a", "[a]/b", "é/b"},
		[]string{"a", "b", "ab", "c", "a.b", "foo.txt", "x.tar.gz", ".txt", "a~", "~", "A", "1", "[", "]", "[a]", "-", "*",
			"?", `\`, "!a", "#a", "a b", "a ", " ", " a", "{a}", "é", "aé", "\xff", "a\xff", "a$", "$", "(", "a|b", "aXaYaZb",
			"_", "^"})
	n := 0
	lines, _ := usable(gitLines)
	for _, l := range lines {
		n += r.compare(t, []string{l})
	}
	t.Logf("%d cases agree with git check-ignore", n)
}

// TestGitClasses compares the POSIX classes for every byte that a name can hold.
func TestGitClasses(t *testing.T) {
	var names []string
	for b := 1; b < 256; b++ {
		if b != '/' && b != '.' {
			names = append(names, string([]byte{byte(b)}))
		}
	}
	r := newRepo(t, nil, names)
	n := 0
	for class := range classes {
		n += r.compare(t, []string{"[[:" + class + ":]]"})
		n += r.compare(t, []string{"[![:" + class + ":]]"})
	}
	t.Logf("%d cases agree with git check-ignore", n)
}

// TestGitGenerated compares generated lists of one to four lines. Those refused match nothing in
// git either, but for two spellings that git itself reads in surprising ways.
func TestGitGenerated(t *testing.T) {
	r := newRepo(t, []string{"a/b/ab/a", "a/ab/b", "b/a/a/b", "ab/a.b/a", "b/[a]/a"},
		[]string{"a", "b", "ab", "ba", "aab", "a.b", ".b", "a]", "[a]", `a\`, "-", "*", "é", "a\xff"})
	rnd := rand.New(rand.NewPCG(8, 26))
	pick := func(from ...string) string { return from[rnd.IntN(len(from))] }
	segment := func() string {
		s := pick("**", "*", "", "", "", "", "")
		for range rnd.IntN(4) {
			s += pick("a", "a", "b", "b", "ab", ".", "*", "*", "?", "[ab]", "[!a]", "[^b.]", "[a-b]", "[]a]", "[[:alpha:]]",
				"[![:alpha:]]", `\a`, `\*`, `\[`, `\]`, `\\`, "[a", "]", "-", "[*-a]", "[[:a]", "é", "\xff", "**", "[/]", "[a/]",
				" ", `\ `)
		}
		return s
	}
	sets, refused, n := long.Of(200, 700), 0, 0
	for range sets {
		var lines []string
		for range 1 + rnd.IntN(4) {
			l := pick("", "", "/", "**/", "/**/") + segment()
			for range rnd.IntN(4) {
				l += "/" + segment()
			}
			lines = append(lines, l+pick("", "", "/", "/**", " "))
		}
		lines, bad := usable(lines)
		if len(lines) > 0 {
			n += r.compare(t, lines)
		}
		for _, l := range bad {
			refused++
			if strings.Contains(l, "**") || strings.Contains(l, `\/`) {
				continue
			}
			if hits := strings.Join(r.ignored(t, []byte(l+"\n")), ""); hits != "" {
				t.Errorf("line %q is refused, but git finds a match", l)
			}
		}
	}
	t.Logf("%d cases agree with git check-ignore; %d lines were refused", n, refused)
}
