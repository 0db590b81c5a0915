package index

import (
	"encoding/json"
	"testing"
)

// TestNamesInPlace: names that a destination may have are read, those that lead elsewhere are not.
func TestNamesInPlace(t *testing.T) {
	for name, ok := range map[string]bool{"2026-01-01": true, `2026\01`: true, "a..b": true, "...": true, "..": false, ".": false, "../x": false, "a/b": false, "a\x00": false} {
		if h := (&Header{Name: name}); h.inPlace() != ok {
			t.Errorf("%q", name)
		}
		if h := (&Header{Name: "s", Work: name}); h.inPlace() != ok {
			t.Errorf("made in %q", name)
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
