package report

import (
	"testing"

	"snap/destination/check"
)

func TestRangesText(t *testing.T) {
	for want, ranges := range map[string][]check.Range{
		"":                       nil,
		"a":                      {{First: "a", Last: "a", Count: 1}},
		"a, b":                   {{First: "a", Last: "b", Count: 2}},
		"a … c, e (4 snapshots)": {{First: "a", Last: "c", Count: 3}, {First: "e", Last: "e", Count: 1}},
	} {
		if got := rangesText(ranges); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
