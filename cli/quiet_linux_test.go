package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestQuietIsSilent: in cron every byte is a mail. When all is well -q says nothing, whatever the home is.
func TestQuietIsSilent(t *testing.T) {
	base := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	src := filepath.Join(base, "src")
	must(os.MkdirAll(filepath.Join(src, "docs"), 0o700))
	must(os.WriteFile(filepath.Join(base, "file"), nil, 0o600))
	must(os.MkdirAll(filepath.Join(base, "broken", ".local", "state", "snap"), 0o700))
	must(os.WriteFile(filepath.Join(base, "broken", ".local", "state", "snap", "destinations.json"), []byte("{"), 0o600))
	must(os.MkdirAll(filepath.Join(base, "folder", ".local", "state", "snap", "destinations.json"), 0o700))
	homes := map[string]string{
		"unset": "", "relative": "home", "a file": filepath.Join(base, "file"), "a device": "/dev/null",
		"nothing can be made": "/proc", "not there": filepath.Join(base, "x", "y"),
		"a broken list": filepath.Join(base, "broken"), "a folder for a list": filepath.Join(base, "folder"),
		"a home": filepath.Join(base, "home"),
	}
	for name, home := range homes {
		dest := filepath.Join(t.TempDir(), "dest")
		must(os.Mkdir(dest, 0o700))
		at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
		for i, args := range [][]string{
			{"init", "-q", dest}, {"backup", "-q", dest, src}, {"backup", "-q", dest, src},
			{"backup", "-q", "--force", dest, src}, {"backup", "--quiet", dest, src, "--exclude", "*.nothing"},
			{"check", "-q", "-d", dest, "--read-data"}, {"prune", "-q", "-d", dest, "--keep-last", "9"},
			{"prune", "-q", "-d", dest, "--keep-last", "1"},
			{"tag", "-q", "-d", dest, "latest", "--add", "x"}, {"reindex", "-q", "-d", dest},
			{"restore", "-q", "-d", dest, "latest", "--target", filepath.Join(dest, "..", "out")},
			{"delete", "-q", "-d", dest, "oldest", "--allow-all"},
		} {
			if i > 2 && name != "unset" {
				break // the others have no more to do with the home
			}
			var out, errs bytes.Buffer
			env := testEnv("", &out, &errs)
			env.Dir, env.Now = base, func() time.Time { return at }
			env.LookupEnv = func(key string) (string, bool) { return home, key == "HOME" && name != "unset" }
			if code := Run(context.Background(), env, append([]string{"snap"}, args...)); code != 0 || out.Len()+errs.Len() > 0 {
				t.Errorf("home: %s: snap %v: exit code %d\n%s%s", name, args, code, out.String(), errs.String())
			}
			at = at.Add(time.Hour)
			must(os.WriteFile(filepath.Join(src, "docs", "a"), []byte{byte(i)}, 0o600))
		}
	}
}
