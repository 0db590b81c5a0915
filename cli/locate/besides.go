package locate

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"snap/internal/quote"
)

// namesNone are the commands whose lines name their destination themselves, or need none.
var namesNone = []string{"backup", "init", "destinations", "completion", "man", "version", "help", "--help", "COMMAND"}

// Besides says what has to stand behind a command in a line that people are told to type, so that it is about dest: -d,
// where the line without it would be about another destination, or where it changes something and dest is only the last
// of several. a is what the choice depends on where none is named; rest is what stands behind the command.
func (a *Asked) Besides(dest string) func(command, rest string) string {
	found := sync.OnceValues(func() (here, alone bool) {
		unnamed, err := a.Find()
		return err == nil && unnamed.Dir == filepath.Clean(dest), unnamed.Others == 0
	})
	return func(command, rest string) string {
		line := rest
		for _, end := range []string{"; ", " · ", " # ", " && "} {
			line, _, _ = strings.Cut(line, end)
		}
		if slices.Contains(namesNone, command) || strings.Contains(line, "-d ") {
			return ""
		}
		if here, alone := found(); here && (alone || !writes(command, line)) {
			return ""
		}
		return " -d " + quote.WordInFormat(dest)
	}
}

// writes reports whether a command line changes something, and so is refused where its destination has to be guessed.
func writes(command, line string) bool {
	return slices.Contains([]string{"delete", "prune", "purge", "tag", "note", "undelete", "reindex"}, command) ||
		slices.ContainsFunc([]string{"--in-place", "--repair", "--overwrite", "--delete"},
			func(flag string) bool { return strings.Contains(line, flag) })
}
