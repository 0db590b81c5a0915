package cli

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"snap/internal/quote"
)

// exampleWorld is set up so that the examples of the help have something to work on.
const exampleWorld = `
mkdir -p docs/letters src photos letters private .cache Documents .config/fish/completions /mnt/disk/me /mnt/disk/all /mnt/usb /mnt/other /mnt/new /mnt/old/2026-01-01
echo a >.cache/x; echo 1 >docs/report.txt; echo 2 >docs/a.txt; echo 3 >src/main.go; echo 3 >src/a.txt; echo 4 >letters/2024.odt; echo 5 >docs/letters/gone.odt
echo 6 >photos/a.jpg; echo 7 >Documents/report.odt; echo 8 >/mnt/old/2026-01-01/f; echo 9 >/srv/x; echo 10 >letters/secret.odt; echo 11 >a.iso; echo 12 >private/x
snap init -q /mnt/usb
snap backup -q /mnt/disk/me ~ --tag old
rm docs/letters/gone.odt
snap backup -q /mnt/disk/me ~ --tag old --tag release
echo more >>docs/report.txt
`

// TestExamplesOfTheHelp runs the examples of every command as they stand there, by the shell that they are for.
func TestExamplesOfTheHelp(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("bash is missing")
	}
	w := newDocWorld(t)
	w.clock = time.Date(2025, 10, 23, 12, 0, 0, 0, time.UTC)
	w.env = append(w.env, "XDG_CONFIG_HOME="+filepath.Join(w.cwd, ".config"))
	w.both = true
	for line := range strings.Lines(strings.TrimSpace(exampleWorld)) {
		w.run(strings.TrimSpace(line))
	}
	w.clock = time.Date(2026, 10, 23, 12, 0, 0, 0, time.UTC)
	for range 12 { // one of them is 20261101-120000
		w.run("snap backup -q --force /mnt/disk/me ~")
	}
	w.env = append(w.env, "SNAP_DEST="+filepath.Join(w.dir, "mnt/disk/me")) // the examples of backup and init have others
	ran := 0
	all := commands()
	slices.SortStableFunc(all, func(a, b *command) int { // what deletes snapshots comes last
		deletes := func(c *command) int { return strings.Count("prune delete", c.Name) }
		return deletes(a) - deletes(b)
	})
	for _, cmd := range all {
		if cmd.Name == "undelete" {
			w.run("rm -r docs/report.txt docs/letters")
		}
		for line := range strings.Lines(strings.TrimSpace(cmd.Examples)) {
			line = strings.TrimSpace(line)
			shell := "bash"
			switch {
			case strings.Contains(line, "completion zsh"):
				shell, line = "zsh", "autoload -U compinit; compinit -D; "+line
			case strings.Contains(line, "| man "):
				shell = "man"
			}
			if _, err := exec.LookPath(shell); err != nil {
				t.Logf("%s is missing: %s", shell, line)
				continue
			}
			if shell == "man" {
				shell = "bash"
			}
			if cmd.Name == "web" { // it goes on until it is told to end
				typed, _, _ := strings.Cut(line, " #")
				serve, link := typed, "snap web --link -q"
				if strings.Contains(typed, "--link") {
					serve, link = "snap web --no-open", typed
				}
				line = serve + " >/dev/null & page=$!; until " + link + " || ! kill -0 $page; do :; done; " +
					"kill $page && wait $page; true"
			}
			line = strings.Replace(line, "s3:https://s3.eu-central-003.backblazeb2.com/my-bucket/me",
				"vault:"+filepath.Join(w.dir, "srv"), 1)
			w.codes = nil
			if strings.Contains(line, "--exit-code") { // there may be differences
				w.codes = []int{1}
			}
			if strings.Contains(line, "--min-free") { // the disk of the tests may be so full that it cannot be had
				w.codes = []int{3}
			}
			out := w.run(shell + " -c " + quote.Word("sudo() { \"$@\"; }; "+line))
			ran++
			if strings.Contains(out, "panic:") {
				t.Errorf("%s\n%s", line, out)
			}
		}
	}
	if ran < 40 {
		t.Errorf("only %d examples were run", ran)
	}
}
