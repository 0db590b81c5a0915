package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snap/index"
)

// logs is a folder of logs that are rotated, and its destination.
type logs struct {
	t         *testing.T
	src, dest string
	clock     time.Time
	names     int // log.1 to log.names
	day       int
}

func newLogs(t *testing.T, names int) *logs {
	dir := memoryDir(t)
	l := &logs{t: t, src: filepath.Join(dir, "src"), dest: filepath.Join(dir, "dest"), names: names,
		clock: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
	for _, d := range []string{l.src, l.dest} {
		l.must(os.Mkdir(d, 0o755))
	}
	for i := range names {
		l.write(i+1, fmt.Sprint("from the beginning ", i+1))
	}
	return l
}

func (l *logs) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *logs) path(i int) string { return filepath.Join(l.src, fmt.Sprint("log.", i)) }

func (l *logs) write(i int, text string) {
	l.must(os.WriteFile(l.path(i), []byte(text+"\n"), 0o644))
	old := l.clock.Add(-time.Hour)
	l.must(os.Chtimes(l.path(i), old, old))
}

// rotate is a day: log.8 becomes log.9, and so on, and log.1 is new.
func (l *logs) rotate() {
	l.day++
	l.clock = l.clock.AddDate(0, 0, 1)
	for i := l.names - 1; i > 0; i-- {
		l.must(os.Rename(l.path(i), l.path(i+1)))
	}
	l.write(1, fmt.Sprint("day ", l.day))
}

// snap runs a command line that must succeed, and returns what it says.
func (l *logs) snap(args ...string) (stdout, stderr string) {
	l.t.Helper()
	stdout, stderr, code := l.try(args...)
	if code != 0 {
		l.t.Fatalf("snap %q: exit code %d\n%s%s", args, code, stdout, stderr)
	}
	return stdout, stderr
}

func (l *logs) try(args ...string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	variables := map[string]string{"SNAP_DEST": l.dest, "HOME": filepath.Dir(l.dest)}
	env := Env{Stdout: &out, Stderr: &errs, Dir: "/", Now: func() time.Time { return l.clock },
		LookupEnv: func(key string) (string, bool) {
			value, ok := variables[key]
			return value, ok
		}}
	code = Run(context.Background(), env, append([]string{"snap"}, args...))
	return out.String(), errs.String(), code
}

// Logs that are rotated change a few records a day, so that the records of neighbouring snapshots lie in one page of
// the index, and together need more than it: every command goes on reading it.
func TestRotatedLogsAreReadEveryDay(t *testing.T) {
	l := newLogs(t, 9)
	l.snap("backup", "-q", l.dest, l.src)
	for range 60 {
		l.rotate()
		if said, errs := l.snap("backup", "-q", l.dest, l.src); said+errs != "" {
			t.Fatalf("day %d: %s%s", l.day, said, errs)
		}
		if got, _ := l.snap("cat", "latest:log.1"); got != fmt.Sprintf("day %d\n", l.day) {
			t.Fatalf("day %d: %q", l.day, got)
		}
		if got, _ := l.snap("list"); strings.Count(got, "\n") < l.day {
			t.Fatalf("day %d: %s", l.day, got)
		}
	}
	if got, _ := l.snap("history", "-v", "log.9"); !strings.Contains(got, "log.1") {
		t.Errorf("history: %s", got)
	}
	l.snap("check")
	l.snap("reindex")
	l.snap("check")
	l.snap("delete", "latest~3", "latest~4", "latest~20", "oldest")
	l.snap("check")
}

// Damage that shows only when a backup reads a record ends with a whole index and a snapshot, too.
func TestABackupMakesADamagedIndexAgain(t *testing.T) {
	l := newLogs(t, 9)
	l.write(5, "needle")
	l.must(os.Rename(l.path(5), filepath.Join(l.src, "a-needle")))
	l.snap("backup", "-q", l.dest, l.src)
	db := index.Path(l.dest)
	raw, err := os.ReadFile(db)
	l.must(err)
	bad := bytes.ReplaceAll(raw, []byte("a-needle"), []byte("a-needlf")) // no page is wrong, but what stands in it
	l.must(os.WriteFile(db, bad, 0o600))
	l.must(os.WriteFile(filepath.Join(l.src, "new"), nil, 0o644))
	l.clock = l.clock.AddDate(0, 0, 1)
	said, errs := l.snap("backup", "--json", l.dest, l.src)
	if strings.Count(said, `"message_type":"summary"`) != 1 || strings.Count(errs, "\n") != 1 ||
		!strings.Contains(errs, "made again from the change sets; the damaged one is kept as index.db.old") {
		t.Errorf("the backup says\n%s%s", said, errs)
	}
	l.must(os.WriteFile(db, []byte(strings.Repeat("noise", 10_000)), 0o600))
	if said, errs := l.snap("backup"); !strings.Contains(said, "nothing changed") ||
		!strings.Contains(errs, "made again") {
		t.Errorf("with the sources that it remembers: %s%s", said, errs)
	}
	l.must(os.WriteFile(db+".old", bad, 0o600))
	if old, err := os.ReadFile(db + ".old"); err != nil || !bytes.Equal(old, bad) {
		t.Errorf("index.db.old: %v", err)
	}
	l.snap("check")
	if got, _ := l.snap("diff", "--json"); !strings.Contains(got, `"new"`) || strings.Contains(got, "needle") {
		t.Errorf("diff: %s", got)
	}
}

// An index of a newer version is never made again: it knows more than this version could write.
func TestABackupLeavesANewerIndexAlone(t *testing.T) {
	l := newLogs(t, 3)
	l.snap("backup", "-q", l.dest, l.src)
	raw, err := os.ReadFile(index.Path(l.dest))
	l.must(err)
	before := bytes.ReplaceAll(raw, []byte("version\x01"), []byte("version\x02"))
	l.must(os.WriteFile(index.Path(l.dest), before, 0o600))
	if _, errs, code := l.try("backup", l.dest, l.src); code != 1 || !strings.Contains(errs, "newer version of snap") {
		t.Errorf("exit code %d, %s", code, errs)
	}
	if now, err := os.ReadFile(index.Path(l.dest)); err != nil || !bytes.Equal(now, before) {
		t.Errorf("the index is another: %v", err)
	}
}
