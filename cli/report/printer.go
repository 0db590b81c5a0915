// Package report writes what snap found out or did as text for people: a method of [Printer] for each kind of result.
// It knows no command and no flag. Whoever calls it says where the text goes, how wide it may be and what time it is.
//
// A result stands on [Printer.Out]. What is said besides, and stands on standard error, goes to Warn, or to Note where
// it may be left out when somebody asked for silence. The same results for programs are in package wire.
package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"snap/cli/text"
	"snap/internal/file"
	"snap/internal/quote"
)

// Printer is where results go, and how they are written.
type Printer struct {
	text.Style
	Out        io.Writer
	Warn, Note func(format string, args ...any)
	Program    string                      // the name that snap was called by
	Typed      func(command string) string // a text with that name in its command lines
}

func (p *Printer) printf(format string, args ...any) error {
	_, err := fmt.Fprintf(p.Out, format, args...)
	return err
}

// say prints a sentence, in several lines where the terminal is too narrow.
func (p *Printer) say(format string, args ...any) error {
	return p.printf("%s\n", p.WrapTyped(fmt.Sprintf(format, args...), "  ", p.Program))
}

// sayBelow is say for the sentence below a table.
func (p *Printer) sayBelow(format string, args ...any) error {
	if err := p.printf("\n"); err != nil {
		return err
	}
	return p.say(format, args...)
}

// enclose is text between two others, "" if there is none.
func enclose(before, text, after string) string {
	if text == "" {
		return ""
	}
	return before + text + after
}

// seconds is a duration as a person reads it.
func seconds(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// LostParts are the names of what could not be set.
func LostParts(parts file.Lost) (names []string) {
	for _, l := range []struct {
		part file.Lost
		name string
	}{{file.LostOwner, "owner"}, {file.LostMode, "mode"}, {file.LostSetuid, "setuid"}, {file.LostXattrs, "xattrs"},
		{file.LostTimes, "times"}} {
		if parts&l.part != 0 {
			names = append(names, l.name)
		}
	}
	return names
}

// Tags are names in one cell of a table.
func Tags(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = quote.Name(n)
	}
	return strings.Join(quoted, ",")
}
