package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
)

// TestNamesInPlace: names that a snapshot may have are read, those that lead elsewhere are not, wherever a header
// stands.
func TestNamesInPlace(t *testing.T) {
	for name, ok := range map[string]bool{
		"2026-01-01": true, `2026\01`: true, "a..b": true, "Grüße": true, "latest-2": true,
		"": false, "..": false, ".": false, "...": false, "../x": false, "a/b": false, "a\x00": false, ".snap": false,
		"latest": false,
		"Latest": false, "oldest": false, "BackupOptions.txt": false, "blacklist.txt": false, "Whitelist.txt": false,
		"a\nb": true, "\xff": true,
	} {
		h := Header{Seq: 1, Name: name}
		inPlace := func(where string, err error) {
			if (err == nil) != ok || err != nil && !errors.Is(err, ErrDamaged) {
				t.Errorf("%s: %q: %v", where, name, err)
			}
		}
		inPlace("a header", h.CheckNames())
		for where, heads := range map[string][2]*Header{"the front of a change set": {&h, {Name: "s"}},
			"the end of a change set": {{Name: "s"}, &h}} {
			var set bytes.Buffer
			w, err := NewChangeWriter(&set, heads[0])
			if err == nil {
				err = w.End(heads[1])
			}
			if err != nil {
				t.Fatal(err)
			}
			c, err := NewChangeReader(&set)
			if err == nil {
				for _, err = range c.All() {
				}
			}
			inPlace(where, err)
		}
	}
	for work, ok := range map[string]bool{"": true, "k3J": true, "..": false, ".": false, "../x": false, "a/b": false,
		"a\x00": false} {
		if err := (&Header{Name: "s", Work: work}).CheckNames(); (err == nil) != ok {
			t.Errorf("made in %q: %v", work, err)
		}
	}
}

// TestSourceOfAnyBytes: the path of a source need not be UTF-8.
func TestSourceOfAnyBytes(t *testing.T) {
	for _, source := range []string{"/home", "/\xfe/\xff", "", "/\ufffd"} {
		b, err := json.Marshal(&Header{Name: "s", Seq: 3, Source: source})
		if err != nil {
			t.Fatal(err)
		}
		h := Header{Source: "/before"}
		if err := json.Unmarshal(b, &h); err != nil || h.Source != source || h.Seq != 3 {
			t.Errorf("%q: %q %v", source, h.Source, err)
		}
	}
}
