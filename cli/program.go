package cli

import (
	"path/filepath"
	"regexp"
	"strings"
)

// program is the name that snap was called by, "" for snap. Where another command is called snap it is
// installed as snap-backup, and what its texts tell people to type must not reach the other one.
type program string

// calledBy is the program of a command line.
func calledBy(argv []string) program {
	if len(argv) == 0 {
		return ""
	}
	name := strings.TrimSuffix(filepath.Base(argv[0]), ".exe")
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.") != "" || name[0] == '-' || name[0] == '.' {
		return "" // nothing that could be typed as it is
	}
	return program(name)
}

func (p program) String() string {
	if p == "" {
		return "snap"
	}
	return string(p)
}

// typed is text, or a format, with the program's name where it names a command line of snap.
func (p program) typed(text string) string {
	if p.String() == "snap" || !strings.Contains(text, "snap ") {
		return text
	}
	var names []string
	for _, cmd := range commands() {
		names = append(append(names, cmd.name), cmd.aliases...)
	}
	line := regexp.MustCompile(`\bsnap (COMMAND\b|--help\b|%s|(?:` + strings.Join(names, "|") + `)\b)`)
	return line.ReplaceAllString(text, p.String()+" $1")
}
