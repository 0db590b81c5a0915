package text

import (
	"snap/internal/file"
	"snap/internal/quote"
	"snap/record"
)

// marks are the letters for changes, and the colours they have where there is colour.
var marks = [...]struct{ Letter, colour string }{
	record.Added:       {"+", "32"},
	record.Modified:    {"M", "33"},
	record.Metadata:    {"U", "36"},
	record.Moved:       {"R", "35"},
	record.TypeChanged: {"T", "33"},
	record.Removed:     {"-", "31"},
	record.Silent:      {" ", ""},
}

// Letter is the letter of a change.
func Letter(change record.Change) string {
	if int(change) >= len(marks) {
		return "?"
	}
	return marks[change].Letter
}

// Mark is the letter of a change, in its colour if there are colours.
func (s Style) Mark(change record.Change) string {
	if int(change) >= len(marks) || marks[change].colour == "" || !s.Color {
		return Letter(change)
	}
	m := marks[change]
	return "\x1b[" + m.colour + "m" + m.Letter + "\x1b[0m"
}

// Path is a path as text shows it: folders end in a slash, the source itself is "./".
func Path(path string, kind file.Kind) string {
	if path == "" {
		return "./"
	}
	if kind == file.Folder {
		path += "/"
	}
	return quote.Name(path)
}
