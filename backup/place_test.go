package backup

import (
	"testing"

	"snap/destination"
	"snap/internal/file"
)

// TestTimesAsKept: what file systems make of a time is taken for it, and no other time is.
func TestTimesAsKept(t *testing.T) {
	want := file.Time{Sec: 1000000001, Nsec: 123456789}
	far := file.Time{Sec: 32503680000, Nsec: 5} // in the year 3000
	for _, c := range []struct {
		what      string
		got, want file.Time
		is        bool
	}{
		{"the same", want, want, true},
		{"NTFS", file.Time{Sec: want.Sec, Nsec: 123456700}, want, true},
		{"microseconds", file.Time{Sec: want.Sec, Nsec: 123456000}, want, true},
		{"exFAT", file.Time{Sec: want.Sec, Nsec: 120000000}, want, true},
		{"whole seconds", file.Time{Sec: want.Sec}, want, true},
		{"FAT", file.Time{Sec: want.Sec - 1}, want, true},
		{"a little later", file.Time{Sec: want.Sec, Nsec: 123456790}, want, false},
		{"another tick", file.Time{Sec: want.Sec, Nsec: 123456600}, want, false},
		{"another second", file.Time{Sec: want.Sec + 1, Nsec: 123456789}, want, false},
		{"three seconds off", file.Time{Sec: want.Sec - 3}, want, false},
		{"32 bits", file.Time{Sec: 1<<31 - 1}, far, true},
		{"the end of ext4", file.Time{Sec: 15032385535}, far, true},
		{"the end of XFS", file.Time{Sec: 16299260424}, far, true},
		{"no end at all", file.Time{Sec: 16299260425}, far, false},
		{"not so far", file.Time{Sec: 15032385535}, file.Time{Sec: 1}, false},
		{"before 1901", file.Time{Sec: -1 << 31}, file.Time{Sec: -1 << 40}, true},
	} {
		if destination.CloseEnough(c.got, c.want) != c.is {
			t.Errorf("%s: %v kept of %v", c.what, c.got, c.want)
		}
	}
	for name, got := range map[string]file.Time{"1 ns": want, "100 ns": {Sec: want.Sec, Nsec: 123456700},
		"1 s": {Sec: want.Sec}, "2 s": {Sec: want.Sec - 1}} {
		if got := destination.Timestamps(got, want); got != name {
			t.Errorf("%s: %s", name, got)
		}
	}
}
