package text

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
	"pgregory.net/rapid"

	"snap/internal/progress"
	"snap/internal/quote"
)

func TestProgressLine(t *testing.T) {
	copying := standing{State: progress.State{Stage: progress.Building, Files: 1234, TotalFiles: 56789, Bytes: 1 << 30,
		TotalBytes: 5 << 30, Path: "music/live/2024/summer-tour/recording-of-the-first-evening.wav"},
		Share: 0.236, Rate: 120 << 20, Left: 124 * time.Second}
	first := standing{State: progress.State{Stage: progress.Scanning, Files: 12345, Bytes: 3 << 30, Path: "docs/a"}, Share: -1}
	young := copying
	young.Left, young.Rate, young.Bytes, young.TotalBytes, young.Files = 0, 0, 7, 5<<20, 1
	again := standing{State: progress.State{Stage: progress.Scanning, Files: 450, TotalFiles: 1000, About: true,
		Path: "a\x1b[2Jb/日本語"}, Share: 0.45}
	syncs := standing{State: progress.State{Stage: progress.Publishing}, Share: -1, Elapsed: 12500 * time.Millisecond}
	done := copying
	done.Share, done.Bytes, done.Left, done.Rate, done.Path = 1, done.TotalBytes, 0, 0, ""
	for _, c := range []struct {
		at    standing
		width int
		want  string
	}{
		{copying, 140, "copying  23%  1,234 of 56,789 files   1.0 of 5.0 GiB  120 MiB/s  3min left   " +
			"music/live/2024/summer-tour/recording-of-the-first-evening.wav"},
		{copying, 80, "copying  23%  1,234 files   1.0 of 5.0 GiB  3min left   music/l…rst-evening.wav"},
		{copying, 60, "copying  23%  1.0 of 5.0 GiB  3min left   music…evening.wav"},
		{copying, 40, "copying  23%  music/li…irst-evening.wav"},
		{copying, 20, "copying  23%"},
		{young, 100, "copying  23%  1 of 56,789 files       7 B of 5.0 MiB                             " +
			"music…-evening.wav"},
		{first, 80, "scanning the source  12,345 files so far  3.0 GiB  docs/a"},
		{first, 20, "scanning the source"},
		{again, 80, `scanning the source  45%  450 files so far  "a\x1b[2Jb/日本語"`},
		{syncs, 80, "syncing the disk  12s"},
		{done, 80, "copying 100%  1,234 of 56,789 files   5.0 of 5.0 GiB"},
		{done, 20, "copying 100%"},
	} {
		line := Style{}.progressLine(&c.at, c.width)
		if line != c.want {
			t.Errorf("%d columns:\n%s\nwant\n%s", c.width, line, c.want)
		}
	}
}

// Whatever a file is called and however wide the terminal is, the line stands in one row of it and holds nothing that
// it would obey.
func TestProgressLineStaysOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SampledFrom([]string{"a", "/", "日", "é", "e\u0301", "👨‍👩‍👧", "🇩🇪", "\x1b[2J", "\n", "\r", "\t", "\u202e", "\u200b",
			"\xff", "long-word", " "})
		at := standing{State: progress.State{
			Stage: rapid.SampledFrom([]progress.Stage{progress.Scanning, progress.Building, progress.Reading}).Draw(t, "stage"),
			Files: rapid.Int64Min(0).Draw(t, "files"), TotalFiles: rapid.Int64Min(0).Draw(t, "of files"),
			Bytes: rapid.Int64Min(0).Draw(t, "bytes"), TotalBytes: rapid.Int64Min(0).Draw(t, "of bytes"),
			About: rapid.Bool().Draw(t, "about"), Path: strings.Join(rapid.SliceOfN(piece, 0, 60).Draw(t, "path"), ""),
		}, Share: rapid.Float64Range(-1, 1).Draw(t, "share"), Rate: rapid.Int64Min(0).Draw(t, "rate"),
			Left: time.Duration(rapid.Int64Min(0).Draw(t, "left"))}
		width := rapid.IntRange(20, 200).Draw(t, "width")
		line := Style{Units: rapid.SampledFrom([]string{"iec", "si", "raw"}).Draw(t, "units")}.progressLine(&at, width)
		each := 0
		for _, r := range line {
			each += displaywidth.Rune(r)
		}
		if each >= width || displaywidth.String(line) >= width {
			t.Fatalf("%d columns for %d: %q", each, width, line)
		}
		if !utf8.ValidString(line) || quote.Clean(line) != line || !strings.HasPrefix(line, string(at.Stage)) {
			t.Fatalf("%q", line)
		}
	})
}

func TestShorten(t *testing.T) {
	for _, c := range []struct {
		path  string
		width int
		want  string
	}{
		{"docs/report.txt", 15, "docs/report.txt"}, {"docs/report.txt", 14, "docs…eport.txt"},
		{"日本語/日本語", 9, "日…日本語"}, {"abc", 2, "…c"}, {"abc", 1, "…"}, {"abc", 0, ""}, {"abc", -1, ""},
	} {
		if got := Shorten(c.path, c.width); got != c.want || columns(got) > max(c.width, 0) {
			t.Errorf("%s in %d: %s, want %s", c.path, c.width, got, c.want)
		}
	}
}

// screen is a terminal that keeps the last row, and what was written to it.
type screen struct {
	mu         sync.Mutex
	all        bytes.Buffer
	width      int
	background bool
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.Write(p)
}

// rows is what is to be seen: a carriage return goes back to the beginning of the row.
func (s *screen) rows() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows []string
	for line := range strings.SplitSeq(s.all.String(), "\n") {
		row := ""
		for part := range strings.SplitSeq(line, "\r") {
			if n := len(part); n < len(row) {
				part += row[n:]
			}
			row = part
		}
		rows = append(rows, strings.TrimRight(row, " "))
	}
	return strings.Join(rows, "|")
}

// drawn is a line of progress that is drawn when the test says so.
func drawn(s *screen, now *time.Time, meter *progress.Meter) *Progress {
	p := newProgress(Terminal{Writer: s, Width: func() int { return s.width },
		Foreground: func() bool { return !s.background }}, Style{Now: func() time.Time { return *now }}, meter)
	close(p.done)
	return p
}

func TestProgressIsDrawn(t *testing.T) {
	s, now := &screen{width: 80}, time.Unix(1e9, 0)
	_, meter := progress.Watch(t.Context())
	p := drawn(s, &now, meter)
	is := func(what, want string) {
		t.Helper()
		now = now.Add(time.Second)
		p.draw()
		if got := s.rows(); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	is("nothing to show", "")
	p.Show(progress.State{Stage: progress.Comparing})
	meter.Add(100)
	p.Show(progress.State{Stage: progress.Building, TotalFiles: 3, TotalBytes: 30 << 20, Path: "small"})
	is("begun", "copying   0%  0 files  0 B of 30 MiB                  small")
	work := meter.Begin("large", 20<<20)
	work.Moved(10 << 20)
	is("within a file", "copying  33%  0 files  10 of 30 MiB   10 MiB/s               large")
	work.Moved(1 << 40)
	p.Show(progress.State{Stage: progress.Building, TotalFiles: 3, TotalBytes: 30 << 20, Files: 9, Bytes: 1 << 50})
	is("it grew, and so did all", "copying 100%  3 files  30 of 30 MiB   15 MiB/s               large")
	work.End()
	s.width = 20
	is("the terminal shrank", "copying 100%       es  30 of 30 MiB   15 MiB/s               large")
	io.WriteString(s, "\n") // as a shell does that puts the process in the background
	s.width, s.background = 80, true
	p.Show(progress.State{Stage: progress.Publishing})
	is("in the background", "copying 100%       es  30 of 30 MiB   15 MiB/s               large|")
	out := p.Messages(s)
	if p.Messages(out) != out {
		t.Error("a writer within a writer")
	}
	s.all.Reset()
	io.WriteString(out, "snap: a message\n")
	is("a message there", "snap: a message|")
	s.background = false
	is("in the foreground", "snap: a message|syncing the disk  3s")
	io.WriteString(out, "snap: another\n")
	is("a message above the line", "snap: a message|snap: another|syncing the disk  4s")
	p.End()
	p.End()
	io.WriteString(out, "done\n")
	if got, want := s.rows(), "snap: a message|snap: another|done|"; got != want {
		t.Errorf("at the end: %q", got)
	}
}
