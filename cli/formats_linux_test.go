package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"snap/internal/harness"
)

// read is an entry as the readers in docs print it.
type read struct {
	Path    []byte
	Change  string
	From    []byte
	Type    string
	Mode    uint32
	UID     uint32
	GID     uint32
	Nlink   uint32
	Size    int64
	Mtime   [2]int64
	SHA256  *string
	Target  []byte
	Records *int64 // there is one in a header, and in no entry
}

// TestFormatsAreAsDocumented: readers in Python, made after docs/formats.md, find in change sets and index what
// ls --json and diff --json tell.
func TestFormatsAreAsDocumented(t *testing.T) {
	harness.Python(t, "base64, json, struct")
	w := newJSONWorld(t)
	w.varying = nil
	for _, lines := range []string{
		`mkdir -p a/b c && echo one >a/b/one && echo two >c/two && ln c/two c/'second name' && ln -s ../c a/link && mkfifo pipe && head -c 70000 /dev/zero >zeros && printf x >"$(printf 'bad\377name')" && printf y >"$(printf 'line\nbreak')"`,
		`mv a d && echo more >>d/b/one && chmod 600 c/two && rm pipe && mkdir pipe && touch -d 1969-12-31T23:59:58.5Z zeros`,
		`rm c/'second name' && for i in $(seq 900); do echo $i >"c/file-with-a-name-of-some-length-$i"; done && touch -d 2300-01-01 d/b/one`,
		`rm c/file-with*1* && mv "$(printf 'bad\377name')" better && { setfattr -n user.x -v text better || true; }`,
		`ln better c/best && rm -r d`,
	} {
		cmd := exec.Command("sh", "-c", "umask 022; "+lines)
		cmd.Dir = filepath.Join(w.dir, "home/me")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		w.run("snap backup --json /mnt/disk /home/me")
	}
	check := func() {
		t.Helper()
		var list []struct {
			Name string
			Seq  uint64
		}
		decode(t, w.run("snap list --json"), &list)
		var sets []string
		index := runReader(t, "read_index.py", filepath.Join(w.dir, "mnt/disk/.snap/index.db"))
		if len(index) != len(list) {
			t.Fatalf("the index has %d snapshots, list %d", len(index), len(list))
		}
		for i, s := range list {
			sets = append(sets, filepath.Join(w.dir, "mnt/disk/.snap/changes", fmt.Sprintf("%010d", s.Seq)))
			want := listed(t, w.run("snap ls -R --json "+s.Name))
			tree := runReader(t, "read_changes.py", append([]string{"--tree"}, sets...)...)
			agree(t, s.Name+" as the change sets hold it", want, entries(t, tree))
			var snapshot struct {
				Header  struct{ Name string }
				Entries []read
			}
			decode(t, string(index[i]), &snapshot)
			if snapshot.Header.Name != s.Name {
				t.Errorf("the index has %s where list has %s", snapshot.Header.Name, s.Name)
			}
			agree(t, s.Name+" as the index holds it", want, heldIn(snapshot.Entries))
			if i > 0 {
				agree(t, s.Name+": changes", differed(t, w.run("snap diff --json "+list[i-1].Name+" "+s.Name)),
					changed(t, runReader(t, "read_changes.py", sets[i])))
			}
		}
	}
	check()
	w.run("snap delete latest~2")
	check()

	set := filepath.Join(w.dir, "mnt/disk/.snap/changes/0000000001")
	text, err := os.ReadFile(set)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 4
	if err := os.WriteFile(set, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := harness.Python(t, "", "../docs/read_changes.py", set).CombinedOutput(); err == nil {
		t.Errorf("a damaged set is read: %s", out)
	}
}

// runReader runs one of the readers and returns the documents that it prints, one a line.
func runReader(t *testing.T, name string, args ...string) (lines [][]byte) {
	t.Helper()
	cmd := harness.Python(t, "", append([]string{"../docs/" + name}, args...)...)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, errs.String())
	}
	return bytes.Split(bytes.TrimSuffix(out, []byte("\n")), []byte("\n"))
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v: %.200s", err, text)
	}
}

// text is what can be compared of an entry.
func (e *read) text() string {
	sum := ""
	if e.SHA256 != nil {
		sum = *e.SHA256
	}
	return fmt.Sprintf("%s %04o %d:%d nlink %d, %d bytes of %s %q, %s", e.Type, e.Mode, e.UID, e.GID, e.Nlink, e.Size, sum,
		e.Target,
		time.Unix(e.Mtime[0], e.Mtime[1]).UTC().Format(time.RFC3339Nano))
}

func heldIn(all []read) map[string]string {
	m := map[string]string{}
	for i := range all {
		if len(all[i].Path) > 0 { // ls does not list the source itself
			m[string(all[i].Path)] = all[i].text()
		}
	}
	return m
}

func parsed(t *testing.T, lines [][]byte) (all []read) {
	for _, line := range lines {
		var e read
		if decode(t, string(line), &e); e.Records == nil {
			all = append(all, e)
		}
	}
	return all
}

func entries(t *testing.T, lines [][]byte) map[string]string { return heldIn(parsed(t, lines)) }

// changed are the changes of a set that are shown: not the silent ones, and a move as one.
func changed(t *testing.T, lines [][]byte) map[string]string {
	m, from := map[string]string{}, []string{}
	for _, e := range parsed(t, lines) {
		switch e.Change {
		case "silent":
			continue
		case "moved":
			from = append(from, string(e.From))
		default:
			e.From = nil
		}
		m[string(e.Path)] = fmt.Sprintf("%s %q %d", e.Change, e.From, e.Size)
	}
	for _, path := range from {
		if strings.HasPrefix(m[path], "removed ") {
			delete(m, path)
		}
	}
	return m
}

// told is a name in the JSON of a command.
func told(plain *string, b64 string) []byte {
	if b64 != "" {
		b, _ := base64.StdEncoding.DecodeString(b64)
		return b
	}
	if plain == nil {
		return nil
	}
	return []byte(*plain)
}

func listed(t *testing.T, text string) map[string]string {
	var all []struct {
		Path      string
		PathB64   string `json:"path_b64"`
		Type      string
		Mode      string
		UID, GID  uint32
		Size      int64
		Mtime     time.Time
		SHA256    *string
		Target    *string
		TargetB64 string `json:"target_b64"`
		Nlink     uint32
	}
	decode(t, text, &all)
	m := map[string]string{}
	for _, l := range all {
		e := read{Type: l.Type, UID: l.UID, GID: l.GID, Size: l.Size, SHA256: l.SHA256, Nlink: l.Nlink,
			Target: told(l.Target, l.TargetB64)}
		fmt.Sscanf(l.Mode, "%o", &e.Mode)
		e.Mtime = [2]int64{l.Mtime.Unix(), int64(l.Mtime.Nanosecond())}
		m[string(told(&l.Path, l.PathB64))] = e.text()
	}
	return m
}

func differed(t *testing.T, text string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(text) {
		var d struct {
			Type    string `json:"message_type"`
			Change  string
			Path    string
			PathB64 string `json:"path_b64"`
			From    *string
			FromB64 string `json:"from_b64"`
			Size    int64  `json:"size_after"` // null is 0
		}
		if decode(t, line, &d); d.Type == "change" {
			m[string(told(&d.Path, d.PathB64))] = fmt.Sprintf("%s %q %d", d.Change, told(d.From, d.FromB64), d.Size)
		}
	}
	return m
}

func agree(t *testing.T, what string, want, got map[string]string) {
	t.Helper()
	if len(want) == 0 {
		t.Errorf("%s: nothing", what)
	}
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if got[path] != want[path] {
			t.Errorf("%s: %q\nis read as  %s\nand is      %s", what, path, got[path], want[path])
		}
	}
	for path := range got {
		if _, ok := want[path]; !ok {
			t.Errorf("%s: %q is read as %s, and is not there", what, path, got[path])
		}
	}
}
