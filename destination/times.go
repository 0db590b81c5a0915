package destination

import (
	"slices"

	"snap/internal/file"
)

// CloseEnough reports whether a file system may have stored want as got: exactly, cut to its coarser
// clock (100 ns on NTFS, 2 s at most, on FAT), or at the end of its range.
func CloseEnough(got, want file.Time) bool {
	if got.Sec == want.Sec {
		for _, tick := range clockTicks {
			if got.Nsec == want.Nsec/tick.nsec*tick.nsec {
				return true
			}
		}
	}
	if got.Nsec != 0 {
		return false
	}
	d := want.Sec - got.Sec
	return d >= -2 && d <= 2 || d > 0 && slices.Contains(lastSeconds[:], got.Sec) || d < 0 && got.Sec == -1<<31
}

// clockTicks are how fine file systems keep times below a second.
var clockTicks = [...]struct {
	nsec int32
	name string
}{{1, "1 ns"}, {100, "100 ns"}, {1000, "1 µs"}, {1e6, "1 ms"}, {10e6, "10 ms"}}

// lastSeconds are the ends of the ranges that file systems keep times in: 32 bits, ext4, XFS.
var lastSeconds = [...]int64{1<<31 - 1, 15032385535, 16299260424}
