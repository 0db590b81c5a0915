package cli

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"snap/cli/exit"
)

// cancels ends a context when a line is written to it.
type cancels struct {
	bytes.Buffer
	at  string
	end func()
}

func (c *cancels) Write(p []byte) (int, error) {
	if strings.Contains(string(p), c.at) {
		c.end()
	}
	return c.Buffer.Write(p)
}

// TestATerminatedBackupIsTold: a machine that is shut down ends a backup that nobody watches. Who pressed Ctrl-C knows.
func TestATerminatedBackupIsTold(t *testing.T) {
	for _, c := range []struct {
		signal os.Signal
		code   int
		told   string // to on_failure
		status string
	}{
		{syscall.SIGTERM, exit.Terminated, "143 snap: before: up\nsnap: interrupted by signal: terminated\n",
			"attention: the backup of 2026-11-22 10:00 was interrupted by signal: terminated\n"},
		{os.Interrupt, exit.Interrupted, "",
			"attention: the backup of 2026-11-22 10:00 was stopped by its user\n"},
	} {
		dir := t.TempDir()
		in := func(name string) string { return filepath.Join(dir, name) }
		settings := "before = echo up; sleep 1000\non_failure = echo \"$SNAP_EXIT_CODE $SNAP_MESSAGE\" >" + in("told") + "\n"
		err := errors.Join(os.Mkdir(in("dest"), 0o700), os.Mkdir(in("src"), 0o700),
			os.WriteFile(in("src/a"), []byte("a"), 0o600))
		if err != nil {
			t.Fatal(err)
		}
		if _, stderr, code := run(t, dir, "backup", in("dest"), in("src"), "--time", "2026-11-20"); code != 0 {
			t.Fatal(stderr)
		}
		if err := os.WriteFile(in("dest/BackupOptions.txt"), []byte(settings), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		var out bytes.Buffer
		errs := &cancels{at: "before: up", end: func() { cancel(&exit.BySignal{Signal: c.signal}) }}
		env := testEnv(dir, &out, errs)
		env.Environ = os.Environ()
		if code := Run(ctx, env, []string{"snap", "backup", in("dest"), in("src")}); code != c.code {
			t.Errorf("%v: exit code %d, %s", c.signal, code, errs)
		}
		told, err := os.ReadFile(in("told"))
		if string(told) != c.told || (err != nil) != (c.told == "") {
			t.Errorf("%v: told is %q, %v; want %q", c.signal, told, err, c.told)
		}
		if got, _, code := run(t, dir, "status", "-q", "-d", in("dest")); got != c.status || code != exit.Partial {
			t.Errorf("%v: exit code %d, status says %q, want %q", c.signal, code, got, c.status)
		}
		cancel(nil)
	}
}
