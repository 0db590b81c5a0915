package web

import "testing"

// TestAddressesOfNoPath: what no snapshot can hold is refused before anything is looked up.
func TestAddressesOfNoPath(t *testing.T) {
	for _, at := range []string{
		"..", "%2e%2e", "a/../b", "a/%2E%2E/b", ".", "a/./b", "a//b", "/a", "//", "a%2Fb", "%00", "a%00b", "%", "%zz", "a%2",
	} {
		if path, err := parsePath(at); err == nil {
			t.Errorf("%q is %q", at, path)
		}
	}
	for at, want := range map[string]string{"": "", "/": "", "a": "a", "a/": "a", "a/b%20c": "a/b c",
		"..a/%2E%2E%2E": "..a/..."} {
		if path, err := parsePath(at); err != nil || path != want {
			t.Errorf("%q is %q, %v", at, path, err)
		}
	}
}
