package cli

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"snap/cli/text"
	"snap/internal/quote"
)

// FuzzSettings: BackupOptions.txt is read, or refused with a line of it; what is said of it does no harm to
// a terminal, and what was read can be used.
func FuzzSettings(f *testing.F) {
	f.Add([]byte(optionsText()))
	for _, k := range settingsTable() {
		for _, v := range []string{k.value, "", "1", "-1", "yes", "True", "x", "10%", "2G", "7d", "%Y/%m", "\x00", "a,b, ,", "99999999999999999999"} {
			f.Add([]byte(k.key + " = " + v + "\r\n"))
		}
	}
	for _, s := range []string{"\ufeffskip=no", "skip", "=", "skip = no\nskip = no", "\x1b[2J = 1", "# x\n\n  SKIP=On", "fromat=x", "format=%", "format=%%", "format=%9999999Y"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, warnings, err := parseSettings("f", text)
		said := warnings
		if err != nil {
			said = append(said, err.Error())
		}
		for _, text := range said {
			if !quote.Harmless(text) {
				t.Errorf("it says %q", text)
			}
		}
		var bad *settingError
		if lines := strings.Count(string(text), "\n") + 1; errors.As(err, &bad) && (bad.line < 1 || bad.line > lines) {
			t.Errorf("line %d of %d", bad.line, lines)
		}
		if err != nil {
			return
		}
		if s.jobs < 0 || s.excludeLargerThan < 0 {
			t.Errorf("%+v", s)
		}
		for _, n := range s.excludeIfPresent {
			if n == "" || n != strings.TrimSpace(n) {
				t.Errorf("a name %q", n)
			}
		}
	})
}

// FuzzSize: a size is read and not negative; its tests agree with it.
func FuzzSize(f *testing.F) {
	for _, s := range []string{"0", "4096", "10K", "10kB", "1.5G", "1T", "", "K", "-1", "1e3", "1.2.3", "99999999P", "10KK", "+10K", "-1K", "+-1", "9223372036854775807", "9223372036854775808", "8388607T", "8192P"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := text.ParseSize(s)
		if err == nil && n < 0 || err != nil && !quote.Harmless(err.Error()) {
			t.Errorf("%q: %d, %v", s, n, err)
		}
		is, err2 := text.ParseSizeTest(s)
		if err2 != nil && !quote.Harmless(err2.Error()) {
			t.Errorf("%q: %v", s, err2)
		}
		if err == nil && (err2 != nil || !is(n) || is(n+1)) {
			t.Errorf("%q is %d, but as a test %v", s, n, err2)
		}
		if err2 == nil && (s[0] == '+' || s[0] == '-') {
			n, err := text.ParseSize(s[1:])
			if err != nil || is(n) || is(n+1) != (s[0] == '+') {
				t.Errorf("%q: %d, %v", s, n, err)
			}
		}
	})
}

// FuzzKnown: destinations.json is read, or refused; what was read is the same when it was written again.
func FuzzKnown(f *testing.F) {
	for _, s := range []string{
		"", "{", "null", "[]", "[{}]", `[{"path":"relative"}]`, `{"path":1}`, `[{"path":"/mnt/disk","id":"x","source":"/home","last":"2026-11-22T13:45:10Z","index":"fe00-1-2-3.4-5.6"}]`,
		`[{"path":"/a","last":"2026-11-22T13:45:10+01:00"},{"path":"/a"},null]`, `[{"path":"/\ud800"}]`, `[{"path":"/","last":"x"}]`, `[{"PATH":"/x","path":"/y"}]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := parseKnown(b)
		if err != nil {
			return
		}
		for i, k := range list {
			if !filepath.IsAbs(k.Path) {
				t.Errorf("the path %q", k.Path)
			}
			list[i].Last = k.Last.UTC()
		}
		again, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		back, err := parseKnown(again)
		for i := range back {
			back[i].Last = back[i].Last.UTC()
		}
		if err != nil || len(back) != len(list) || len(list) > 0 && !reflect.DeepEqual(back, list) {
			t.Errorf("%+v is %+v, %v", list, back, err)
		}
	})
}
