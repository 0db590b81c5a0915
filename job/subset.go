package job

import (
	"fmt"
	"strconv"
	"strings"

	"snap/cli/text"
	"snap/destination/check"
	"snap/internal/quote"
)

// ParseSubset reads 10%, 3/7 or 50G.
func ParseSubset(s string) (check.Subset, error) {
	bad := fmt.Errorf("%s is not a part: write it as 10%%, as 3/7 (the third of seven parts) or as a size like 50G",
		quote.Name(s))
	if digits, ok := strings.CutSuffix(s, "%"); ok {
		p, err := strconv.ParseFloat(digits, 64)
		if err != nil || strings.Trim(digits, "0123456789.") != "" {
			return check.Subset{}, bad
		}
		if p <= 0 || p > 100 {
			return check.Subset{}, fmt.Errorf("%s is not between 0%% and 100%%", quote.Name(s))
		}
		return check.Subset{Fraction: p / 100}, nil
	}
	if part, parts, ok := strings.Cut(s, "/"); ok {
		n, err1 := strconv.ParseUint(part, 10, 31)
		m, err2 := strconv.ParseUint(parts, 10, 31)
		if err1 != nil || err2 != nil {
			return check.Subset{}, bad
		}
		if n < 1 || n > m {
			return check.Subset{},
				fmt.Errorf("%s: parts are counted from 1/%d to %d/%d", quote.Name(s), max(m, 1), max(m, 1), max(m, 1))
		}
		return check.Subset{Part: int(n), Parts: int(m)}, nil
	}
	n, err := text.ParseAmount(s)
	if _, size := text.ParseSize(s); size == nil && err != nil {
		return check.Subset{}, fmt.Errorf("%w; or %s%%", err, s)
	}
	if err != nil || n <= 0 {
		return check.Subset{}, bad
	}
	return check.Subset{Bytes: n}, nil
}
