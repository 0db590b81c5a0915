package events

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"sync"
)

// tail hands on what is written to it and keeps the last lines.
type tail struct {
	w io.Writer

	mu    sync.Mutex
	off   bool // nothing more is kept
	lines []string
	part  []byte
}

// How much of what was said is told to somebody who was not there.
const (
	tailLines = 30
	tailWidth = 500 // bytes
)

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	for rest := p; !t.off; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			t.part = append(t.part, rest[:min(len(rest), max(0, 4*tailWidth-len(t.part)))]...)
			break
		}
		t.keep(append(t.part, rest[:i]...))
		t.part, rest = t.part[:0], rest[i+1:]
	}
	t.mu.Unlock()
	return t.w.Write(p)
}

// add keeps a line that is not handed on.
func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.off {
		t.keep([]byte(line))
	}
}

// keep keeps a line. What a line of progress has drawn before it is none of it.
func (t *tail) keep(line []byte) {
	if i := bytes.LastIndexAny(line, "\r\x1b"); i >= 0 {
		return
	}
	if len(line) > tailWidth {
		line = append(slices.Clone(line[:tailWidth]), "…"...)
	}
	if len(t.lines) == tailLines {
		t.lines = t.lines[1:]
	}
	t.lines = append(t.lines, strings.ToValidUTF8(string(line), ""))
}

// last are the last lines.
func (t *tail) last() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.lines)
}

// keeps says whether what is written from now on is kept.
func (t *tail) keeps(on bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.off = !on
}
