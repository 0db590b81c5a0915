package index

import (
	"errors"
	"math"
	"slices"
	"testing"

	"snap/record"
)

func FuzzSeqs(f *testing.F) {
	for _, s := range [][]uint64{{1}, {1, 2, 3}, {5, 300, 1 << 40}, {math.MaxUint64 - 1, math.MaxUint64}} {
		f.Add(appendSeqs(nil, s))
	}
	f.Add([]byte{})
	f.Add([]byte{1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		seqs, err := parseSeqs(b, nil)
		switch {
		case err != nil && !errors.Is(err, record.ErrDamaged):
			t.Errorf("error %v", err)
		case err != nil:
		case len(seqs) == 0 || seqs[0] == 0 || !slices.IsSorted(seqs) || len(slices.Compact(slices.Clone(seqs))) != len(seqs):
			t.Errorf("%v is not strictly increasing", seqs)
		default:
			again, err := parseSeqs(appendSeqs(nil, seqs), nil)
			if err != nil || !slices.Equal(again, seqs) {
				t.Errorf("packed again %v is %v, %v", seqs, again, err)
			}
		}
	})
}
