package text

import (
	"testing"

	"snap/internal/quote"
)

// FuzzSize: a size is read and not negative; its tests agree with it.
func FuzzSize(f *testing.F) {
	for _, s := range []string{"0", "4096", "10K", "10kB", "1.5G", "1T", "", "K", "-1", "1e3", "1.2.3", "99999999P",
		"10KK", "+10K", "-1K", "+-1", "9223372036854775807", "9223372036854775808", "8388607T", "8192P"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseSize(s)
		if err == nil && n < 0 || err != nil && !quote.Harmless(err.Error()) {
			t.Errorf("%q: %d, %v", s, n, err)
		}
		is, err2 := ParseSizeTest(s)
		if err2 != nil && !quote.Harmless(err2.Error()) {
			t.Errorf("%q: %v", s, err2)
		}
		if err == nil && (err2 != nil || !is(n) || is(n+1)) {
			t.Errorf("%q is %d, but as a test %v", s, n, err2)
		}
		if err2 == nil && (s[0] == '+' || s[0] == '-') {
			n, err := ParseSize(s[1:])
			if err != nil || is(n) || is(n+1) != (s[0] == '+') {
				t.Errorf("%q: %d, %v", s, n, err)
			}
		}
	})
}
