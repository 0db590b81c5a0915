package chain

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Prefix is where the heads are.
const Prefix = "head/"

// Grace is how long a condemned object stays.
const Grace = 7 * 24 * time.Hour

// KeepHeads is how many of the newest heads are never removed.
const KeepHeads = 32

// Ref is a head as a listing shows it.
type Ref struct {
	Number   uint64
	Run      string    // of the run that made it, in its name where there are no create-only Puts; else ""
	Modified time.Time // by the store's clock; zero where it is not known
}

// Name is the object's name.
func (r Ref) Name() string {
	if r.Run == "" {
		return fmt.Sprintf("%s%010d", Prefix, r.Number)
	}
	return fmt.Sprintf("%s%010d-%s", Prefix, r.Number, r.Run)
}

// ParseName is the head of an object's name.
func ParseName(name string) (Ref, bool) {
	text, run, dash := strings.Cut(strings.TrimPrefix(name, Prefix), "-")
	n, err := strconv.ParseUint(text, 10, 64)
	r := Ref{Number: n, Run: run}
	return r, err == nil && n > 0 && dash == (run != "") && r.Name() == name
}

// Counts reports whether a counts before b: the higher number; of equals the one that was there first, which every
// later look sees; then the smaller run.
func Counts(a, b Ref) bool {
	if a.Number != b.Number {
		return a.Number > b.Number
	}
	if !a.Modified.Equal(b.Modified) {
		return a.Modified.Before(b.Modified)
	}
	return a.Run < b.Run
}

// Current is the head that counts of those that were seen; its Number is zero for none.
func Current(seen []Ref) (c Ref) {
	for i, r := range seen {
		if i == 0 || Counts(r, c) {
			c = r
		}
	}
	return c
}

// Above is the name that is to be read next, now that listings may be late: the number above the highest one seen.
// The first that is not there ends it. Where names have runs in them nobody can know the next name: "".
func Above(seen []Ref, createOnly bool) (Ref, bool) {
	if !createOnly {
		return Ref{}, false
	}
	return Ref{Number: Current(seen).Number + 1}, true
}

// Back reports whether the vault has gone back: the head that counts is lower than one that was seen here before. The
// store, or somebody with its keys, has taken heads away.
func Back(known, current Ref) bool { return current.Number < known.Number }
