package text

import "testing"

func TestSizes(t *testing.T) {
	for in, want := range map[string]int64{
		"0": 0, "4096": 4096, "10K": 10240, "10k": 10240, "10KiB": 10240, "10kB": 10000, "1.5G": 3 << 29, "2M": 2 << 20,
		"1MB": 1000000, "7B": 7, "1T": 1 << 40,
		"": -1, "K": -1, "-1": -1, "1,5K": -1, "1e3": -1, "10 K": -1, "1.K": -1, ".5K": -1, "1.2.3": -1, "10X": -1,
		"99999999P": -1, "10KK": -1,
	} {
		got, err := ParseSize(in)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
	for _, c := range []struct {
		in   string
		size int64
		want bool
	}{{"+10K", 10241, true}, {"+10K", 10240, false}, {"-1K", 1023, true}, {"-1K", 1024, false}, {"5", 5, true},
		{"5", 6, false}} {
		is, err := ParseSizeTest(c.in)
		if err != nil || is(c.size) != c.want {
			t.Errorf("%s of %d: %v", c.in, c.size, err)
		}
	}
	for _, in := range []string{"", "+", "-", "+-1", "++1", "1+"} {
		if _, err := ParseSizeTest(in); err == nil {
			t.Errorf("%q is taken for a test of sizes", in)
		}
	}
}
