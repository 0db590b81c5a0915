package index

import (
	"math"

	"snap/record"
)

// wide is an exact sum of sizes, for those of which a part is taken away again: one that was cut at Beyond would be
// too small afterwards.
type wide struct{ high, low int64 } // high counts in 4 GiB, low in bytes

func (w *wide) add(n int64) { w.high, w.low = w.high+n>>32, w.low+n&math.MaxUint32 }

func (w *wide) addAll(b wide) { w.high, w.low = w.high+b.high, w.low+b.low }

// bytes is the sum, of what cannot be below zero in all.
func (w *wide) bytes() int64 {
	high := w.high + w.low>>32
	if high > math.MaxInt32 {
		return record.Beyond
	}
	return high<<32 | w.low&math.MaxUint32
}

// wideAmount is an Amount from which some may be taken away.
type wideAmount struct {
	inodes int64
	bytes  wide
}

func (a *wideAmount) add(b Amount) {
	a.inodes += b.Inodes
	a.bytes.add(b.Bytes)
}

func (a *wideAmount) addAll(b wideAmount) {
	a.inodes += b.inodes
	a.bytes.addAll(b.bytes)
}

func (a *wideAmount) amount() Amount { return Amount{a.inodes, a.bytes.bytes()} }
