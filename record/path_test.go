package record

import (
	"strings"
	"testing"
)

func TestWithin(t *testing.T) {
	for _, c := range []struct {
		path, dir string
		want      bool
	}{
		{"", "", true}, {"a", "", true}, {"a", "a", true}, {"a/b", "a", true}, {"ab", "a", false},
		{"a-b", "a", false}, {"a", "a/b", false}, {"", "a", false}, {"b/a", "a", false},
	} {
		if Within(c.path, c.dir) != c.want {
			t.Errorf("Within(%q, %q) is %v", c.path, c.dir, !c.want)
		}
	}
}

func TestValidPath(t *testing.T) {
	long := strings.Repeat("n", 255)
	for path, want := range map[string]bool{
		"": true, "a": true, "a/b": true, "...": true, ".a": true, "a.": true, " ": true, "\n": true, "\xff\x01": true,
		"a\\b": true,
		long:   true, long + "/" + long: true,
		"/": false, "/a": false, "a/": false, "a//b": false, ".": false, "..": false, "a/.": false, "../a": false,
		"a/../b": false, "a\x00b": false, "\x00": false, long + "n": false, "a/" + long + "n": false,
		strings.Repeat("d/", MaxPath/2): false, strings.Repeat("d/", MaxPath/2-1) + "ee": true,
		strings.Repeat("d/", MaxPath/2) + "e": false,
	} {
		if ValidPath(path) != want {
			t.Errorf("ValidPath(%.40q), %d bytes, is %v", path, len(path), !want)
		}
	}
}
