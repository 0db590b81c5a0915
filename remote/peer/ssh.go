package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"snap/internal/quote"
)

// Address is a destination on another machine.
type Address struct {
	User, Host string
	Port       int    // 0: ssh's own
	Path       string // absolute, or below the home folder there
}

// ParseAddress reads ssh://[USER@]HOST[:PORT]/FOLDER; /~/FOLDER is below the home folder there.
func ParseAddress(url string) (a Address, err error) {
	bad := func(why string) (Address, error) {
		return a, fmt.Errorf("%s: %s; write it as ssh://[USER@]HOST[:PORT]/FOLDER", quote.Name(url), why)
	}
	rest, ok := strings.CutPrefix(url, "ssh://")
	if !ok {
		return bad("no place on another machine")
	}
	at, path, ok := strings.Cut(rest, "/")
	if !ok || path == "" {
		return bad("it names no folder")
	}
	a.Path = "/" + path
	if below, home := strings.CutPrefix(path, "~/"); home {
		a.Path = below
	}
	if a.User, a.Host, ok = strings.Cut(at, "@"); !ok {
		a.User, a.Host = "", at
	}
	host, port, _ := strings.Cut(a.Host, ":")
	if inner, isV6 := strings.CutPrefix(a.Host, "["); isV6 { // as ssh://[::1]:22/FOLDER
		if host, port, ok = strings.Cut(inner, "]"); !ok {
			return bad("the host")
		}
		port = strings.TrimPrefix(port, ":")
	}
	if a.Host = host; port != "" {
		if a.Port, err = strconv.Atoi(port); err != nil || a.Port < 1 || a.Port > 65535 {
			return bad("the port")
		}
	}
	for _, word := range []string{a.Host, a.User, a.Path} { // what begins with a dash would be taken for a flag
		if strings.HasPrefix(word, "-") || strings.ContainsAny(word, "\x00\n\r") {
			return bad("a name that ssh would not take for one")
		}
	}
	if a.Host == "" || strings.Contains(a.User, ":") {
		return bad("it names no host, or a password, which does not belong there")
	}
	return a, nil
}

// command is the command line that runs snap at an address by a program such as ssh.
func (a *Address) command(program []string) []string {
	line := append([]string{}, program...)
	if a.Port != 0 {
		line = append(line, "-p", strconv.Itoa(a.Port))
	}
	if a.User != "" {
		line = append(line, "-l", a.User)
	}
	return append(line, "--", a.Host, "snap serve -- "+quote.Word(a.Path))
}

// process is a program whose standard streams are a pipe.
type process struct {
	io.Reader
	io.WriteCloser
	cmd    *exec.Cmd
	cancel context.CancelFunc
	once   func() error
}

// closeWait is how long the program may take to end when its input has ended.
const closeWait = 5 * time.Second

// Dial runs snap at an address, by the user's ssh: program is its command line, ssh itself if it is empty. What it says
// goes to stderr.
func Dial(ctx context.Context, a Address, program string, env []string, stderr io.Writer) (Pipe, error) {
	words := strings.Fields(program)
	if len(words) == 0 {
		words = []string{"ssh"}
	}
	line := a.command(words)
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := &process{cmd: exec.CommandContext(run, line[0], line[1:]...), cancel: cancel}
	p.once = sync.OnceValue(p.end)
	p.cmd.Env, p.cmd.Stderr, p.cmd.WaitDelay = env, stderr, closeWait
	in, err := p.cmd.StdinPipe()
	if err == nil {
		p.WriteCloser = in
		p.Reader, err = p.cmd.StdoutPipe()
	}
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("%s: %w", words[0], err)
	}
	return p, nil
}

// Close ends the program: by the end of its input, or where it does not heed that by a signal.
func (p *process) Close() error { return p.once() }

func (p *process) end() error {
	err := p.WriteCloser.Close()
	timer := time.AfterFunc(closeWait, p.cancel)
	defer timer.Stop()
	defer p.cancel()
	if werr := p.cmd.Wait(); werr != nil {
		return werr
	}
	return err
}

// ExitCode is what a program has ended with that Dial has started: ssh's 255 says that it could not connect, the 127 of
// a shell that there is no snap; -1 is neither.
func ExitCode(err error) int {
	exit := (*exec.ExitError)(nil)
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}
