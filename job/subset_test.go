package job

import (
	"testing"

	"snap/destination/check"
)

func TestSubset(t *testing.T) {
	for text, want := range map[string]check.Subset{
		"10%": {Fraction: 0.1}, "0.5%": {Fraction: 0.005}, "100%": {Fraction: 1}, "3/7": {Part: 3, Parts: 7},
		"1/1": {Part: 1, Parts: 1},
		"50G": {Bytes: 50 << 30}, "100MB": {Bytes: 100e6}, "4096B": {Bytes: 4096}, "4194304": {Bytes: 4 << 20},
	} {
		if got, err := ParseSubset(text); err != nil || got != want {
			t.Errorf("%q: %+v %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "%", "0%", "101%", "-1%", "1e1%", "NaN%", "inf%", "0/7", "8/7", "/7", "3/", "3/7/9",
		"-1/7", "1/0", "0", "50", "4096", "-5G", "10 %", "ten", "99999999999/99999999999"} {
		if got, err := ParseSubset(text); err == nil {
			t.Errorf("%q is taken as %+v", text, got)
		}
	}
}
