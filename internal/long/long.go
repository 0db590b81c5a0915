// Package long says how much work the tests do. Plain `go test` runs their quick form, a few minutes for all
// packages. With SNAP_LONG=1, which .ci/run sets, laws are checked more often and sweeps try every point. Only
// tests import it.
package long

import (
	"flag"
	"os"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// Form reports whether the long form is wanted.
func Form() bool {
	return os.Getenv("SNAP_LONG") != ""
}

// Of is how many times a test does something: quick, or full in the long form; a fifth of quick with -short.
func Of(quick, full int) int {
	switch {
	case Form():
		return full
	case testing.Short():
		return max(1, quick/5)
	}
	return quick
}

// Check is rapid.Check with quick checks, in the long form with those that rapid makes by itself, 100. A number
// that was asked for by -rapid.checks or RAPID_CHECKS stays. rapid makes a fifth of them with -short.
func Check(t *testing.T, quick int, law func(*rapid.T)) {
	t.Helper()
	if checks := flag.Lookup("rapid.checks"); !Form() && checks.Value.String() == "100" {
		if err := checks.Value.Set(strconv.Itoa(quick)); err != nil {
			t.Fatal(err)
		}
		defer checks.Value.Set("100")
	}
	rapid.Check(t, law)
}
