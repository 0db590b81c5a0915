package hooks

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// run runs a command and collects what it prints.
func run(ctx context.Context, command string, limit time.Duration) (said []string, err error) {
	err = Run(
		ctx,
		&Hook{
			Event:   Before,
			Command: command,
			Limit:   limit,
			Env:     []string{"PATH=/usr/bin:/bin", "A=b c"},
			Say:     func(line string) { said = append(said, line) },
		},
	)
	return said, err
}

func TestCommandsSayHowTheyEnd(t *testing.T) {
	for command, want := range map[string]struct {
		said []string
		fail string
	}{
		"true": {nil, ""}, "exit 7": {nil, "exit status 7"}, "echo one; echo two >&2; printf three": {[]string{"one", "two",
			"three"}, ""},
		`echo "$A"; pwd`: {[]string{"b c", "/"}, ""}, "nowhere-to-be-found": {nil, "exit status 127"}, "kill -9 $$": {nil,
			"killed"}, "cat": {nil, ""}, "printf 'a\\r\\n'": {[]string{"a"}, ""},
	} {
		said, err := run(context.Background(), command, 0)
		if want.fail == "" && err != nil || want.fail != "" && (err == nil || !strings.Contains(err.Error(), want.fail)) {
			t.Errorf("%s: %v, want %q", command, err, want.fail)
		}
		if want.fail == "" && !slices.Equal(said, want.said) {
			t.Errorf("%s: said %q", command, said)
		}
	}
	said, err := run(context.Background(), "yes | head -c 10000000", 0)
	if n := len(strings.Join(said, "\n")); err != nil || n > maxSaid+100 ||
		!strings.Contains(said[len(said)-1], "not shown") {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// TestACommandThatHangsIsEnded with all that it has started, at its limit and when the run is interrupted.
func TestACommandThatHangsIsEnded(t *testing.T) {
	for _, how := range []string{"limit", "interrupt"} {
		pids := filepath.Join(t.TempDir(), "pids")
		ctx, cancel := context.WithCancelCause(context.Background())
		limit := time.Duration(0)
		if how == "limit" {
			limit = 300 * time.Millisecond
		}
		command := "sleep 1000 & echo $! $$ >" + pids + "; echo up; wait"
		why := errors.New("somebody pressed a key")
		err := Run(ctx, &Hook{Event: Before, Command: command, Limit: limit, Env: os.Environ(), Say: func(string) {
			if how == "interrupt" {
				cancel(why)
			}
		}})
		switch {
		case err == nil,
			how == "limit" && !strings.Contains(err.Error(), "not done after 300ms"),
			how == "interrupt" && !(errors.Is(err, why) && errors.Is(err, context.Canceled)):
			t.Errorf("%s: %v", how, err)
		}
		text, err := os.ReadFile(pids)
		if err != nil && how == "interrupt" { // at its limit a slow machine may not have begun
			t.Fatal(err)
		}
		for _, f := range strings.Fields(string(text)) {
			pid, _ := strconv.Atoi(f)
			for n := 0; strings.Trim(stateOf(pid), "ZX") != ""; n++ { // it dies in its own time
				if n == 10000 {
					t.Fatalf("%s: process %d is still there, in state %s", how, pid, stateOf(pid))
				}
				time.Sleep(time.Millisecond)
			}
		}
		cancel(nil)
	}
}

// stateOf is the state of a process, "" if it is gone. One that was killed may be there until its parent looks.
func stateOf(pid int) string {
	if syscall.Kill(pid, 0) != nil {
		return ""
	}
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return ""
	}
	_, after, _ := strings.Cut(string(text), ") ")
	return after[:1]
}

func TestCommandsAreToldOfTheBackup(t *testing.T) {
	f := Facts{Dest: "/d", Source: "/a\n/b"}
	if got := f.Environ(Before); !slices.Contains(got, "SNAP_EXIT_CODE=") || !slices.Contains(got, "SNAP_EVENT=before") ||
		!slices.Contains(got, "SNAP_SOURCE=/a\n/b") {
		t.Errorf("%q", got)
	}
	f.Result, f.Code, f.Errors = "snapshot", 3, 2
	if got := f.Environ(OnWarning); !slices.Contains(got, "SNAP_EXIT_CODE=3") || !slices.Contains(got, "SNAP_ERRORS=2") ||
		!slices.Contains(got, "SNAP_FILES=0") {
		t.Errorf("%q", got)
	}
}
