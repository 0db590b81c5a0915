package store

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// pipe starts a program that speaks HTTP/2 on its standard streams, and starts it again when it has ended.
type pipe struct {
	start func() *exec.Cmd

	mu   sync.Mutex
	last *process
}

// process is one run of the program, as a connection.
type process struct {
	cmd     *exec.Cmd
	in, out *os.File
	words   *tail
	ended   chan struct{}
	once    sync.Once
}

// client speaks with the program; the function lets go of the connection.
func (p *pipe) client() (*http.Client, func()) {
	t := &http.Transport{
		DialContext:        func(context.Context, string, string) (net.Conn, error) { return p.dial() },
		Protocols:          new(http.Protocols),
		MaxConnsPerHost:    1, // one process
		DisableCompression: true,
	}
	t.Protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: t}, t.CloseIdleConnections
}

func (p *pipe) dial() (net.Conn, error) {
	cmd := p.start()
	inRead, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, outWrite, err := os.Pipe()
	if err != nil {
		inRead.Close()
		in.Close()
		return nil, err
	}
	run := &process{cmd: cmd, in: in, out: out, words: &tail{}, ended: make(chan struct{})}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = inRead, outWrite, run.words
	err = cmd.Start()
	inRead.Close()
	outWrite.Close()
	if err != nil {
		in.Close()
		out.Close()
		return nil, err
	}
	go func() {
		cmd.Wait() //nolint:errcheck // what it said is in words
		close(run.ended)
	}()
	p.mu.Lock()
	p.last = run
	p.mu.Unlock()
	return run, nil
}

// said is the last that the program said, "" for nothing, and forgets it.
func (p *pipe) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		return ""
	}
	return lastLine(p.last.words.take())
}

// end waits for the program, which ends with its input.
func (p *pipe) end() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last != nil {
		return p.last.Close()
	}
	return nil
}

func (c *process) Read(b []byte) (int, error)  { return c.out.Read(b) }
func (c *process) Write(b []byte) (int, error) { return c.in.Write(b) }

// Close ends the program: by the end of its input, and if it does not care for that, at once.
func (c *process) Close() error {
	c.once.Do(func() {
		c.in.Close()
		kill := time.AfterFunc(5*time.Second, func() { c.cmd.Process.Kill() }) //nolint:errcheck // it has ended
		<-c.ended
		kill.Stop()
		c.out.Close()
	})
	return nil
}

func (c *process) LocalAddr() net.Addr  { return pipeAddr{} }
func (c *process) RemoteAddr() net.Addr { return pipeAddr{} }
func (c *process) SetDeadline(t time.Time) error {
	return firstError(c.in.SetDeadline(t), c.out.SetDeadline(t))
}
func (c *process) SetReadDeadline(t time.Time) error  { return c.out.SetReadDeadline(t) }
func (c *process) SetWriteDeadline(t time.Time) error { return c.in.SetWriteDeadline(t) }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

// tail keeps the last words of a program.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(b []byte) (int, error) {
	const most = 4 << 10
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	t.text = t.text[max(len(t.text)-most, 0):]
	return len(b), nil
}

func (t *tail) take() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(t.text))
	t.text = nil
	return text
}
