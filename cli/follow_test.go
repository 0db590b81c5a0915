package cli

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// follow runs the command lines that the command before told to type, each in sh: "follow N CODE…" wants N of them, at
// least, and each to end with one of the codes. SRC, DIR and REF in them are a source, a new folder and a snapshot.
func follow(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: follow N CODE…")
	}
	lines := toldToType(ts.ReadFile("stdout") + "\n" + ts.ReadFile("stderr"))
	if n, _ := strconv.Atoi(args[0]); len(lines) < n {
		ts.Fatalf("%d command lines are told, want %d: %q", len(lines), n, lines)
	}
	for _, line := range lines {
		typed := placeholder.ReplaceAllStringFunc(line, func(word string) string {
			switch word {
			case "SRC", "SRC…":
				return `"$WORK/src"`
			case "REF":
				return "latest"
			}
			return fmt.Sprintf(`"$WORK/new-%d"`, newFolders.Add(1))
		})
		code := 0
		if err := ts.Exec("sh", "-c", typed); err != nil {
			_, text, _ := strings.Cut(err.Error(), "exit status ")
			code, _ = strconv.Atoi(text)
		}
		if !slices.Contains(args[1:], strconv.Itoa(code)) {
			ts.Fatalf("%s: exit code %d, want one of %v", typed, code, args[1:])
		}
	}
}

var (
	newFolders  atomic.Int64
	placeholder = regexp.MustCompile(`\b(SRC…?|DIR|REF)(\b|$)`)
	toldLine    = regexp.MustCompile(`(^|[\s:])snap (` + strings.Join(commandNames(), "|") + `)( |$|;)`)
)

func commandNames() (names []string) {
	for _, cmd := range commands() {
		names = append(names, cmd.Name)
	}
	return names
}

// toldToType are the command lines of snap in its texts: each to the end of the line, or of its part.
func toldToType(text string) (all []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "snap: ")
		for {
			at := toldLine.FindStringIndex(line)
			if at == nil {
				break
			}
			line = strings.TrimLeft(line[at[0]:], " :\t")
			end := typedEnd(line)
			all, line = append(all, line[:end]), line[end:]
		}
	}
	return all
}

// typedEnd is where a command line ends that a text goes on behind.
func typedEnd(line string) int {
	for i := 0; i < len(line); i++ {
		rest := line[i:]
		switch {
		case strings.HasPrefix(rest, `"$(printf '`):
			i += strings.Index(rest, `')"`) + 2
		case rest[0] == '\'':
			i += 1 + strings.IndexByte(rest[1:], '\'')
		case rest[0] == '\\':
			i++
		case slices.ContainsFunc([]string{"; ", " · ", "  # ", ", ", " says ", " lists "}, func(end string) bool {
			return strings.HasPrefix(rest, end)
		}):
			return i
		}
	}
	return len(line)
}

func TestCommandLinesAreFoundInTexts(t *testing.T) {
	for text, want := range map[string][]string{
		"snap: to list it: snap ls 'a; b'; as an archive: snap cat --archive tar x": {"snap ls 'a; b'",
			"snap cat --archive tar x"},
		`snap: find it: snap find "$(printf 'a\033; \047b')"; or not`: {`snap find "$(printf 'a\033; \047b')"`},
		"next: snap list · snap ls latest":                            {"snap list", "snap ls latest"},
		"snap: no snapshot is named":                                  nil,
	} {
		if got := toldToType(text); !slices.Equal(got, want) {
			t.Errorf("%s: %q", text, got)
		}
	}
}
