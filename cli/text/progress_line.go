package text

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"snap/internal/progress"
	"snap/internal/quote"
)

// standing is all that a line of progress is made of.
type standing progress.Standing

// leastPath is the room in which a path tells something, and gap what stands between the parts.
const (
	leastPath = 16
	gap       = "  "
)

// progressLine is the line for a terminal of width columns. It is one column less at most, for some terminals go on
// below once the last is written, and holds nothing that they would obey. Each part has the room that it will need at
// most, so that nothing moves while numbers grow; where all have no room the first of these that fits is shown.
func (s Style) progressLine(at *standing, width int) string {
	width = max(width, 2) - 1
	label, left := at.label(), at.leftText()
	long, short := at.fileTexts()
	bytes, rate := s.byteTexts(at)
	least := 0
	if at.Path != "" {
		least = len(gap) + leastPath
	}
	if columns(label) > width {
		label = string(at.Stage)
	}
	line := label
	for _, parts := range [...][]string{
		{label, long, bytes, rate, left}, {label, short, bytes, rate, left}, {label, short, bytes, left},
		{label, bytes, rate, left}, {label, bytes, left}, {label, short, left}, {label, bytes}, {label, left},
	} {
		full := joinParts(parts)
		if columns(full)+least <= width || at.Path != "" && columns(full) <= width && columns(label)+least > width {
			line = full
			break
		}
	}
	if room := width - columns(line) - len(gap); at.Path != "" && room >= leastPath/2 {
		return line + gap + Shorten(quote.Name(at.Path), room)
	}
	return Shorten(strings.TrimRight(line, " "), width)
}

// Standing is how far work has come, in words, without the path that it is at.
func (s Style) Standing(at *progress.Standing) string {
	of := (*standing)(at)
	files, _ := of.fileTexts()
	bytes, rate := s.byteTexts(of)
	var there []string
	for _, p := range []string{of.label(), files, bytes, rate, of.leftText()} {
		if p = strings.Join(strings.Fields(p), " "); p != "" {
			there = append(there, p)
		}
	}
	return strings.Join(there, " · ")
}

func joinParts(parts []string) string {
	var there []string
	for _, p := range parts {
		if p != "" {
			there = append(there, p)
		}
	}
	return strings.Join(there, gap)
}

// label is the stage, and how much of it is done.
func (at *standing) label() string {
	text := string(at.Stage)
	switch {
	case at.Share >= 0:
		return fmt.Sprintf("%s %3d%%", text, min(int(at.Share*100), 100))
	case at.Files == 0 && at.Bytes == 0 && at.Elapsed >= time.Second:
		return text + gap + at.Elapsed.Truncate(time.Second).String()
	}
	return text
}

// fileTexts are how many files were done, of how many, and without that.
func (at *standing) fileTexts() (long, short string) {
	short = Plural(at.Files, "file", "files")
	switch {
	case at.TotalFiles > 0 && !at.About:
		of := " of " + Plural(at.TotalFiles, "file", "files")
		return Pad(humanize.Comma(at.Files)+of, len(humanize.Comma(at.TotalFiles)+of)), Pad(short, len(of)-len(" of "))
	case at.Files > 0:
		return short + " so far", short
	}
	return "", ""
}

// byteTexts are how many bytes were done, and how many a second.
func (s Style) byteTexts(at *standing) (bytes, rate string) {
	if at.Bytes > 0 || at.TotalBytes > 0 {
		bytes = s.Size(at.Bytes)
	}
	if at.TotalBytes == 0 || at.About {
		return bytes, ""
	}
	total := s.Size(at.TotalBytes)
	of, most := " of "+total, len("999 MiB")
	if _, unit, ok := strings.Cut(total, " "); ok {
		if short, same := strings.CutSuffix(bytes, " "+unit); same {
			bytes, most = short, len("999")
		}
	}
	if at.Rate > 0 {
		rate = s.Size(at.Rate) + "/s"
	}
	return Pad(bytes+of, most+len(of)), Pad(rate, len("999 MiB/s"))
}

// leftText is how long the work will still take, in steps that grow with it.
func (at *standing) leftText() string {
	d := at.Left
	text := ""
	up := func(step time.Duration) time.Duration { return (d + step - 1) / step * step }
	switch {
	case at.TotalFiles == 0 && at.TotalBytes == 0 || at.About || at.Stage == progress.Comparing:
		return "" // comparing, files that have to be read are not known before
	case d <= 0:
	case d <= time.Minute:
		text = fmt.Sprintf("%ds left", up(5*time.Second)/time.Second)
	case d <= time.Hour:
		text = fmt.Sprintf("%dmin left", up(time.Minute)/time.Minute)
	case d <= 10*time.Hour:
		d = up(10 * time.Minute)
		text = fmt.Sprintf("%dh%02dmin left", d/time.Hour, d%time.Hour/time.Minute)
	default:
		text = About(d) + " left"
	}
	return Pad(text, len("59min left"))
}
