package web

import (
	"strings"
	"testing"

	"snap/backup/backuptest"
)

// TestWhatIsNotShownIsSaid: of what is too large, no text, or has nothing to compare with; and a text is just shown.
func TestWhatIsNotShownIsSaid(t *testing.T) {
	p := backuptest.NewPlace(t)
	p.Write("log", strings.Repeat("a line of a log\n", 200_000))
	p.Write("one.json", strings.Repeat("word ä, ", 400_000))
	p.Write("becomes-text", "\x00\x01\x02")
	p.Write("becomes-bytes", "a text\n")
	p.Write("grows", "a text\n")
	p.Write("shrinks", strings.Repeat("a line of a log\n", 200_000))
	p.Write("plain", "a text\n")
	snapshot(p, "20261119-100000")
	p.Write("log", strings.Repeat("a line of a log\n", 200_000)+"more\n")
	p.Write("becomes-text", "a text\n")
	p.Write("becomes-bytes", "\x00\x01\x02")
	p.Write("grows", strings.Repeat("a line of a log\n", 200_000))
	p.Write("shrinks", "a text\n")
	snapshot(p, "20261120-100000")
	s := show(t, p)
	for name, want := range map[string][]string{
		"log":           {"Too large to be compared on a page", "how B begins", "The first 3.1 KiB of 3.1 MiB", "SHA-256"},
		"one.json":      {"Too large for a page", "The first 64 KiB of 3.4 MiB", "word ä, word ä, "},
		"becomes-text":  {"Not compared: A is no text. These are the lines of B.", "a text"},
		"becomes-bytes": {"No text, and no picture that a browser shows", "SHA-256"},
		"grows":         {"Too large to be compared on a page", "1a line of a log"},
		"shrinks":       {"Not compared: A has 3.1 MiB, which is too large for a page", "1a text"},
	} {
		page := s.get(t, s.File(name))
		says(t, name, textOf(wellFormed(t, name, page)), want...)
		if len(page) > 200_000 {
			t.Errorf("%s: a page of %d bytes", name, len(page))
		}
		says(t, "preview of "+name, s.get(t, s.File(name), head("Snap-Fragment", "preview")), `class="dim"`)
	}
	plain := told(t, s.get(t, s.File("plain")))
	for _, not := range []string{"Too large", "No text", "Not compared", "The first"} {
		if strings.Contains(plain, not) {
			t.Errorf("a plain text: %s", plain)
		}
	}
	says(t, "known of one", s.get(t, s.File("one.json")), "What is known of this version")
	says(t, "known of two", s.get(t, s.File("log")), "What is known of the two versions")
}
