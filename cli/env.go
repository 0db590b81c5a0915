package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/term"

	"snap/cli/exit"
	"snap/cli/state"
	"snap/cli/text"
	"snap/internal/file"
)

// Env is everything that a command line takes from the process around it.
type Env struct {
	Stdin      io.Reader
	Stdout     io.Writer
	Stderr     io.Writer
	LookupEnv  func(key string) (string, bool)
	Environ    []string               // all of it, for the programs that are started
	Now        func() time.Time       // its location is the local time zone
	Home       func() string          // the user's home folder as the system knows it, "" if it does not; nil: it does not
	Dir        string                 // the working directory, absolute; "" when it is not known
	Temp       []string               // folders for temporary files, besides $TMPDIR
	Executable func() (string, error) // the path of this program; nil: nobody knows it
	StdoutTTY  bool
	StderrTTY  bool
	Width      int // columns of the terminal that Stdout is, 0 when it is none

	AskSecret   func(prompt string) (string, error) // asks whoever is at the terminal; nil: nobody is
	StderrWidth func() int                          // columns of the terminal that Stderr is, as it is now; nil: not known
	Foreground  func() bool                         // whether that terminal is this process's to write to, now; nil: it is

	// Set by Run:
	program  *program
	line     string    // the command line as it can be typed again
	terminal io.Writer // Stderr as it is: on a terminal Stderr wraps what is said
}

// System is the environment of this process.
func System() Env {
	env := Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, LookupEnv: os.LookupEnv, Environ: os.Environ(),
		Now: time.Now, Home: state.PasswdHome, Executable: os.Executable,
		Temp: []string{os.TempDir(), "/tmp", "/var/tmp", "/dev/shm"}}
	env.Dir, _ = os.Getwd() // gone or unreadable: commands then do without
	env.StdoutTTY = term.IsTerminal(int(os.Stdout.Fd()))
	env.StderrTTY = term.IsTerminal(int(os.Stderr.Fd()))
	if env.StderrTTY {
		env.Foreground = func() bool { return file.Foreground(os.Stderr) }
		env.StderrWidth = func() int {
			width, _, _ := term.GetSize(int(os.Stderr.Fd()))
			return width
		}
	}
	if env.StderrTTY && term.IsTerminal(int(os.Stdin.Fd())) {
		env.AskSecret = askSecret
	}
	if env.StdoutTTY {
		env.Width, _, _ = term.GetSize(int(os.Stdout.Fd()))
	}
	return env
}

// askSecret asks at the terminal, and what is typed is not shown.
func askSecret(prompt string) (string, error) {
	fmt.Fprint(os.Stderr, prompt)
	typed, err := term.ReadPassword(int(os.Stdin.Fd()))
	fmt.Fprintln(os.Stderr)
	return string(typed), err
}

// variable is the environment variable key, "" when it is not set.
func (e *Env) variable(key string) string {
	v, _ := e.LookupEnv(key)
	return v
}

// output is standard output. It collects what is written, but for a terminal, and keeps its first error. A command that
// only shows something is done when nobody can see it any more; one whose exit code says more than that goes on.
type output struct {
	w      io.Writer
	direct bool // a terminal shows each line at once
	goesOn bool // Write has no errors: only Flush tells what went wrong
	buf    bytes.Buffer
	err    error
}

const outputBuffer = 64 << 10

func (o *output) Write(p []byte) (int, error) {
	if o.err == nil {
		o.buf.Write(p)
		if o.direct || o.buf.Len() >= outputBuffer {
			o.Flush()
		}
	}
	if o.err != nil && !o.goesOn {
		return 0, o.err
	}
	return len(p), nil
}

// Flush writes what was collected.
func (o *output) Flush() error {
	if o.err != nil || o.buf.Len() == 0 {
		return o.err
	}
	_, err := o.w.Write(o.buf.Bytes())
	o.buf.Reset()
	switch {
	case errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrClosedPipe):
		o.err = exit.ErrClosed
	case err != nil:
		o.err = fmt.Errorf("write to standard output: %w", err)
	}
	return o.err
}

// style is how text is written to standard output.
func (e *Env) style(o options) text.Style {
	s := text.Style{Width: e.Width, Units: o.units, Color: e.coloured(o.color), Zone: e.Now().Location(), Now: e.Now}
	if o.utc {
		s.Zone = time.UTC
	}
	return s
}

// coloured reports whether standard output is to have colours, as --color says.
func (e *Env) coloured(color string) bool {
	switch color {
	case "always":
		return true
	case "never":
		return false
	}
	return e.StdoutTTY && e.variable("NO_COLOR") == "" && e.variable("TERM") != "dumb"
}
