package cli

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write what the commands print into the documents")

// docWorld is where the examples of a document are run: its /home, /mnt, /srv and /tmp lie in a temporary folder,
// and every backup is made a day after the one before.
type docWorld struct {
	t     *testing.T
	dir   string
	cwd   string
	env   []string
	clock time.Time

	both    bool  // standard error belongs to what is printed
	codes   []int // exit codes that are answers
	varying []varies
}

// varies is what is another on each machine and in each run, and what stands for it in the document.
type varies struct{ pattern, value string }

func newDocWorld(t *testing.T) *docWorld {
	w := &docWorld{t: t, dir: t.TempDir(), clock: time.Date(2025, 11, 20, 17, 0, 0, 0, time.UTC)}
	for _, dir := range []string{"home/me", "mnt", "srv", "tmp"} {
		if err := os.MkdirAll(filepath.Join(w.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	w.cwd = filepath.Join(w.dir, "home/me")
	w.env = []string{"TZ=UTC", "LC_ALL=C", "PYTHONDONTWRITEBYTECODE=1", "XDG_STATE_HOME=" + w.dir + "/state",
		"HOME=" + w.cwd, "TMPDIR=" + w.dir + "/tmp"}
	env, err := fakeSchedulers(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	w.env = append(w.env, env...)
	return w
}

// newJSONWorld is that of docs/json.md: only standard output is shown, and the destination is known.
func newJSONWorld(t *testing.T) *docWorld {
	w := newDocWorld(t)
	if err := os.Mkdir(filepath.Join(w.dir, "mnt/disk"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.cwd, w.codes, w.varying = w.dir, []int{1, 3}, varyingJSON // 1 and 3 are answers: differences, damage
	w.env = append(w.env, "SNAP_DEST="+w.dir+"/mnt/disk")
	return w
}

// docPath is a path in the document's world, where a word begins.
var docPath = regexp.MustCompile(`(^|[\s>=:'"(])(/(?:home|mnt|srv|tmp)\b)`)

// run runs a command line of the document by a shell and returns what it prints.
func (w *docWorld) run(line string) string {
	w.t.Helper()
	cmd := exec.Command("sh", "-c", "umask 022; "+docPath.ReplaceAllString(line, "${1}"+w.dir+"${2}"))
	cmd.Dir = w.cwd
	cmd.Env = append(os.Environ(), append(w.env, "SNAP_TEST_NOW="+w.clock.Format(time.RFC3339))...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if w.both {
		cmd.Stderr = &out
	}
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil &&
		!(errors.As(err, &exit) && slices.Contains(w.codes, exit.ExitCode())) {
		w.t.Fatalf("%s: %v\n%s%s", line, err, out.String(), errs.String())
	}
	if strings.HasPrefix(line, "snap backup") && !strings.Contains(line, " -n") {
		w.clock = w.clock.AddDate(0, 0, 1)
	}
	if !strings.Contains(line, "snap ") {
		w.age()
	}
	return w.plain(out.String())
}

// everyDay is a line of a setup that stands for that many days: on each the command is run, and then a backup.
var everyDay = regexp.MustCompile(`^every day, (\d+) times: (.*)$`)

// prepare runs a line of a setup, which must print nothing.
func (w *docWorld) prepare(line string) {
	w.t.Helper()
	lines := []string{line}
	if m := everyDay.FindStringSubmatch(line); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			w.t.Fatal(err)
		}
		lines = slices.Repeat([]string{m[2], "snap backup -q"}, n)
	}
	for _, line := range lines {
		if out := w.run(line); out != "" {
			w.t.Fatalf("%s\nprints %s", line, out)
		}
	}
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

func (w *docWorld) plain(out string) string {
	inTree := strings.TrimPrefix(w.dir, "/") // in a tree of several sources
	for dir := inTree; dir != "."; dir = filepath.Dir(dir) {
		out = regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(dir)+`/\n`).ReplaceAllString(out, "")
	}
	out = strings.ReplaceAll(out, w.dir, "")
	out = strings.ReplaceAll(out, inTree+"/", "")
	for _, v := range w.varying {
		out = regexp.MustCompile(v.pattern).ReplaceAllString(out, v.value)
	}
	return out
}

// example is a command line of a document with what it prints. What goes on in the next line stands there behind
// "> ", as a shell shows it.
type example struct{ line, out string }

var consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```\n")

// examples are those of a console block.
func examples(block string) (all []example) {
	for line := range strings.Lines(block) {
		n := len(all) - 1
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			all = append(all, example{line: strings.TrimSuffix(command, "\n")})
		} else if more, ok := strings.CutPrefix(line, "> "); ok && n >= 0 && all[n].out == "" {
			all[n].line += "\n" + strings.TrimSuffix(more, "\n")
		} else if n >= 0 {
			all[n].out += line
		}
	}
	return all
}
