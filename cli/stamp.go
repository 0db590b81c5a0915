package cli

import (
	"time"

	"snap/internal/file"
)

// stamp is a time as JSON holds it: RFC 3339 with nanoseconds, in UTC; null if it was never set. Unlike
// time.Time it does not fail for years that a damaged file may carry.
type stamp time.Time

func (s stamp) MarshalJSON() ([]byte, error) {
	t := time.Time(s)
	if t.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + t.UTC().Format(time.RFC3339Nano) + `"`), nil
}

// mtime is a file's time as JSON holds it.
func mtime(t file.Time) stamp { return stamp(t.Time()) }
