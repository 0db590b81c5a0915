package cli

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"snap/cli/wire"
	"snap/internal/quote"
)

// obeyed finds what a terminal would obey in an output.
func obeyed(s string) string {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || r < 0x20 && r != '\n' || r == 0x7f || r >= 0x80 && r <= 0x9f ||
			strings.ContainsRune("\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", r) {
			return strconv.Quote(s[max(0, i-20):min(len(s), i+20)])
		}
		i += n
	}
	return ""
}

// hostile draws names that try everything on a terminal.
func hostile(t *rapid.T, label string) string {
	part := rapid.SampledFrom([]string{"a", "ü", "\n", "\r", "\t", "\x1b[2J", "\x1b]0;x\a", "\x7f", "\u009b", "\u202e",
		"\u2066", "\u2028", "\xff", "\xc2", "\xe2\x80", "\"", "\\", " -> ", "'", "$x", "\b"})
	return strings.Join(rapid.SliceOfN(part, 1, 5).Draw(t, label), "")
}

func TestQuotedNamesAreHarmlessAndDistinct(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := hostile(t, "a"), hostile(t, "b")
		if bad := obeyed(quote.Name(a) + quote.Clean(a)); bad != "" {
			t.Fatalf("%q: %s", a, bad)
		}
		if a != b && quote.Name(a) == quote.Name(b) {
			t.Fatalf("%q and %q look the same: %s", a, b, quote.Name(a))
		}
		text, b64 := wire.Name(a)
		if (b64 == "") != utf8.ValidString(a) || !utf8.ValidString(text) {
			t.Fatalf("%q: %q, %q", a, text, b64)
		}
	})
}

// No command lets a name reach a terminal as it is, whatever it prints and wherever.
func TestNoOutputCommandsATerminal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t, false)
		dir, name, target := hostile(t, "dir"), hostile(t, "name"), hostile(t, "target")
		w.source = "/home/" + hostile(t, "source")
		w.mkdir(dir)
		w.put(dir+"/"+name, "x")
		w.symlink(dir+"/link"+name, target)
		w.snapshot(t)
		w.move(dir+"/"+name, name+"moved")
		w.snapshot(t)
		word := hostile(t, "word")
		for _, args := range [][]string{
			{"list"}, {"ls"}, {"ls", "-lR", "latest"}, {"ls", "-R", "latest~1:" + dir}, {"diff", "oldest", "latest"},
			{"diff", "-v", "latest", "oldest"},
			{"find", "*"}, {"find", "--regex", "."}, {"history", dir + "/" + name}, {"history", "--no-follow", name + "moved"},
			{"find", word}, {"find", "[" + word},
			{"cat", "latest:" + name + "moved"}, {"cat", "latest:" + dir}, {"cat", "latest~1:" + dir + "/link" + name},
			{"cat", word}, {"ls", "latest:" + word},
			{word}, {"--" + word}, {"ls", "-" + word}, {"diff", word}, {"list", "--units", word}, {"-d", word, "list"},
			{"ls", "@" + word}, {"ls", "tag:" + word},
			{"list", "--json"}, {"ls", "-R", "--json", "latest"}, {"find", "--json", "*"}, {"diff", "--json"},
			{"history", "--json", name + "moved"},
			{"__complete", "snap ls latest:"}, {"completion", word}, {"find", "x", "--since", word},
			{"find", "x", "--size", word},
		} {
			stdout, stderr, _ := runLine(w.dest, args)
			if args[0] == "__complete" {
				stdout = strings.ReplaceAll(stdout, "\t", "")
			}
			if bad := obeyed(stdout); bad != "" {
				t.Fatalf("%q prints %s", args, bad)
			}
			if bad := obeyed(stderr); bad != "" {
				t.Fatalf("%q says %s", args, bad)
			}
		}
	})
}
