// Package long says how much work the tests do. Plain `go test` runs their quick form, a few minutes for all
// packages. With SNAP_LONG=1, which .ci/run sets, laws are checked more often and sweeps try every point. Only
// tests import it.
package long

import (
	"flag"
	"math/rand/v2"
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

// Random is a source of randomness for a test: from the seed RAPID_SEED as rapid has it, which is logged, else another
// one each time.
func Random(t *testing.T) *rand.Rand {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv("RAPID_SEED"), 10, 64)
	if err != nil || seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("RAPID_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
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
