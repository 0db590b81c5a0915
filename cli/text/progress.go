package text

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/clipperhouse/displaywidth"
	"github.com/dustin/go-humanize"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"snap/internal/progress"
	"snap/internal/quote"
)

// Progress is the one line on standard error that shows how long work gets on: stage, files, bytes,
// rate, time left, and the path that is worked on. It wraps mpb, which draws it. A nil one shows nothing.
type Progress struct {
	style Style
	bars  *mpb.Progress
	bar   *mpb.Bar
	last  atomic.Pointer[progress.State]
	stage time.Time // when the stage began
}

// NewProgress begins to draw the line on w, a terminal.
func NewProgress(w io.Writer, s Style) *Progress {
	p := &Progress{style: s, stage: s.Now()}
	p.last.Store(&progress.State{Stage: progress.Scanning})
	p.bars = mpb.New(mpb.WithOutput(w), mpb.WithRefreshRate(150*time.Millisecond), mpb.WithAutoRefresh())
	p.bar = p.bars.New(0, mpb.NopStyle(), mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Any(func(s decor.Statistics) string { return p.line(s.AvailableWidth) })))
	return p
}

// Show takes the newest state. It costs next to nothing.
func (p *Progress) Show(s progress.State) {
	if p == nil {
		return
	}
	if old := p.last.Load(); old.Stage != s.Stage {
		p.stage = p.style.Now()
	}
	p.last.Store(&s)
}

// Messages is where standard error's other lines go while the line is shown: above it.
func (p *Progress) Messages(w io.Writer) io.Writer {
	if p == nil {
		return w
	}
	return p.bars
}

// End takes the line away.
func (p *Progress) End() {
	if p == nil {
		return
	}
	p.bar.Abort(true)
	p.bars.Wait()
}

// line is the text for a terminal of this width.
func (p *Progress) line(width int) string {
	s := p.last.Load()
	text := string(s.Stage)
	if s.Files > 0 {
		text += "  " + humanize.Comma(s.Files)
		if s.TotalFiles > 0 {
			text += " of " + humanize.Comma(s.TotalFiles)
		}
		text += " files"
	}
	elapsed := p.style.Now().Sub(p.stage)
	if s.Bytes > 0 && (s.Stage == progress.Building || s.Stage == progress.Reading) {
		text += "  " + p.style.Size(s.Bytes) + " of " + p.style.Size(s.TotalBytes)
		if secs := elapsed.Seconds(); secs > 1 {
			text += fmt.Sprintf("  %s/s", p.style.Size(int64(float64(s.Bytes)/secs)))
		}
	}
	if left := timeLeft(s, elapsed); left > 0 {
		text += "  " + left.String() + " left"
	}
	width = max(width-1, 20)
	if room := width - displaywidth.String(text) - 2; s.Path != "" && room > 12 {
		text += "  " + displaywidth.TruncateString(quote.Name(s.Path), room, "…")
	}
	return displaywidth.TruncateString(text, width, "…")
}

// timeLeft guesses from the larger part of the work, bytes or files; 0 for no idea yet.
func timeLeft(s *progress.State, elapsed time.Duration) time.Duration {
	if s.TotalFiles == 0 || elapsed < 2*time.Second {
		return 0
	}
	done := float64(s.Files) / float64(s.TotalFiles)
	if s.TotalBytes > 0 {
		done = min(done, float64(s.Bytes)/float64(s.TotalBytes))
	}
	if done <= 0.01 || done >= 1 {
		return 0
	}
	return time.Duration(float64(elapsed) * (1 - done) / done).Round(time.Second)
}
