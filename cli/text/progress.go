package text

import (
	"io"
	"strings"
	"sync"
	"time"

	"snap/internal/progress"
)

// Terminal is where a line of progress is drawn.
type Terminal struct {
	io.Writer
	Width      func() int  // its columns now; nil, or 0 for not known: 80
	Foreground func() bool // whether this process may write to it without disturbing another; nil: it may
}

// Progress is the one line on a terminal that shows how long work gets on: stage, files, bytes, rate, time left, and
// the path that is worked on. It is drawn a few times a second, without anything that only some terminals know, and
// not at all while the process is in the background. A nil one shows nothing.
type Progress struct {
	style Style
	on    Terminal

	mu     sync.Mutex // of what is shown
	course *progress.Course

	out   sync.Mutex // of the terminal
	drawn int        // columns that the line has taken there
	quit  chan struct{}
	done  chan struct{}
	end   sync.Once
}

// refresh is how often the line is drawn.
const refresh = 200 * time.Millisecond

// NewProgress begins to draw the line, once there is a state to show. meter counts the bytes of files in work, nil if
// nobody does.
func NewProgress(on Terminal, s Style, meter *progress.Meter) *Progress {
	p := newProgress(on, s, meter)
	go p.drawOften()
	return p
}

func newProgress(on Terminal, s Style, meter *progress.Meter) *Progress {
	return &Progress{style: s, on: on, course: progress.NewCourse(meter), quit: make(chan struct{}),
		done: make(chan struct{})}
}

func (p *Progress) drawOften() {
	defer close(p.done)
	tick := time.NewTicker(refresh)
	defer tick.Stop()
	for {
		select {
		case <-p.quit:
			return
		case <-tick.C:
			p.out.Lock()
			p.draw()
			p.out.Unlock()
		}
	}
}

// Show takes the newest state. It costs next to nothing.
func (p *Progress) Show(s progress.State) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.course.Show(s, p.style.Now)
}

// End takes the line away.
func (p *Progress) End() {
	if p == nil {
		return
	}
	p.end.Do(func() {
		close(p.quit)
		<-p.done
		p.out.Lock()
		defer p.out.Unlock()
		p.clear()
	})
}

// at is how it stands at the time now.
func (p *Progress) at(now time.Time) standing {
	p.mu.Lock()
	defer p.mu.Unlock()
	return standing(p.course.At(now))
}

// draw draws the line over the one before.
func (p *Progress) draw() {
	at := p.at(p.style.Now())
	if at.Stage == "" || !p.foreground() {
		return
	}
	width := p.width()
	line := p.style.progressLine(&at, width)
	n := columns(line)
	io.WriteString(p.on, "\r"+line+strings.Repeat(" ", max(min(p.drawn, width-1)-n, 0)))
	p.drawn = n
}

// clear takes the line away, as far as it is this process that has the terminal.
func (p *Progress) clear() {
	if p.drawn == 0 || !p.foreground() {
		return
	}
	io.WriteString(p.on, "\r"+strings.Repeat(" ", min(p.drawn, p.width()-1))+"\r")
	p.drawn = 0
}

func (p *Progress) foreground() bool { return p.on.Foreground == nil || p.on.Foreground() }

func (p *Progress) width() int {
	if p.on.Width != nil {
		if n := p.on.Width(); n > 0 {
			return n
		}
	}
	return 80
}

// Messages is a writer to w, which is on the same terminal, for whole lines: they come to stand above the line.
func (p *Progress) Messages(w io.Writer) io.Writer {
	if m, ok := w.(messages); p == nil || ok && m.p == p {
		return w
	}
	return messages{p, w}
}

type messages struct {
	p *Progress
	w io.Writer
}

func (m messages) Write(b []byte) (int, error) {
	m.p.out.Lock()
	defer m.p.out.Unlock()
	shown := m.p.drawn > 0
	m.p.clear()
	n, err := m.w.Write(b)
	if shown && err == nil && len(b) > 0 && b[len(b)-1] == '\n' {
		m.p.draw()
	}
	return n, err
}
