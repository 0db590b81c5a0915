package text

import (
	"testing"
	"time"
)

func TestAbout(t *testing.T) {
	const day = 24 * time.Hour
	for want, d := range map[string]time.Duration{
		"0s": -5, "1s": time.Second, "54s": 54 * time.Second, "1min": 56 * time.Second, "54min": 54 * time.Minute,
		"1h":  57 * time.Minute,
		"21h": 21 * time.Hour, "1d": 23*time.Hour + 58*time.Minute, "27h": 27 * time.Hour, "36h": 36 * time.Hour,
		"2d":  48*time.Hour - 9*time.Minute,
		"14d": 14 * day, "59d": 59 * day, "2mo": 61 * day, "23mo": 710 * day, "2y": 740 * day, "9y": 3300 * day,
	} {
		if got := About(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
