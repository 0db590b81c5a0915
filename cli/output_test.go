package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"snap/cli/exit"
	"snap/cli/text"
	"snap/cli/wire"
	"snap/index"
	"snap/internal/hint"
	"snap/record"
	"snap/remote/vault"
)

func TestExitCodes(t *testing.T) {
	signal := func(s os.Signal) context.Context {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(&exit.BySignal{Signal: s})
		return ctx
	}
	background := context.Background()
	for _, c := range []struct {
		ctx  context.Context
		err  error
		want int
	}{
		{background, nil, 0},
		{background, errors.New("x"), 1},
		{background, hint.Usagef("x"), 2},
		{background, fmt.Errorf("y: %w", hint.Usagef("x")), 2},
		{background, hint.Usage(errors.New("x")), 2},
		{background, exit.With(exit.Partial, nil), 3},
		{background, hint.With(exit.With(exit.Refused, errors.New("x")), "y"), 4},
		{background, errors.Join(exit.With(exit.NoDest, errors.New("x"))), 10},
		{background, fmt.Errorf("x: %w", index.ErrBusy), 11},
		{background, fmt.Errorf("x: %w", record.ErrDamaged), 1},
		{background, fmt.Errorf("x: %w", vault.ErrOther), 4},
		{background, fmt.Errorf("x: %w", vault.ErrDiverged), 4},
		{background, exit.ErrClosed, 0},
		{signal(os.Interrupt), context.Canceled, 130},
		{signal(syscall.SIGTERM), fmt.Errorf("x: %w", context.Canceled), 143},
		{signal(syscall.SIGHUP), context.Canceled, 143},
		{signal(os.Interrupt), nil, 0}, // it was done before
		{signal(os.Interrupt), errors.New("x"), 1},
	} {
		if got := exit.Code(c.ctx, c.err); got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
	}
}

func TestErrorsSayWhatToDo(t *testing.T) {
	var b bytes.Buffer
	env := &Env{Stderr: &b, program: newProgram("")}
	ended(context.Background(), env, errors.Join(hint.With(&os.PathError{Op: "open", Path: "/x\x1b[31m\n",
		Err: syscall.ENOENT}, "do %s\nor that", "this"), nil))
	want := "snap: open /x\\x1b[31m\\n: no such file or directory\nsnap: do this\nsnap: or that\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
	b.Reset()
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(&exit.BySignal{Signal: os.Interrupt})
	if code := ended(ctx, env, fmt.Errorf("open: %w", context.Canceled)); code != exit.Interrupted ||
		b.String() != "snap: interrupted by signal: interrupt\n" {
		t.Errorf("%d, %q", code, b.String())
	}
}

// failing is a writer that fails after n bytes.
type failing struct {
	n   int
	err error
}

func (f *failing) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, f.err
	}
	return len(p), nil
}

func TestAClosedPipeEndsQuietlyAndAFullDiskDoesNot(t *testing.T) {
	w := mustWorld(t)
	for i := range 3000 {
		w.now[fmt.Sprintf("a-file-with-a-long-name-so-that-the-buffer-fills-%d", i)] = node{id: w.id(), kind: 1, mode: 0o644}
	}
	w.snapshot(t)
	for _, tty := range []bool{false, true} {
		for err, want := range map[error]int{&os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}: 0,
			io.ErrClosedPipe: 0, syscall.ENOSPC: 1} {
			var errs bytes.Buffer
			env := testEnv(w.dest, &failing{1000, err}, &errs)
			env.StdoutTTY = tty
			if code := Run(context.Background(), env, []string{"snap", "ls"}); code != want ||
				(want == 0) != (errs.String() == "") {
				t.Errorf("%v, terminal %v: exit code %d, %s", err, tty, code, errs.String())
			}
		}
	}
}

func TestACancelledContextEndsACommand(t *testing.T) {
	w := mustWorld(t)
	w.put("a", "x")
	w.snapshot(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(&exit.BySignal{Signal: syscall.SIGTERM})
	for _, args := range [][]string{{"ls"}, {"find", "x"}, {"list"}, {"cat", "latest:a"}, {"diff", "latest", "latest"}} {
		var out, errs bytes.Buffer
		if code := Run(ctx, testEnv(w.dest, &out, &errs), append([]string{"snap"}, args...)); code != exit.Terminated ||
			out.Len() > 0 {
			t.Errorf("%s: exit code %d, %s", args, code, out.String())
		}
	}
}

func TestCatTellsDamage(t *testing.T) {
	w := mustWorld(t)
	w.trees = true
	w.mkdir("docs")
	w.put("docs/a", "content")
	w.put("docs/gone", "x")
	w.put("docs/link", "x")
	w.put("big", strings.Repeat("0123456789", 100_000))
	w.snapshot(t)
	at := filepath.Join(w.dest, w.heads[0].Name)
	if stdout, stderr, code := run(t, w.dest, "cat", "latest:big"); code != 0 || stdout != w.now["big"].content ||
		stderr != "" {
		t.Errorf("a large file: exit code %d, %d bytes, %s", code, len(stdout), stderr)
	}
	for _, err := range []error{
		os.WriteFile(filepath.Join(at, "docs", "a"), []byte("CONTENT"), 0o600),
		os.Remove(filepath.Join(at, "docs", "gone")), os.Remove(filepath.Join(at, "docs", "link")),
		os.Symlink("/etc/passwd", filepath.Join(at, "docs", "link")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		"docs/a": "the snapshot's copy is damaged", "docs/gone": "no such file", "docs/link": "not a regular file",
		"docs": "is a folder", "nothing": "not in snapshot",
	} {
		stdout, stderr, code := run(t, w.dest, "cat", "latest:"+path)
		if code != 1 || !strings.Contains(stderr, want) || strings.Contains(stdout, "root") {
			t.Errorf("%s: exit code %d, %s%s", path, code, stdout, stderr)
		}
	}
	if err := os.Rename(filepath.Join(at, "docs"), filepath.Join(at, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("elsewhere", filepath.Join(at, "docs")); err != nil {
		t.Fatal(err)
	}
	if stdout, _, code := run(t, w.dest, "cat", "latest:docs/a"); code != 1 || stdout != "" {
		t.Errorf("through a link: exit code %d, %s", code, stdout)
	}
}

func TestJSONIsOneLineAndHarmless(t *testing.T) {
	b, err := wire.Encode(map[string]string{"a": "<&>\x7f\u202e\u009b\n\u2028ü"})
	if want := `{"a":"<&>\u007f\u202e\u009b\n\u2028ü"}`; err != nil || string(b) != want {
		t.Errorf("%s, %v; want %s", b, err, want)
	}
	var back map[string]string
	if err := json.Unmarshal(b, &back); err != nil || back["a"] != "<&>\x7f\u202e\u009b\n\u2028ü" {
		t.Errorf("%q, %v", back, err)
	}
}

func TestColour(t *testing.T) {
	for _, c := range []struct {
		flag    string
		tty     bool
		env     map[string]string
		colours bool
	}{
		{"auto", true, nil, true}, {"auto", false, nil, false}, {"auto", true, map[string]string{"NO_COLOR": "1"}, false},
		{"auto", true, map[string]string{"NO_COLOR": ""}, true}, {"auto", true, map[string]string{"TERM": "dumb"}, false},
		{"always", false, map[string]string{"NO_COLOR": "1"}, true}, {"never", true, nil, false},
	} {
		env := &Env{StdoutTTY: c.tty, LookupEnv: func(key string) (string, bool) { v, ok := c.env[key]; return v, ok }}
		if got := strings.Contains(text.Style{Color: env.coloured(c.flag)}.Mark(record.Added), "\x1b"); got != c.colours {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
