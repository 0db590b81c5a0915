package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snap/cli/exit"
	"snap/internal/filetest"
)

// TestStatusForesees: what a disk fills with day by day, and when it is full; what happened once does not count.
func TestStatusForesees(t *testing.T) {
	filetest.NeedRoot(t)
	dir := t.TempDir()
	dest, src := filepath.Join(dir, "dest"), filepath.Join(dir, "src")
	for _, d := range []string{dest, src} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	filetest.Mount(t, "tmpfs", dest, "size=100m,mode=700")
	now := time.Date(2026, 11, 1, 20, 0, 0, 0, time.UTC)
	snap := func(args ...string) (stdout string, code int) {
		t.Helper()
		var out, errs bytes.Buffer
		env := testEnv(dir, &out, &errs)
		env.Now = func() time.Time { return now }
		code = Run(context.Background(), env, append([]string{"snap"}, args...))
		if code != 0 && code != exit.Partial {
			t.Fatalf("%q: exit code %d, %s", args, code, errs.String())
		}
		return out.String(), code
	}
	growth := func(want string, code int) {
		t.Helper()
		got, c := snap("status", "-d", dest)
		if c != code || !strings.Contains(got, "\nGrowth       "+want) {
			t.Errorf("exit code %d, want %d and %s:\n%s", c, code, want, got)
		}
	}
	day := func(mib int) {
		t.Helper()
		b := make([]byte, mib<<20)
		rand.Read(b)
		if err := os.WriteFile(filepath.Join(src, fmt.Sprint("new", now.Day())), b, 0o600); err != nil {
			t.Fatal(err)
		}
		now = now.AddDate(0, 0, 1)
		snap("backup", "-q", dest, src)
	}
	for range 4 {
		day(1)
	}
	growth("not known yet", 0)
	day(1)
	growth("of all on this disk about 1.0 MiB a day: full in about 3mo", 0)
	day(30) // once
	for range 3 {
		day(1)
	}
	growth("of all on this disk about 1.0 MiB a day: full in about 58d", 0)
	day(20)
	day(20)
	growth("of all on this disk about 7.7 MiB a day: full in about 2d", exit.Partial) // three times is not once
	if got, _ := snap("status", "-d", dest); !strings.HasPrefix(got, "attention: ") || !strings.Contains(got, "MiB are free, and") {
		t.Error(got)
	}
}
