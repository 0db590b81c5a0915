package text

import (
	"snap/index"
	"snap/internal/file"
	"snap/internal/quote"
)

// marks are the letters for changes, and the colours they have where there is colour.
var marks = [...]struct{ Letter, colour string }{
	index.Added:       {"+", "32"},
	index.Modified:    {"M", "33"},
	index.Metadata:    {"U", "36"},
	index.Moved:       {"R", "35"},
	index.TypeChanged: {"T", "33"},
	index.Removed:     {"-", "31"},
	index.Silent:      {" ", ""},
}

// Letter is the letter of a change.
func Letter(change index.Change) string {
	if int(change) >= len(marks) {
		return "?"
	}
	return marks[change].Letter
}

// Mark is the letter of a change, in its colour if there are colours.
func (s Style) Mark(change index.Change) string {
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
