package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"snap/internal/harness"
)

// varyingText is what the programs of the other documents print otherwise on each machine and in each run.
var varyingText = []varies{
	{`\b\d+\.\d s\b`, "0.1 s"},
	{`(?m)^  file system   .*`, "  file system   ext4"},
	{`(?m)^  hard links    .*`,
		"  hard links    yes: unchanged files cost a name, not their bytes (65000 names a file at most, then one more copy)"},
	{`(?m)^  reflinks      .*`, "  reflinks      no: a change of mode or owner copies the file again"},
	{`(?m)^  attributes    .*`, "  attributes    yes: xattrs and ACLs are kept in the tree"},
	{`(?m)^  owners        .*`, "  owners        yes: files keep their owners"},
	{`(?m)^  upper/lower   .*`, "  upper/lower   yes: names that differ in case are different files"},
	{`(?m)^  time stamps   .*`, "  time stamps   1 ns"},
	{`(?m)^  free          .*`, "  free          900 GiB, 61,000,000 inodes"},
	{`(?m)^Free         .*`, "Free         900 GiB of 1.8 TiB (49%), 61,000,000 inodes"},
	{`(?m)^Growth       of all on this disk (about|none).*`, "Growth       of all on this disk about 24 KiB a day: room for more than ten years"},
	{`(?m); \S+ \S+ of \S+ \S+ free$`, "; 900 GiB of 1.8 TiB free"},
	{`(?m)^(Index|Change sets)( +) .*`, "$1$2 100 KiB"},
}

// setupOrConsole is what a document does: the lines of a comment that begins with "setup" are run, each by itself,
// and not shown; those of a console block are run and compared.
var setupOrConsole = regexp.MustCompile("(?s)<!-- setup\n(.*?)-->\n|```console\n(.*?)```\n")

// needs is a comment that names the programs that the examples of a document use.
var needs = regexp.MustCompile("<!-- needs (.*?) -->")

// TestDocuments runs the examples of every document in docs, each from its top to its end in a world of its own, and
// compares what they print with what stands there. go test ./cli -run Documents -update writes it.
func TestDocuments(t *testing.T) {
	names, err := filepath.Glob("../docs/*.md")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(name) == "json.md" || !consoleBlock.Match(text) {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			for _, m := range needs.FindAllStringSubmatch(string(text), -1) {
				for _, tool := range strings.Fields(m[1]) {
					if tool == "python3" {
						harness.Python(t, "base64, json, struct") // for docs/read_*.py
					} else if _, err := exec.LookPath(tool); err != nil {
						t.Skipf("%s is missing", tool)
					}
				}
			}
			w := newDocWorld(t)
			project, err := filepath.Abs("..")
			if err == nil {
				err = os.Symlink(project, filepath.Join(w.dir, "srv/snap")) // documents may use what is in docs
			}
			if err != nil {
				t.Fatal(err)
			}
			w.both, w.varying = true, varyingText
			got := setupOrConsole.ReplaceAllStringFunc(string(text), func(part string) string {
				m := setupOrConsole.FindStringSubmatch(part)
				for line := range strings.Lines(m[1]) {
					w.prepare(strings.TrimSuffix(line, "\n"))
				}
				if m[1] != "" {
					return part
				}
				var b strings.Builder
				for _, e := range examples(m[2]) {
					out := w.run(e.line)
					if out != e.out && !*update {
						t.Errorf("$ %s\nprints\n%s%s says\n%s", e.line, out, name, e.out)
					}
					fmt.Fprintf(&b, "$ %s\n%s", strings.ReplaceAll(e.line, "\n", "\n> "), out)
				}
				return "```console\n" + b.String() + "```\n"
			})
			if *update && got != string(text) {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

var linkTo = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestLinksOfTheDocuments: whatever a document links to in the project is there, and the README leads to every
// document.
func TestLinksOfTheDocuments(t *testing.T) {
	var led []string
	for _, pattern := range []string{"../*.md", "../docs/*.md"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range linkTo.FindAllStringSubmatch(string(text), -1) {
				target, anchor, _ := strings.Cut(m[1], "#")
				if strings.Contains(target, ":") {
					continue
				}
				to := name
				if target != "" {
					to = filepath.Join(filepath.Dir(name), target)
				}
				if name == "../README.md" {
					led = append(led, to)
				}
				there, err := os.ReadFile(to)
				if info, _ := os.Stat(to); err != nil && (info == nil || !info.IsDir()) {
					t.Errorf("%s links to %s, which is not there", name, m[1])
				} else if anchor != "" && !slices.Contains(anchors(string(there)), anchor) {
					t.Errorf("%s links to %s, which has no such heading", name, m[1])
				}
			}
		}
	}
	names, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !slices.Contains(led, name) {
			t.Errorf("README.md has no link to %s", name)
		}
	}
}

// anchors are those of the headings of a document, as its readers make them.
func anchors(text string) (all []string) {
	for line := range strings.Lines(text) {
		if head := strings.TrimLeft(line, "#"); head != line && strings.HasPrefix(head, " ") {
			a := strings.ToLower(strings.TrimSpace(head))
			a = regexp.MustCompile(`[^\pL\pN _-]`).ReplaceAllString(a, "")
			all = append(all, strings.ReplaceAll(a, " ", "-"))
		}
	}
	return all
}
