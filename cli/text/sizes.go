package text

import (
	"fmt"
	"math"
	"strings"

	"github.com/dustin/go-humanize"

	"snap/internal/quote"
)

// ParseSize reads a number of bytes: 4096, 10K, 10KiB, 1.5G. A letter alone counts in 1024s, as find
// and du do; kB, MB, GB count in 1000s.
func ParseSize(s string) (int64, error) {
	bad := fmt.Errorf("%s is not a size: write it as 4096, 10K, 1.5G or 100MB", quote.Name(s))
	digits := len(s) - len(strings.TrimLeft(s, "0123456789."))
	unit := strings.ToUpper(s[digits:])
	if digits == 0 || s[0] == '.' || s[digits-1] == '.' || strings.Count(s[:digits], ".") > 1 {
		return 0, bad
	}
	switch unit {
	case "K", "M", "G", "T", "P", "E":
		unit += "IB"
	case "", "B", "KB", "MB", "GB", "TB", "PB", "EB", "KIB", "MIB", "GIB", "TIB", "PIB", "EIB":
	default:
		return 0, bad
	}
	n, err := humanize.ParseBytes(s[:digits] + unit)
	if err != nil || n > math.MaxInt64 {
		return 0, bad
	}
	return int64(n), nil
}

// ParseAmount reads a size that something is done by: how much is to be free, what is left out. A number below 1 MiB
// without a unit is most likely a unit forgotten.
func ParseAmount(s string) (int64, error) {
	s = JoinUnit(s)
	n, err := ParseSize(s)
	if bare := strings.Trim(s, "0123456789.") == ""; err == nil && bare && n < 1<<20 && strings.Trim(s, "0.") != "" {
		return 0, fmt.Errorf("%s would be bytes: write it with its unit, as %sM or %sG, or as %sB if it is bytes", s, s, s, s)
	}
	return n, err
}

// JoinUnit is a number and its unit without the blanks that somebody typed between them.
func JoinUnit(s string) string {
	rest := strings.TrimLeft(s, "0123456789.")
	unit := strings.TrimLeft(rest, " ")
	if unit == "" || strings.ContainsAny(unit[:1], "0123456789.") {
		return s
	}
	return s[:len(s)-len(rest)] + unit
}

// ParseSizeTest reads +10M (more than), -1K (less than) or 4096 (exactly).
func ParseSizeTest(s string) (func(size int64) bool, error) {
	n, err := ParseSize(strings.TrimLeft(s, "+-"))
	switch {
	case err != nil || len(s)-len(strings.TrimLeft(s, "+-")) > 1:
		return nil, fmt.Errorf("%s is not a test of sizes: write +10M for more than, -1K for less than", quote.Name(s))
	case s[0] == '+':
		return func(size int64) bool { return size > n }, nil
	case s[0] == '-':
		return func(size int64) bool { return size < n }, nil
	}
	return func(size int64) bool { return size == n }, nil
}
