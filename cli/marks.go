package cli

import (
	"snap/index"
	"snap/internal/file"
	"snap/internal/quote"
)

// marks are the letters for changes, and the colours they have where there is colour.
var marks = [...]struct{ letter, colour string }{
	index.Added:       {"+", "32"},
	index.Modified:    {"M", "33"},
	index.Metadata:    {"U", "36"},
	index.Moved:       {"R", "35"},
	index.TypeChanged: {"T", "33"},
	index.Removed:     {"-", "31"},
	index.Silent:      {" ", ""},
}

// mark is the letter of a change, coloured if --color and the terminal say so.
func (c *call) mark(change index.Change) string {
	if int(change) >= len(marks) {
		return "?"
	}
	m := marks[change]
	if m.colour == "" || !c.coloured() {
		return m.letter
	}
	return "\x1b[" + m.colour + "m" + m.letter + "\x1b[0m"
}

// coloured reports whether standard output is to have colours.
func (c *call) coloured() bool {
	switch c.opts.color {
	case "always":
		return true
	case "never":
		return false
	}
	return c.env.StdoutTTY && c.env.variable("NO_COLOR") == "" && c.env.variable("TERM") != "dumb"
}

// shown is a path as text shows it: folders end in a slash, the source itself is "./".
func shown(path string, kind file.Kind) string {
	if path == "" {
		return "./"
	}
	if kind == file.Folder {
		path += "/"
	}
	return quote.Name(path)
}
