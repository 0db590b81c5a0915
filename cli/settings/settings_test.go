package settings

import (
	"errors"
	"strings"
	"testing"

	"snap/internal/quote"
)

// FuzzSettings: BackupOptions.txt is read, or refused with a line of it; what is said of it does no harm to
// a terminal, and what was read can be used.
func FuzzSettings(f *testing.F) {
	f.Add([]byte(optionsText()))
	for _, k := range table() {
		for _, v := range []string{k.value, "", "1", "-1", "yes", "True", "x", "10%", "2G", "7d", "%Y/%m", "\x00", "a,b, ,",
			"99999999999999999999"} {
			f.Add([]byte(k.key + " = " + v + "\r\n"))
		}
	}
	for _, s := range []string{"\ufeffskip=no", "skip", "=", "skip = no\nskip = no", "\x1b[2J = 1", "# x\n\n  SKIP=On",
		"fromat=x", "format=%", "format=%%", "format=%9999999Y"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, warnings, err := Parse("f", text)
		said := warnings
		if err != nil {
			said = append(said, err.Error())
		}
		for _, text := range said {
			if !quote.Harmless(text) {
				t.Errorf("it says %q", text)
			}
		}
		var bad *Error
		if lines := strings.Count(string(text), "\n") + 1; errors.As(err, &bad) && (bad.Line < 1 || bad.Line > lines) {
			t.Errorf("line %d of %d", bad.Line, lines)
		}
		if err != nil {
			return
		}
		if s.Jobs < 0 || s.ExcludeLargerThan < 0 {
			t.Errorf("%+v", s)
		}
		for _, n := range s.excludeIfPresent {
			if n == "" || n != strings.TrimSpace(n) {
				t.Errorf("a name %q", n)
			}
		}
	})
}
