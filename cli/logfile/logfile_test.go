package logfile

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snap/destination"
	"snap/internal/hint"
	"snap/record"
)

// place is a destination with a snapshot, and a folder beside it.
func place(t *testing.T) (d *destination.Destination, dest, beside string) {
	t.Helper()
	dir := t.TempDir()
	dest, beside = filepath.Join(dir, "dest"), filepath.Join(dir, "beside")
	must(t, os.Mkdir(dest, 0o755), os.Mkdir(beside, 0o755))
	d, err := destination.Open(context.Background(), dest, destination.Options{Create: true})
	must(t, err)
	t.Cleanup(func() { d.Close() })
	h := &record.Header{Name: "20261119-100000"}
	must(t, d.DB.Import(context.Background(), 1, func(func(*record.Entry, error) bool) {},
		func() (*record.Header, error) { return h, nil }))
	return d, dest, beside
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o600))
}

func TestWhereALogMayBe(t *testing.T) {
	d, dest, beside := place(t)
	write(t, filepath.Join(beside, "log"), "time=2026-11-22T12:00:00Z level=INFO msg=\"backup begins\"\n")
	write(t, filepath.Join(beside, "cut"), "ti")
	write(t, filepath.Join(beside, "crashed"), "\x00\x00\x00time=2026-11-22")
	write(t, filepath.Join(beside, "empty"), "")
	write(t, filepath.Join(beside, "letter"), "Dear Anna,\ntime=goes by\n")
	write(t, filepath.Join(dest, "BackupOptions.txt"), "")
	must(t, os.Symlink(filepath.Join(beside, "log"), filepath.Join(beside, "link")),
		os.Symlink(filepath.Join(beside, "nowhere"), filepath.Join(beside, "dangling")))
	for _, c := range []struct{ logfile, want string }{ // what is wrong with it, "" for nothing
		{"snap.log", ""}, {"logs/snap.log", ""}, {filepath.Join(dest, "snap.log"), ""},
		{filepath.Join(beside, "new"), ""}, {filepath.Join(beside, "log"), ""}, {filepath.Join(beside, "cut"), ""},
		{filepath.Join(beside, "crashed"), ""}, {filepath.Join(beside, "empty"), ""}, {filepath.Join(beside, "link"), ""},
		{filepath.Join(beside, "letter"), "something else in it"},
		{beside, "not a file"}, {filepath.Join(beside, "dangling"), "not a file"},
		{"BackupOptions.txt", "a settings file"}, {"Blacklist.txt", "a settings file"}, {"Whitelist.txt", "a settings file"},
		{filepath.Join(dest, "Whitelist.txt"), "a settings file"},
		{".snap/snap.log", "for snap itself"}, {"latest/snap.log", "for snap itself"},
		{"20261119-100000/snap.log", "a snapshot"}, {"20261120-100000/snap.log", ""},
	} {
		path, none, err := Path(context.Background(), d, dest, c.logfile)
		switch {
		case c.want == "" && (err != nil || none != "" || path != At(dest, c.logfile)):
			t.Errorf("%s: %q, none %q, %v", c.logfile, path, none, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !hint.IsUsage(err) || path != ""):
			t.Errorf("%s: %q, %v; want %q", c.logfile, path, err, c.want)
		}
	}
	for _, none := range []string{"", os.DevNull} {
		if path, why, err := Path(context.Background(), d, dest, none); path != "" || why != "" || err != nil {
			t.Errorf("%q: %q, %q, %v", none, path, why, err)
		}
	}
}

func TestAFolderThatIsNotThereIsSaidBeforeTheBackup(t *testing.T) {
	_, dest, beside := place(t)
	write(t, filepath.Join(beside, "letter"), "Dear Anna,\n")
	for _, c := range []struct{ logfile, want string }{
		{"", ""}, {"logs/snap.log", ""}, {filepath.Join(beside, "new"), ""},
		{filepath.Join(beside, "usb/snap.log"), "there is no folder"},
		{filepath.Join(beside, "letter"), "something else in it"},
		{beside, "not a file"},
	} {
		err := CheckFolder(t.Context(), dest, c.logfile)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.logfile, err, c.want)
		}
	}
}

// Root keeps no log where somebody else may have a link put that leads to a file of the system.
func TestRootKeepsNoLogWhereAnotherUserSays(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: owners are changed")
	}
	d, dest, beside := place(t)
	outside := filepath.Join(beside, "snap.log")
	must(t, os.Chown(beside, 1000, 1000))
	for _, c := range []struct {
		logfile   string
		uid       int
		kept      bool
		otherSays bool
	}{{"snap.log", 0, true, false}, {outside, 0, false, false}, {"snap.log", 1000, false, true}} {
		must(t, os.Chown(dest, c.uid, c.uid))
		path, none, err := Path(context.Background(), d, dest, c.logfile)
		if err != nil || (path != "") != c.kept || (none == "") != c.kept ||
			strings.Contains(none, "where another user says") != c.otherSays {
			t.Errorf("%+v: %q, %q, %v", c, path, none, err)
		}
	}
}

func TestTheLogHasWhatItsLevelAsksFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logs", "snap.log")
	log, end := Open(path, "WARNING")
	log.Info("backup begins")
	log.Warn("left out", "path", "a b")
	Failed(log, "backup", errors.New("no\x1b room"))
	Failed(log, "check", nil)
	must(t, end())
	text, err := os.ReadFile(path)
	must(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	want := []string{`level=WARNING msg="left out" path="a b"`, `level=CRITICAL msg="backup failed" error=`}
	if len(lines) != len(want) || strings.Contains(string(text), "\x1b") {
		t.Fatalf("%q", text)
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, "time=") || !strings.Contains(line, want[i]) {
			t.Errorf("%s: want %s", line, want[i])
		}
	}
	if why := foreignText(path); why != "" {
		t.Errorf("its own log: %s", why)
	}
}

func TestALogThatCannotBeWrittenIsSaidAtTheEnd(t *testing.T) {
	noFolder := filepath.Join(t.TempDir(), "file")
	write(t, noFolder, "")
	log, end := Open(filepath.Join(noFolder, "snap.log"), "INFO")
	log.Info("backup begins")
	if err := end(); err == nil || !strings.Contains(err.Error(), "log file ") ||
		len(hint.Lines(err, func(s string) string { return s })) == 0 {
		t.Errorf("%v", err)
	}
	log, end = Open("", "INFO")
	if log.Enabled(context.Background(), slog.LevelError) || end() != nil {
		t.Error("without a file everything goes nowhere")
	}
}

func TestLogsArePutAsideUnderNamesThatAreKnown(t *testing.T) {
	dir := t.TempDir()
	log, end := Open(filepath.Join(dir, "my.snap.log"), "INFO")
	for range 12 { // more than 1 MiB
		log.Info(strings.Repeat("x", 100<<10))
	}
	must(t, end())
	entries, err := os.ReadDir(dir)
	must(t, err)
	if len(entries) < 2 {
		t.Fatalf("nothing was put aside: %v", entries)
	}
	isLog := IsFile("my.snap.log")
	for _, e := range entries {
		if !isLog(e.Name()) {
			t.Errorf("%s: is not known as a log", e.Name())
		}
	}
	for _, other := range []string{"my.snap.log.1", "my_snap.log", "my.snap-notes.log", "xmy.snap.log",
		"my.snap-2026-11-22.log", "other.log"} {
		if isLog(other) {
			t.Errorf("%s: is taken for a log", other)
		}
	}
}
