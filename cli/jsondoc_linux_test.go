package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write what the commands print into docs/json.md")

// docWorld is where the examples of a document are run: its /home, /mnt and /tmp lie in a temporary folder, and
// every backup is made a day after the one before.
type docWorld struct {
	t     *testing.T
	dir   string
	clock time.Time
}

func newDocWorld(t *testing.T) *docWorld {
	w := &docWorld{t: t, dir: t.TempDir(), clock: time.Date(2025, 11, 20, 17, 0, 0, 0, time.UTC)}
	for _, dir := range []string{"home/me", "mnt/disk", "tmp"} {
		if err := os.MkdirAll(filepath.Join(w.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// docPath is a path in the document's world, where a word begins.
var docPath = regexp.MustCompile(`(^|[\s>=:'"])(/(?:home/me|mnt/disk|tmp)\b)`)

// run runs a command line of the document by a shell and returns what it prints on standard output.
func (w *docWorld) run(line string) string {
	w.t.Helper()
	cmd := exec.Command("sh", "-c", "umask 022; "+docPath.ReplaceAllString(line, "${1}"+w.dir+"${2}"))
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "TZ=UTC", "SNAP_TEST_NOW="+w.clock.Format(time.RFC3339), "SNAP_DEST="+w.dir+"/mnt/disk",
		"XDG_STATE_HOME="+w.dir+"/state", "HOME="+w.dir+"/home/me")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	// 1 and 3 are answers: differences, damage.
	if exit := (*exec.ExitError)(nil); err != nil && !(errors.As(err, &exit) && (exit.ExitCode() == 1 || exit.ExitCode() == 3)) {
		w.t.Fatalf("%s: %v\n%s", line, err, errs.String())
	}
	if strings.HasPrefix(line, "snap backup ") && !strings.Contains(line, " -n") {
		w.clock = w.clock.AddDate(0, 0, 1)
	}
	if !strings.Contains(line, "snap ") {
		w.age()
	}
	return w.plain(out.String())
}

// age gives what was written just now the time of the world's clock.
func (w *docWorld) age() {
	err := filepath.WalkDir(filepath.Join(w.dir, "home"), func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil || info.ModTime().Before(w.clock.AddDate(0, 1, 0)) {
			return err
		}
		return exec.Command("touch", "-h", "-d", w.clock.Add(-time.Hour).Format(time.RFC3339), p).Run()
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// varying is what is another on each machine and in each run, and what stands for it in the document.
var varying = []struct{ pattern, value string }{
	{`("time":"([^"]*)","finished":)"[^"]*"`, `$1"$2"`}, // it ends by the clock of the system
	{`("type":"dir",[^{}]*"nlink":)\d+`, `${1}2`},
	{`"(index_bytes|changes_bytes)":\d+`, `"$1":100000`},
	{`"host":"[^"]*"`, `"host":"laptop"`},
	{`"user":"[^"]*"`, `"user":"me"`},
	{`"(uid|gid)":\d+`, `"$1":1000`},
	{`"seconds":[-+0-9.e]+`, `"seconds":0.1`},
	{`"stored":"cloned"`, `"stored":"copied"`},
	{`"system":"[^"]*"`, `"system":"ext4"`},
	{`"(hard_links|reflinks|xattrs|owners|case_sensitive|has_inodes)":(true|false)`, `"$1":true`},
	{`"link_limit":\d+`, `"link_limit":65000`},
	{`"timestamps":"[^"]*"`, `"timestamps":"1 ns"`},
	{`"(free_bytes|free_inodes)":\d+`, `"$1":1000000000`},
	{`"version":"[^"]*","revision":"[^"]*","go":"[^"]*","os":"[^"]*","arch":"[^"]*"`, `"version":"v1.0.0","revision":"","go":"go1.26","os":"linux","arch":"amd64"`},
}

func (w *docWorld) plain(out string) string {
	out = strings.ReplaceAll(out, w.dir, "")
	for _, v := range varying {
		out = regexp.MustCompile(v.pattern).ReplaceAllString(out, v.value)
	}
	return out
}

// example is a command line of a document with what it prints.
type example struct{ line, out string }

var consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```\n")

// examples are those of a console block.
func examples(block string) (all []example) {
	for line := range strings.Lines(block) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			all = append(all, example{line: strings.TrimSuffix(command, "\n")})
		} else if n := len(all) - 1; n >= 0 {
			all[n].out += line
		}
	}
	return all
}

// TestJSONIsAsDocumented runs the examples of docs/json.md. go test ./cli -run JSONIsAs -update writes what they
// print: to document a command, put its line into a console block there.
func TestJSONIsAsDocumented(t *testing.T) {
	name := filepath.Join("..", "docs", "json.md")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	w := newDocWorld(t)
	printed := map[string][]string{} // by command, the names of fields
	got := consoleBlock.ReplaceAllStringFunc(string(text), func(block string) string {
		var b strings.Builder
		for _, e := range examples(consoleBlock.FindStringSubmatch(block)[1]) {
			out := w.run(e.line)
			if out != e.out && !*update {
				t.Errorf("%s prints\n%sdocs/json.md says\n%s", e.line, out, e.out)
			}
			fmt.Fprintf(&b, "$ %s\n%s", e.line, out)
			if words := strings.Fields(e.line); len(words) > 1 && words[0] == "snap" && strings.Contains(e.line, "--json") {
				printed[words[1]] = append(printed[words[1]], fieldsOf(t, e.line, out)...)
			}
		}
		return "```console\n" + b.String() + "```\n"
	})
	if *update && got != string(text) {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	checkContract(t, printed)
	for command, fields := range printed {
		slices.Sort(fields)
		for _, f := range slices.Compact(fields) {
			if !regexp.MustCompile("`[^`\n]*\\b" + regexp.QuoteMeta(f) + "\\b[^`\n]*`").MatchString(got) {
				t.Errorf("%s prints the field %s, which docs/json.md does not explain", command, f)
			}
		}
	}
	for _, cmd := range commands() {
		if !cmd.hidden && !slices.Contains(withoutJSON, cmd.name) && printed[cmd.name] == nil {
			t.Errorf("%s: no example in docs/json.md", cmd.name)
		}
	}
}

// withoutJSON are the commands whose output is for something else.
var withoutJSON = []string{"cat", "completion", "man", "help"}

// fieldsOf are the names of all fields in what a command prints with --json: documents, one a line.
func fieldsOf(t *testing.T, line, out string) (names []string) {
	t.Helper()
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, v := range v {
				names = append(names, k)
				walk(v)
			}
		case []any:
			for _, v := range v {
				walk(v)
			}
		}
	}
	for d := json.NewDecoder(strings.NewReader(out)); d.More(); {
		var v any
		if err := d.Decode(&v); err != nil {
			t.Errorf("%s: not JSON: %v\n%s", line, err, out)
			break
		}
		walk(v)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// contract are the fields that may never go.
var contract = map[string]string{
	"list":    "name seq time finished source host user files dirs bytes added modified metadata moved removed linked copied_bytes errors state tags note",
	"ls":      "path type mode uid gid size mtime sha256 target nlink",
	"diff":    "message_type change path from size_before size_after",
	"find":    "message_type path type size mtime sha256 first last snapshots change from to deleted",
	"history": "message_type path type size mtime sha256 first last snapshots change from to deleted",
	"backup":  "message_type snapshot skipped files_new files_changed files_metadata files_moved files_linked files_removed data_added errors seconds",
	"restore": "message_type files_restored bytes_restored files_skipped files_deleted errors seconds",
	"check":   "message_type snapshots files inodes_read bytes_read damaged repaired errors",
	"prune":   "message_type name keep reasons bytes_freed kept removed",
	"delete":  "message_type name keep reasons bytes_freed kept removed",
}

func checkContract(t *testing.T, printed map[string][]string) {
	for command, fields := range contract {
		for _, f := range strings.Fields(fields) {
			if !slices.Contains(printed[command], f) {
				t.Errorf("%s prints no field %s, which the contract promises", command, f)
			}
		}
	}
}

var jqBlock = regexp.MustCompile("(?s)```sh\n([^`]*\\| jq .*?)```\n")

// TestTheLinesOfTheREADME runs its lines with jq on a destination of three backups.
func TestTheLinesOfTheREADME(t *testing.T) {
	if _, err := exec.LookPath("jq"); err != nil {
		t.Skip("jq is missing")
	}
	text, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := jqBlock.FindStringSubmatch(string(text))
	if block == nil {
		t.Fatal("README.md has no block of sh with jq")
	}
	var lines []string
	for line := range strings.Lines(block[1]) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	w := newDocWorld(t)
	w.clock = time.Date(2025, 11, 29, 17, 0, 0, 0, time.UTC)
	for _, line := range []string{
		"mkdir -p /home/me/a /home/me/b && printf 12345 >/home/me/a/x.jpg && printf 123 >'/home/me/b/it is.jpg' && printf 1 >/home/me/stays.jpg",
		"snap backup /mnt/disk /home/me",
		"mv /home/me/a/x.jpg /home/me/b/y.jpg && printf 1234567 >/home/me/large && printf 12 >/home/me/stays.jpg",
		"snap backup /mnt/disk /home/me",
		"rm /home/me/b/*",
		"snap backup /mnt/disk /home/me",
		"printf 123456789 >/home/me/large && printf 1 >/home/me/small",
		"snap backup /mnt/disk /home/me",
	} {
		w.run(line)
	}
	for i, want := range []string{
		"2025-11 18\n2025-12 10\n",
		"9 large: size or time differ\n1 small: new path\n",
		"restored 2 files, 8 B, 0.0 s\n",
	} {
		if i >= len(lines) {
			t.Fatalf("README.md has %d lines with jq, not 3", len(lines))
		}
		if got := w.run(lines[i]); got != want {
			t.Errorf("%s prints\n%s\nwant\n%s", lines[i], got, want)
		}
	}
	if got := w.run("ls /tmp/photos"); got != "it is.jpg\ny.jpg\n" {
		t.Errorf("brought back are %q", got)
	}
}
