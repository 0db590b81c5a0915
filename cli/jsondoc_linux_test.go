package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// varyingJSON is what is another on each machine and in each run, and what stands for it in the document.
var varyingJSON = []varies{
	{`("time":"([^"]*)",[^{}]*"finished":)"[^"]*"`, `$1"$2"`}, // it ends by the clock of the system
	{`("type":"dir",[^{}]*"nlink":)\d+`, `${1}2`},
	{`"(index_bytes|changes_bytes)":\d+`, `"$1":100000`},
	{`/systemd/(system|user)/snap-backup-[^"]*mnt-disk\.`, `/systemd/system/snap-backup-mnt-disk.`},
	{`"id":"[^"]*"`, `"id":"lzxmiachul3jon7idrqvdcycvg"`},
	{`"host":"[^"]*"`, `"host":"laptop"`},
	{`"user":"[^"]*"`, `"user":"me"`},
	{`"(uid|gid)":\d+`, `"$1":1000`},
	{`"seconds":[-+0-9.e]+`, `"seconds":0.1`},
	{`"stored":"cloned"`, `"stored":"copied"`},
	{`"system":"[^"]*"`, `"system":"ext4"`},
	{`"(hard_links|reflinks|xattrs|owners|case_sensitive|has_inodes)":(true|false)`, `"$1":true`},
	{`"link_limit":\d+`, `"link_limit":65000`},
	{`"bytes_stored":\d+`, `"bytes_stored":8500`}, // keys and signatures compress as they come
	{`"bytes_later":\d+`, `"bytes_later":2100`},
	{`"timestamps":"[^"]*"`, `"timestamps":"1 ns"`},
	{`"total_bytes":\d+,"free_inodes":(\d+|null)`, `"total_bytes":2000000000,"free_inodes":1000000000`},
	{`"(free_bytes|free_inodes)":\d+`, `"$1":1000000000`},
	{`"version":"[^"]*","revision":"[^"]*","go":"[^"]*","os":"[^"]*","arch":"[^"]*"`,
		`"version":"v1.0.0","revision":"","go":"go1.26","os":"linux","arch":"amd64"`},
}

// TestJSONIsAsDocumented runs the examples of docs/json.md. go test ./cli -run JSONIsAs -update writes what they
// print: to document a command, put its line into a console block there.
func TestJSONIsAsDocumented(t *testing.T) {
	name := filepath.Join("..", "docs", "json.md")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	w := newJSONWorld(t)
	printed := map[string][]string{} // by command, the names of fields
	got := consoleBlock.ReplaceAllStringFunc(string(text), func(block string) string {
		var b strings.Builder
		for _, e := range examples(consoleBlock.FindStringSubmatch(block)[1]) {
			out := w.run(e.line)
			if out != e.out && !*update {
				t.Errorf("%s prints\n%sdocs/json.md says (-update writes it anew)\n%s", e.line, out, e.out)
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
		if !cmd.Hidden && !slices.Contains(withoutJSON, cmd.Name) && printed[cmd.Name] == nil {
			t.Errorf("%s: no console block of docs/json.md has an example with --json", cmd.Name)
		}
	}
}

// withoutJSON are the commands whose output is for something else.
var withoutJSON = []string{"cat", "web", "completion", "man", "help", "serve", "send"}

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
	"list": "name seq time finished source host user files dirs bytes added modified metadata moved removed linked " +
		"copied_bytes errors state tags note",
	"ls":      "path type mode uid gid size mtime sha256 target nlink",
	"diff":    "message_type change path from size_before size_after",
	"find":    "message_type path type size mtime sha256 first last snapshots change from to deleted",
	"history": "message_type path type size mtime sha256 first last snapshots change from to deleted",
	"backup": "message_type snapshot skipped files_new files_changed files_metadata files_moved files_linked " +
		"files_removed data_added errors seconds",
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

// TestTheLinesOfTheREADME runs its lines with jq on a destination of a few backups.
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
	w := newJSONWorld(t)
	w.clock = time.Date(2025, 11, 29, 17, 0, 0, 0, time.UTC)
	for _, line := range []string{
		"mkdir -p /home/me/a /home/me/b && printf 12345 >/home/me/a/x.jpg && printf 123 >'/home/me/b/it is.jpg' && printf 1 >/home/me/stays.jpg",
		"snap backup /mnt/disk /home/me",
		"mv /home/me/a/x.jpg /home/me/b/y.jpg && printf 1234567 >/home/me/large && printf 12 >/home/me/stays.jpg",
		"snap backup /mnt/disk /home/me",
		"rm /home/me/b/*",
		"snap backup /mnt/disk /home/me",
		"mkdir /home/me/c && printf twice >/home/me/b/y.jpg && printf namesake >/home/me/c/y.jpg",
		"snap backup /mnt/disk /home/me",
		"rm /home/me/b/y.jpg /home/me/c/y.jpg",
		"snap backup /mnt/disk /home/me",
		"printf 123456789 >/home/me/large && printf 1 >/home/me/small",
		"snap backup /mnt/disk /home/me",
	} {
		w.run(line)
	}
	for i, want := range []string{
		"2025-11 18\n2025-12 23\n",
		"9 large: size or time differ\n1 small: new path\n",
		"restored 3 files, 16 B, 0.0 s\n",
	} {
		if i >= len(lines) {
			t.Fatalf("README.md has %d lines with jq, not 3", len(lines))
		}
		if got := w.run(lines[i]); got != want {
			t.Errorf("%s prints\n%s\nwant\n%s", lines[i], got, want)
		}
	}
	if got := w.run("cd /tmp/photos && grep -r . | sort"); got != "b/it is.jpg:123\nb/y.jpg:twice\nc/y.jpg:namesake\n" {
		t.Errorf("brought back are %q", got)
	}
}
