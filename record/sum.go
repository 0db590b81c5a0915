package record

import "math"

// Beyond is what a sum of sizes is that 63 bits do not hold, 8 EiB and more. A sparse file may have a size of nearly
// that, and take no room.
const Beyond = math.MaxInt64

// Plus adds two numbers of bytes. A sum stays Beyond once it is.
func Plus(a, b int64) int64 {
	if b > Beyond-a {
		return Beyond
	}
	return a + b
}
