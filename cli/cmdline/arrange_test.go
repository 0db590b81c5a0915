package cmdline

import (
	"strings"
	"testing"

	"snap/internal/hint"
)

func TestFlagsMayStandAnywhere(t *testing.T) {
	for _, c := range []struct {
		line string
		want string // the arranged line after "lib", or the error
	}{
		{"shelf a -l", "shelf --long -- a"},
		{"shelf -lR a", "shelf --long --recursive -- a"},
		{"-l shelf a", "shelf --long -- a"},
		{"shelf a --sort year", "shelf --sort=year -- a"},
		{"--sort year shelf a", "shelf --sort=year -- a"},
		{"shelf --sort=year a", "shelf --sort=year -- a"},
		{"shelf -d/mnt/x", "--dir=/mnt/x shelf --"},
		{"shelf -d=/mnt/x", "--dir=/mnt/x shelf --"},
		{"shelf -ld /mnt/x", "--dir=/mnt/x shelf --long --"},
		{"--dir /mnt/x shelf --json", "--dir=/mnt/x --json shelf --"},
		{"shelf -vvl", "--verbose --verbose shelf --long --"},
		{"shelf -v --json -v", "--verbose --json --verbose shelf --"},
		{"lend -- --mark -l", "lend -- --mark -l"},
		{"lend - x", "lend -- - x"},
		{"lend a b -- c -d", "lend -- a b c -d"},
		{"books", "shelf --"},
		{"lend a --mark --json", "lend --mark=--json -- a"},
		{"shelf -z", `shelf: unknown flag -z`},
		{"shelf -lz", `shelf: unknown flag -lz`},
		{"shelf --lnog", `shelf: unknown flag --lnog`},
		{"--nonsense shelf", `unknown flag --nonsense`},
		{"--mark x shelf", `shelf: unknown flag --mark`},
		{"--mark x", `unknown flag --mark`},
		{"shelf --sort", `the flag --sort needs a value`},
		{"shlf", `unknown command shlf`},
		{"-- shelf", `no command before "--"`},
		{"", ""},
	} {
		got, err := library().arrange(append([]string{"lib"}, strings.Fields(c.line)...))
		text := strings.Join(got.args[min(1, len(got.args)):], " ")
		if err != nil {
			text = err.Error()
			if !hint.IsUsage(err) {
				t.Errorf("%q: not a usage error: %v", c.line, err)
			}
		}
		if text != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.line, text, c.want)
		}
	}
}

func TestUnknownFlagsGetAWayOut(t *testing.T) {
	for line, want := range map[string]string{
		"shelf --recursiv": `did you mean "--recursive"?`, "shelf --jsn": `did you mean "--json"?`,
		"lend --qqq x": "a book is lent for four weeks", "shelf --qqq x": "for the flags: lib shelf --help",
		"shelf -z": "for the flags: lib shelf --help", "--zzzzz": "for the flags: lib --help",
	} {
		_, err := library().Parse(append([]string{"lib"}, strings.Fields(line)...))
		if got := strings.Join(hint.Lines(err, library().Typed), "\n"); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("shelf\x00-lR\x00latest")
	f.Add("--dir\x00x\x00--\x00-")
	f.Add("-d")
	f.Add("--=\x00-\x00--x=\x00-=")
	f.Fuzz(func(t *testing.T, joined string) {
		line, err := library().Parse(append([]string{"lib"}, strings.Split(joined, "\x00")...))
		if err != nil && !hint.IsUsage(err) || err == nil && line.Command == nil && !line.Help && !line.Version {
			t.Fatalf("%q: %+v, %v", joined, line, err)
		}
	})
}
